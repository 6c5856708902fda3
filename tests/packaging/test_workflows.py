"""The workflows are valid, and do what the packages promise."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from support.artefacts import PACKAGES, ROOT, pyproject

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTION = re.compile(r"uses: (\S+)")
MAJOR = re.compile(r"\./\S+|[\w.-]+/[\w.-]+@(release/)?v\d+")


def test_they_fit_the_schema() -> None:
    command = [sys.executable, "-m", "check_jsonschema"]
    command += ["--builtin-schema", "vendor.github-workflows", *map(str, WORKFLOWS)]
    check = subprocess.run(command, capture_output=True, text=True)

    assert check.returncode == 0, check.stdout


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_by_their_major_version(workflow) -> None:
    actions = ACTION.findall(workflow.read_text("utf-8"))

    assert actions
    assert [action for action in actions if not MAJOR.fullmatch(action)] == []


@pytest.mark.parametrize("name", PACKAGES)
def test_each_python_that_a_package_names_is_tested(name: str) -> None:
    classifiers = " ".join(pyproject(name)["project"]["classifiers"])
    text = (ROOT / ".github" / "workflows" / "tests.yml").read_text("utf-8")
    (tested,) = re.findall(r"python: (\[.*3\.13.*\])", text)

    assert re.findall(r"3\.\d+", tested) == re.findall(r"3\.\d+", classifiers)
