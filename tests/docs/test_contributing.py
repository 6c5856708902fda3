"""The pages for contributors name commands, files and links that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / ".github").glob("*.md"))
CONTRIBUTING = (ROOT / ".github" / "CONTRIBUTING.md").read_text("utf-8")
LINK = re.compile(r"\]\((?!https://)([^)#\s]+)")
HATCH = re.compile(r"hatch run ([\w-]+)")
TESTS = re.compile(r"tests/[\w/]+(?:\.py)?")
HOOKS = ROOT / ".pre-commit-config.yaml"


def scripts() -> set[str]:
    """Return the names that follow `hatch run`."""
    content = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    environments = content["tool"]["hatch"]["envs"]
    return {
        script
        for environment in environments.values()
        for script in environment.get("scripts", ())
    } | environments.keys()


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_links_lead_to_files(page: Path) -> None:
    links = LINK.findall(page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_commands_exist() -> None:
    named = {*HATCH.findall(CONTRIBUTING)} - {"python"}
    assert named
    assert named - scripts() == set()


def test_the_tests_that_are_named_exist() -> None:
    named = TESTS.findall(CONTRIBUTING)
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_hooks_are_local() -> None:
    repositories = yaml.safe_load(HOOKS.read_text("utf-8"))["repos"]
    assert [repository["repo"] for repository in repositories] == ["local"]
    for hook in repositories[0]["hooks"]:
        assert hook["language"] == "system"
        assert hook["entry"].startswith("hatch run ")
