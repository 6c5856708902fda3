"""The workflows are valid, and do what the packages promise."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from check_jsonschema import main
from click.testing import CliRunner

from support.artefacts import PACKAGES, ROOT, pyproject
from support.chromium import PROGRAMS

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTION = re.compile(r"uses: (.+)")
#: A commit that was verified in a copy of the action's repository, with its release; or
#: a major version, if no commit could be verified.
PINNED = re.compile(
    r"\./\S+"
    r"|[\w.-]+/[\w.-]+@([0-9a-f]{40} # v\d+\.\d+\.\d+|(release/)?v\d+)"
)
FORMS = {
    "dependabot.yml": "vendor.dependabot",
    "ISSUE_TEMPLATE/config.yml": "vendor.github-issue-config",
    "ISSUE_TEMPLATE/bug_report.yml": "vendor.github-issue-forms",
    "ISSUE_TEMPLATE/feature_request.yml": "vendor.github-issue-forms",
}


def check_schema(schema: str, *files: Path) -> None:
    # In this process: the import takes nearly all of the time.
    check = CliRunner().invoke(main, ["--builtin-schema", schema, *map(str, files)])

    assert check.exit_code == 0, check.output


def test_they_fit_the_schema() -> None:
    check_schema("vendor.github-workflows", *WORKFLOWS)


@pytest.mark.parametrize(("name", "schema"), FORMS.items())
def test_the_other_files_of_github_fit_theirs(name: str, schema: str) -> None:
    check_schema(schema, ROOT / ".github" / name)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned(workflow: Path) -> None:
    actions = ACTION.findall(workflow.read_text("utf-8"))

    assert actions
    assert [action for action in actions if not PINNED.fullmatch(action)] == []


def test_an_action_has_one_version_in_all_workflows() -> None:
    texts = [workflow.read_text("utf-8") for workflow in WORKFLOWS]
    versions: dict[str, set[str]] = {}
    for action in ACTION.findall("\n".join(texts)):
        name, _, version = action.partition("@")
        versions.setdefault(name, set()).add(version)

    assert {name: v for name, v in versions.items() if len(v) > 1} == {}


@pytest.mark.parametrize("name", PACKAGES)
def test_each_python_that_a_package_names_is_tested(name: str) -> None:
    classifiers = " ".join(pyproject(name)["project"]["classifiers"])
    text = (ROOT / ".github" / "workflows" / "tests.yml").read_text("utf-8")
    (tested,) = re.findall(r"python: (\[.*3\.13.*\])", text)

    assert re.findall(r"3\.\d+", tested) == re.findall(r"3\.\d+", classifiers)


# -- .ci/run --------------------------------------------------------------------------

BROWSERS = PROGRAMS.read_text("utf-8").split()
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="installs with apt-get")
TOOLS = ("bash", "dirname", "env", "grep", "head", "sed")
README = "```sh\necho first\necho second\n```\n"


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone on a machine whose programs are few, and whose installer only speaks."""
    clone, programs = tmp_path / "clone", tmp_path / "bin"
    shutil.copytree(ROOT / ".ci", clone / ".ci")
    (clone / "README.md").write_text(README)
    programs.mkdir()
    for tool in TOOLS:
        (programs / tool).symlink_to(shutil.which(tool))
    write_program(programs / "id", "echo 0")
    write_program(programs / "apt-get", 'echo "$@" >> apt.log')
    monkeypatch.setenv("PATH", str(programs))
    return clone


def write_program(path: Path, line: str) -> None:
    path.write_text(f"#!{shutil.which('bash')}\n{line}\n")
    path.chmod(0o755)


@ON_LINUX
@pytest.mark.parametrize("browser", [None, *BROWSERS])
def test_a_machine_with_a_browser_is_given_no_other(
    clone: Path, browser: str | None
) -> None:
    """Ubuntu's CI machines have Chrome; a package of Chromium exists on Debian only."""
    if browser is not None:
        write_program(clone.parent / "bin" / browser, "")

    run = subprocess.run([clone / ".ci" / "run"], capture_output=True, text=True)

    assert run.returncode == 0, run.stderr
    assert run.stdout == "first\nsecond\n"
    assert len(re.findall(r"\(\d+ s\)", run.stderr)) == 4
    update, install = (clone / "apt.log").read_text().splitlines()
    assert update == "update -qq"
    wanted = set((ROOT / ".ci" / "apt.txt").read_text().split())
    assert wanted - {*install.split()} == (set() if browser is None else {"chromium"})
