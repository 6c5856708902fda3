"""What the READMEs show is what happens."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from support import documentation
from support.documentation import DOCS, FENCE, ROOT

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
#: The examples of the packages' READMEs; those of the first README build on each other.
PYTHON = [b for b in BLOCKS if b.language == "python" and b.readme != READMES[0]]
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
def test_each_example_of_a_package_runs(block: Block, folder: Path) -> None:
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


def test_the_first_readme_runs_from_top_to_bottom(tmp_path: Path) -> None:
    """In a new notebook and an empty folder, its commands after that."""
    text = "% tested: notebook\n" + READMES[0].read_text("utf-8")
    page = documentation.Page(READMES[0], text)
    assert len(page.commands) == 2

    documentation.run(page, tmp_path, {})

    assert (tmp_path / "fit.csv").exists()


def test_the_first_readme_is_short_and_has_its_picture() -> None:
    lines = READMES[0].read_text("utf-8").splitlines()

    assert len(lines) <= 120
    assert any(re.match(r"!\[.{80,}\]\(docs/_static/", line) for line in lines[:15])


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
    page = (DOCS / "requirements.md").read_text("utf-8")
    shown = re.search(r"^apt-get install (.*)$", page, re.MULTILINE)
    assert shown is not None

    assert sorted(shown[1].split()) == sorted(listed)


def test_every_link_within_the_repository_leads_somewhere() -> None:
    for readme in READMES:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", readme.read_text("utf-8")):
            assert (readme.parent / target).exists(), f"{readme}: {target}"
