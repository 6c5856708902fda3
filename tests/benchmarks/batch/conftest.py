"""Programs that compute once for each line they are sent, and their projects."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent


class Program:
    """A program of this folder, which answers each line with a line of JSON."""

    def __init__(self, name: str, *arguments: str | Path) -> None:
        command = [sys.executable, str(FOLDER / name), *map(str, arguments)]
        environment = {
            **os.environ,
            # The workers import `computations` too.
            "PYTHONPATH": os.pathsep.join([str(FOLDER), str(FOLDER.parents[1])]),
            # A computation by hand is given no more cores than one of ours.
            **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"),
        }
        self._process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.pid = self._process.pid

    def answer(self, line: str = "") -> Any:
        """Send a line, and return what is answered."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(line + "\n")
        stdin.flush()
        answered = stdout.readline()
        assert answered, f"{self._process.args} ended with {self._process.wait()}"
        return json.loads(answered)

    def close(self) -> None:
        """Let the program end."""
        self._process.communicate()


@pytest.fixture
def program() -> Iterator[Callable[..., Program]]:
    """`program(name, *arguments)`: a program that runs until the end of the test."""
    started: list[Program] = []

    def start(name: str, *arguments: str | Path) -> Program:
        started.append(Program(name, *arguments))
        return started[-1]

    yield start
    for one in started:
        one.close()
