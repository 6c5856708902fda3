"""What the READMEs show is what happens."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from support import documentation
from support.documentation import FENCE, ROOT

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

READMES = [ROOT / "README.md", *sorted(ROOT.glob("packages/*/README.md"))]


class Block(NamedTuple):
    """A fenced block of a README."""

    readme: Path
    language: str
    text: str


BLOCKS = [
    Block(path, language, text)
    for path in READMES
    for language, text in FENCE.findall(path.read_text("utf-8"))
]
PYTHON = [block for block in BLOCKS if block.language == "python"]
COMMANDS = [
    line
    for block in BLOCKS
    if (block.readme, block.language) == (READMES[0], "sh")
    for line in block.text.splitlines()
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with what the examples start from: a project."""
    documentation.fill(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(block, id=f"{block.readme.parent.name}-{number}")
        for number, block in enumerate(PYTHON)
    ],
)
def test_each_example_runs(block: Block, folder: Path) -> None:
    """In a script if it imports what it uses, else as in a notebook."""
    script = folder / "example.ipy"
    script.write_text(block.text, encoding="utf-8")
    start = [] if "import " in block.text else ["--ext=datalab_kernel"]
    if start:
        script.write_text("workspace.load('analysis.h5')\n" + block.text, "utf-8")

    run = subprocess.run(
        [sys.executable, "-m", "IPython", "--colors=nocolor", *start, str(script)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (run.returncode, run.stderr) == (0, ""), run.stdout
    assert "Traceback" not in run.stdout


def test_the_commands_for_files_run_as_they_are_shown(folder: Path) -> None:
    commands = [c for c in COMMANDS if "-m datalab_workspace " in c]
    assert len(commands) == 5
    for command in commands:
        run = subprocess.run(
            [sys.executable, *command.split()[1:]],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (run.returncode, run.stderr) == (0, "")
        assert run.stdout


def test_the_two_commands_are_one_line_each_and_start_from_nothing() -> None:
    setup = "python3 -m venv .venv && .venv/bin/python -m pip install -q hatch"

    assert COMMANDS[:2] == [
        f"{setup} && .venv/bin/hatch run quickstart",
        f"{setup} && .venv/bin/hatch run test",
    ]


def test_every_hatch_command_that_is_shown_exists() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    scripts = project["tool"]["hatch"]["envs"]["default"]["scripts"]
    text = READMES[0].read_text("utf-8")

    shown = set(re.findall(r"hatch run ([\w-]+)", text))
    assert shown
    assert shown <= set(scripts)


def test_the_system_packages_are_those_that_ci_installs() -> None:
    listed = (ROOT / ".ci" / "apt.txt").read_text("utf-8").split()
    line = next(c for c in COMMANDS if "apt-get install" in c)

    assert sorted(line.split("apt-get install ")[1].split()) == sorted(listed)


def test_every_link_within_the_repository_leads_somewhere() -> None:
    for readme in READMES:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", readme.read_text("utf-8")):
            assert (readme.parent / target).exists(), f"{readme}: {target}"
