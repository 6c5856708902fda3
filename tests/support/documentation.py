"""The code blocks of Markdown pages, and how they are run.

A page says by a comment in its first line how its Python blocks are run, all of them in
one process: ``% tested: notebook`` with the names of a notebook, ``script`` with none,
``live`` as a script beside a running DataLab. Its shell blocks are run after them, in
the same folder.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import numpy as np

from datalab_workspace import Workspace
from datalab_workspace.backends.memory import MemoryBackend

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TESTED = re.compile(r"\A% tested: (\w+)\n")
#: Programs of ours that are run; others are shown only.
_OURS = re.compile(r"python (-m datalab_(?:workspace|kernel) .*)")


class Page(NamedTuple):
    """A Markdown page."""

    path: Path
    text: str

    @property
    def name(self) -> str:
        return self.path.relative_to(DOCS).as_posix()

    @property
    def manner(self) -> str | None:
        """How its Python is run; None where it says nothing."""
        said = _TESTED.match(self.text)
        return said and said[1]

    @property
    def python(self) -> str:
        """All Python blocks, one after the other."""
        return "\n\n".join(self._blocks("python"))

    @property
    def commands(self) -> list[list[str]]:
        """The arguments to Python of each command of ours in a shell block."""
        lines = "\n".join(self._blocks("sh")).splitlines()
        return [shlex.split(ours[1]) for ours in map(_OURS.fullmatch, lines) if ours]

    def _blocks(self, language: str) -> list[str]:
        return [text for of, text in FENCE.findall(self.text) if of == language]


#: The reports in docs/upstream show other software: `tests/kernel/test_upstream.py`.
PAGES = [
    Page(path, path.read_text("utf-8"))
    for path in sorted(DOCS.rglob("*.md"))
    if path.parent != DOCS / "upstream"
]


def script_of(path: Path) -> ModuleType:
    """Return a script of a folder that is not a package, as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def fill(folder: Path) -> None:
    """Put into a folder what the examples start from: a project."""
    workspace = Workspace(backend=MemoryBackend())
    workspace.add("i042", np.random.default_rng(0).random((64, 64)))
    workspace.save(folder / "analysis.h5")


def run(page: Page, folder: Path, variables: Mapping[str, str]) -> None:
    """Run the blocks of a page; fail where one does, or writes to standard error."""
    if page.python:
        in_notebook = page.manner == "notebook"
        script = folder / ("page.ipy" if in_notebook else "page.py")
        script.write_text(page.python, "utf-8")
        how = ["-m", "IPython", "--colors=nocolor", "--ext=datalab_kernel"]
        _run([*(how if in_notebook else []), script.name], folder, variables)
    for command in page.commands:
        assert _run(command, folder, variables), f"{command} shows nothing"


def _run(arguments: list[str], folder: Path, variables: Mapping[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    said = f"{arguments}: {done.stdout}{done.stderr}"
    assert (done.returncode, done.stderr) == (0, ""), said
    assert "Traceback" not in done.stdout, said
    return done.stdout
