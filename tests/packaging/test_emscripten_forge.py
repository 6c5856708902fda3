"""The environment of a JupyterLite site is whole: pip brings no requirements there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from support.forge.packages import CONDA

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
def by_pip(environment: dict[str, Any]) -> dict[str, Requirement]:
    """The packages in pure Python of PyPI; options of pip are not packages."""
    (listed,) = (d["pip"] for d in environment["dependencies"] if isinstance(d, dict))
    return named(text for text in listed if not text.startswith("-"))


@pytest.fixture(scope="module")
def by_conda(environment: dict[str, Any]) -> dict[str, Requirement]:
    return named(text for text in environment["dependencies"] if isinstance(text, str))


@pytest.fixture(scope="module")
def listed(
    by_pip: dict[str, Requirement], by_conda: dict[str, Requirement]
) -> dict[str, Requirement]:
    return by_conda | by_pip


@pytest.fixture(scope="module")
def needed(
    by_pip: dict[str, Requirement], listed: dict[str, Requirement]
) -> list[tuple[str, Requirement]]:
    """What the packages that pip installs require in a page, each with who does.

    Ours leave out what a page may lack; where it is listed, it has the same bounds.
    """
    return [
        (package, requirement)
        for package in by_pip
        for requirement in required(package)
        if requirement.marker is None
        or requirement.marker.evaluate(PLATFORM)
        or (package in OURS and canonicalize_name(requirement.name) in listed)
    ]


def named(texts: Iterable[str]) -> dict[str, Requirement]:
    return {canonicalize_name(r.name): r for r in map(Requirement, texts)}


def test_the_forge_comes_before_conda_forge(environment: dict[str, Any]) -> None:
    """Of a package that is in both, the one for browsers is taken."""
    assert environment["channels"] == [
        "https://prefix.dev/emscripten-forge-4x",
        "https://prefix.dev/conda-forge",
    ]


def test_it_has_all_packages_of_ours(by_pip: dict[str, Requirement]) -> None:
    assert set(OURS) <= set(by_pip)


def test_pip_takes_what_is_in_pure_python(
    environment: dict[str, Any], by_pip: dict[str, Requirement]
) -> None:
    (listed,) = (d["pip"] for d in environment["dependencies"] if isinstance(d, dict))

    assert "--platform=any" in listed
    for name in set(by_pip) - {"psygnal"}:  # which is compiled for some machines
        wheel = distribution(name).read_text("WHEEL")
        assert wheel is not None
        assert re.findall("^Tag: (.*)$", wheel, re.MULTILINE) == ["py3-none-any"]


def test_whatever_that_needs_is_there(
    listed: dict[str, Requirement], needed: list[tuple[str, Requirement]]
) -> None:
    # They bring what only a server has.
    served = {"jupyterlab-widgets", "widgetsnbextension"}
    names = {canonicalize_name(requirement.name) for _, requirement in needed}

    assert names - set(listed) - served == set()
    assert "xeus-python" in listed


def test_what_sigima_requires_is_inside_its_bounds(
    listed: dict[str, Requirement], needed: list[tuple[str, Requirement]]
) -> None:
    """No solver compares them: pip installs the packages without requirements."""
    outside = [
        f"{package} needs {requirement}, the environment has {found}"
        for package, requirement in needed
        if (found := listed.get(canonicalize_name(requirement.name)))
        and requirement.name not in OURS
        and not is_inside(found.specifier, requirement.specifier)
    ]

    assert outside == []


def is_inside(inner: SpecifierSet, outer: SpecifierSet) -> bool:
    """Return whether each version that `inner` allows is allowed by `outer`.

    Both are made of ``>=``, ``<``, ``!=``, and ``<=`` of a version that is excluded.
    """
    lowest = [Version(s.version) for s in inner if s.operator == ">="]
    ends = [Version(s.version) for s in inner if s.operator == "<"]
    for bound in outer:
        version = Version(bound.version)
        if bound.operator == ">=":
            if not lowest or max(lowest) < version:
                return False
        elif bound.operator == "<":
            if not ends or min(ends) > version:
                return False
        else:
            pytest.fail(f"unexpected bound: {bound}")
    return True


@pytest.mark.parametrize(
    ("inner", "outer", "expected"),
    [
        (">=1.24,<2.5", ">=1.22,<2.5", True),
        (">=1.2,<2.5", ">=1.22,<2.5", False),
        (">=1.24", ">=1.22,<2.5", False),
        ("<2.5", ">=1.22", False),
        (">=1.24,<2.6", "<2.5", False),
        (">=1", "", True),
    ],
)
def test_bounds_are_compared(inner: str, outer: str, expected: bool) -> None:
    assert is_inside(SpecifierSet(inner), SpecifierSet(outer)) is expected


def test_the_simulated_packages_are_those_of_the_environment(
    by_conda: dict[str, Requirement],
) -> None:
    """What `test_simulated_forge` runs has the bounds that the environment has."""
    lines = CONDA.read_text("utf-8").splitlines()
    pinned = named(line for line in lines if line and not line.startswith("#"))
    compiled_by_the_forge = {"xeus-python"}

    assert set(by_conda) - set(pinned) == compiled_by_the_forge
    for name in set(by_conda) & set(pinned):
        (pin,) = pinned[name].specifier
        assert pin.version in by_conda[name].specifier, name


def test_the_documentation_names_this_file() -> None:
    page = (ROOT / "docs" / "jupyterlite.md").read_text("utf-8")

    assert "recipes/emscripten-forge/environment.yml" in page
    assert "recipes/emscripten-forge/empack_config.yaml" in page
