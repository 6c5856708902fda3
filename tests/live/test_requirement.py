"""Without what the window needs, tests are skipped and say why; in CI they fail."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.environments import InstallationError, place
from support.real_datalab.environment import REQUIREMENTS, missing_library

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the packages are Debian's")

Requirement = Callable[[object, str], None]

HARNESS = Path(__file__).with_name("test_harness.py")
LOADER = "ImportError: libEGL.so.1: cannot open shared object file: No such file"
QT = 'Could not load the Qt platform plugin "offscreen" even though it was found.'


@pytest.fixture
def python(tmp_path: Path) -> Callable[[str], Path]:
    """Make an interpreter that says something, and fails."""

    def make(said: str) -> Path:
        python = place(REQUIREMENTS, tmp_path / "datalab-kernel") / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.write_text(f"#!/bin/sh\necho '{said}' >&2\nexit 1\n")
        python.chmod(0o755)
        return python

    return make


@pytest.mark.parametrize("said", [LOADER, QT])
def test_a_missing_library_is_told_from_other_failures(
    python: Callable[[str], Path], said: str
) -> None:
    assert missing_library(python(said)) == said


def test_any_other_failure_is_an_error(python: Callable[[str], Path]) -> None:
    with pytest.raises(InstallationError, match="no module named PyQt5"):
        missing_library(python("no module named PyQt5"))


@pytest.mark.parametrize("ci", [None, "", "0", "false", "no", "off"])
def test_what_cannot_run_is_skipped_on_a_users_machine(
    requirement: Requirement, monkeypatch: pytest.MonkeyPatch, ci: str | None
) -> None:
    monkeypatch.delenv("CI", raising=False)
    if ci is not None:
        monkeypatch.setenv("CI", ci)

    requirement("met", "not met")
    with pytest.raises(pytest.skip.Exception, match="needs a window"):
        requirement(None, "needs a window")


@pytest.mark.parametrize("ci", ["1", "true", "yes"])
def test_what_cannot_run_fails_in_ci(
    requirement: Requirement, monkeypatch: pytest.MonkeyPatch, ci: str
) -> None:
    monkeypatch.setenv("CI", ci)

    requirement("met", "not met")
    with pytest.raises(pytest.fail.Exception, match="under CI: needs a window"):
        requirement(None, "needs a window")


def test_the_hint_names_every_package(system_packages_hint: str) -> None:
    packages = (Path(__file__).parents[2] / ".ci" / "apt.txt").read_text().split()

    assert "libegl1" in packages
    assert system_packages_hint.endswith("apt-get install " + " ".join(packages))


@pytest.mark.parametrize(
    ("ci", "code", "outcome"), [("", 0, "1 skipped"), ("1", 1, "1 error")]
)
def test_a_machine_without_the_packages_is_told_which(
    python: Callable[[str], Path],
    tmp_path: Path,
    system_packages_hint: str,
    ci: str,
    code: int,
    outcome: str,
) -> None:
    """As a user sees it, or CI."""
    python(LOADER)
    test = f"{HARNESS}::test_what_datalab_cannot_draw_is_told_apart"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", test]

    run = subprocess.run(
        [*command, "--rootdir", HARNESS.parents[2], "--basetemp", tmp_path / "inner"],
        env={**os.environ, "CI": ci, "XDG_CACHE_HOME": str(tmp_path), "COLUMNS": "999"},
        capture_output=True,
        text=True,
        cwd=HARNESS.parents[2],
    )

    assert run.returncode == code, run.stdout
    assert outcome in run.stdout
    assert f"{system_packages_hint} ({LOADER})" in run.stdout
