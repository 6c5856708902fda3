"""A kernel that runs cells as in a page, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.environments import SOURCES
from support.forge.packages import INSIDE


@dataclass(frozen=True)
class Outcome:
    """What became of a cell.

    Attributes:
        value: The value of its last expression, as a string unless it is a number.
        error: The type and the message of its error; "" without one.
        chain: The errors that its traceback shows, the outermost first.
        stdout: What it printed, and its traceback.
        stderr: What it printed there.
        shown: The MIME types of each thing that it displayed.
        refused: The calls that a page cannot make, with the places of the calls.
        absent: The modules that no page has and that were looked for so far.
        imported: The packages that it imported.
    """

    value: Any
    error: str
    chain: list[str]
    stdout: str
    stderr: str
    shown: list[list[str]]
    refused: list[str]
    absent: list[str]
    imported: list[str]


def environment(packages: Path, folder: Path) -> dict[str, str]:
    """Return the variables of a process that runs as in a page.

    Args:
        packages: The folder of the packages.
        folder: A folder that gets the home of the process.
    """
    home = folder / "home"
    home.mkdir()
    return {
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "MPLCONFIGDIR": str(packages.parents[2]),  # keeps its list of fonts
        "OPENBLAS_NUM_THREADS": "1",
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join([str(packages), SOURCES, str(INSIDE)]),
    }


class PageKernel:
    """A kernel in a page of a site with some packages.

    Args:
        python: An interpreter of the version of these packages.
        packages: The folder of the packages.
        folder: The current folder of the kernel.

    Attributes:
        refused: The calls that a page cannot make, in all cells so far.
    """

    def __init__(self, python: Path, packages: Path, folder: Path) -> None:
        self.refused: list[str] = []
        self._process = subprocess.Popen(
            [python, "-S", "-s", "-c", "import kernel; kernel.main()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder,
            env=environment(packages, folder),
        )

    def run(self, code: str) -> Outcome:
        """Run a cell."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(code) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, f"the kernel ended: {self._process.wait()}"
        outcome = Outcome(**json.loads(answer))
        self.refused += outcome.refused
        return outcome

    def value(self, code: str) -> Any:
        """Return the value of a cell that succeeds."""
        outcome = self.run(code)
        assert outcome.error == "", outcome.stdout
        return outcome.value

    def close(self) -> None:
        """End the kernel."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()
