"""The environment of a JupyterLite site is whole: pip brings no requirements there."""

from __future__ import annotations

import re
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
ENVIRONMENT = ROOT / "recipes" / "emscripten-forge" / "environment.yml"
OURS = ("datalab-workspace-api", "datalab-kernel-core", "datalab-kernel")
PLATFORM = {
    "sys_platform": "emscripten",
    "platform_system": "Emscripten",
    "python_version": "3.13",
    "extra": "",
}


def required(package: str) -> list[Requirement]:
    if package in OURS:  # as it is now, not as it was when it was installed
        project = (ROOT / "packages" / package / "pyproject.toml").read_text("utf-8")
        return [*map(Requirement, tomllib.loads(project)["project"]["dependencies"])]
    listed = distribution(package).metadata.get_all("Requires-Dist") or []
    return [*map(Requirement, listed)]


@pytest.fixture(scope="module")
def environment() -> dict[str, Any]:
    return yaml.safe_load(ENVIRONMENT.read_text("utf-8"))


@pytest.fixture(scope="module")
def by_pip(environment: dict[str, Any]) -> list[Requirement]:
    (pip,) = (d["pip"] for d in environment["dependencies"] if isinstance(d, dict))
    return [Requirement(text) for text in pip]


@pytest.fixture(scope="module")
def by_conda(environment: dict[str, Any]) -> set[str]:
    return {name for name in environment["dependencies"] if isinstance(name, str)}


def test_the_forge_comes_before_conda_forge(environment: dict[str, Any]) -> None:
    """Of a package that is in both, the one for browsers is taken."""
    assert environment["channels"] == [
        "https://prefix.dev/emscripten-forge-4x",
        "https://prefix.dev/conda-forge",
    ]


def test_it_has_all_packages_of_ours(by_pip: list[Requirement]) -> None:
    assert set(OURS) <= {requirement.name for requirement in by_pip}


def test_what_pip_brings_is_python_alone(by_pip: list[Requirement]) -> None:
    for requirement in by_pip:
        wheel = distribution(requirement.name).read_text("WHEEL")
        assert wheel is not None
        assert re.findall("^Tag: (.*)$", wheel, re.MULTILINE) == ["py3-none-any"]


def test_whatever_that_needs_is_there(
    by_pip: list[Requirement], by_conda: set[str]
) -> None:
    listed = {r.name.lower() for r in by_pip} | by_conda
    needed = {
        requirement.name.lower()
        for package in by_pip
        for requirement in required(package.name)
        if requirement.marker is None or requirement.marker.evaluate(PLATFORM)
    }

    assert needed - {name.replace("_", "-") for name in listed} == set()
    assert "xeus-python" in listed


def test_the_readme_shows_this_very_file() -> None:
    assert ENVIRONMENT.read_text("utf-8") in (ROOT / "README.md").read_text("utf-8")
