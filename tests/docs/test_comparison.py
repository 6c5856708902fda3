"""The programs that are compared find what the page says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support import compared
from support.compared import PAGE, SCRIPTS

REQUIREMENTS = Path(compared.__file__).parent


def run(python: str | Path, script: str, folder: Path) -> None:
    """Run a script of the comparison in a folder with the files of the task."""
    compared.measurement(folder)
    done = subprocess.run(
        [python, SCRIPTS / f"{script}.py"],
        cwd=folder,
        env={**os.environ, "DATALAB_KERNEL_MODE": "standalone"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_page_shows_each_script_and_its_results() -> None:
    text = PAGE.read_text("utf-8")
    scripts = {path.stem for path in SCRIPTS.glob("*.py")} - {"measurement"}
    assert compared.stated().keys() == scripts
    assert all(f"literalinclude}} comparison/{name}.py" in text for name in scripts)


def test_the_truth_is_what_the_page_says(tmp_path: Path) -> None:
    compared.measurement(tmp_path)
    truth = json.loads((tmp_path / "truth.json").read_text("utf-8"))
    row = (
        f"| truth | {len(truth['centres'])} | | {truth['diameter']:.3f} "
        f"| {truth['position']:.4f} | {truth['fwhm']:.4f} |"
    )
    assert row in PAGE.read_text("utf-8")


@pytest.mark.parametrize(
    "script",
    ["with_workspace", pytest.param("with_hyperspy", marks=pytest.mark.slow)],
)
def test_a_program_of_this_environment_finds_what_the_page_says(
    script: str, tmp_path: Path
) -> None:
    run(sys.executable, script, tmp_path)
    assert compared.outcome(tmp_path).rounded() == compared.stated()[script]


@pytest.mark.slow
@pytest.mark.parametrize("program", ["napari", "glue"])
def test_another_program_finds_what_the_page_says(
    program: str, python_of: Callable[..., Path], tmp_path: Path
) -> None:
    python = python_of(REQUIREMENTS / f"{program}.txt")
    run(python, f"with_{program}", tmp_path)
    assert compared.outcome(tmp_path).rounded() == compared.stated()[f"with_{program}"]
