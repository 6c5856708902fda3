"""Programs that run in DataLab's environment and answer the tests' requests."""

from __future__ import annotations

import dataclasses
import json
import os
import queue
import subprocess
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from support.real_datalab import exchange

# Longer than anything takes: reaching it means that the program hangs.
START = 120.0
ANSWER = 180.0
STOP = 30.0

# DataLab's settings, besides its defaults: nothing that greets or warns the user, no
# server, and no process of its own for computations.
SETTINGS = """\
[main]
version = 1.0.0
tour_enabled = False
available_memory_threshold = 0
process_isolation_enabled = False
rpc_server_enabled = False
"""
_UNWANTED = ("DISPLAY", "WAYLAND_DISPLAY", "VIRTUAL_ENV")
_UNWANTED_PREFIXES = ("PYTHON", "QT_", "DATALAB_", "GUIDATA_", "SIGIMAX_")


class ProgramError(RuntimeError):
    """A program in DataLab's environment died, hung or failed to answer."""


def environment_in(folder: Path) -> dict[str, str]:
    """Return the environment of a program that has its home and settings in `folder`.

    Nothing of the tests' own environment that could change DataLab is in it.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in _UNWANTED and not name.startswith(_UNWANTED_PREFIXES)
    }
    return kept | {
        "HOME": str(folder / "home"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "QT_API": "pyqt5",
        "QT_QPA_PLATFORM": "offscreen",
    }


def write_settings(folder: Path, settings: str) -> Path:
    """Give DataLab settings in `folder`; return their file."""
    for name in ("home", "config/.DataLab_v1"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    path = folder / "config" / ".DataLab_v1" / "DataLab_v1_typed.ini"
    # The second is the file of DataLab before 1.3.
    for file in (path, path.with_name("DataLab_v1.ini")):
        file.write_text(settings, "utf-8")
    return path


class Program:
    """A program that is started when it is first asked, and again if it is gone.

    Args:
        python: The interpreter of DataLab's environment.
        module: The module to run: "support.real_datalab.window" or
            "support.real_datalab.reader".
        folder: Where the program has its home, its settings and its log.
    """

    def __init__(self, python: Path, module: str, folder: Path) -> None:
        self._python = python
        self._module = module
        self._folder = folder
        self._process: subprocess.Popen[str] | None = None
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()

    def look(
        self, command: str, *, within: float = ANSWER, **arguments: object
    ) -> exchange.Project:
        """Ask for a project; return it with what went wrong.

        Args:
            command: What to do.
            within: Seconds after which the program is killed if it has not answered.
            arguments: Values that JSON can carry.

        Raises:
            ProgramError: There was no answer; the message ends with what the program
                printed last.
        """
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            reply = self._ask(command, arguments | {"folder": folder}, within)
            return dataclasses.replace(exchange.read(Path(folder)), **reply)

    def close(self) -> None:
        """End the program as its user would, or by force if it doesn't end."""
        if self._process is None:
            return
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=STOP)
        except subprocess.TimeoutExpired:
            raise ProgramError(f"{self._module} does not end") from None
        finally:
            self._end()

    def _ask(self, command: str, arguments: dict[str, object], within: float) -> Any:
        if self._process is None:
            self._start()
        assert self._process is not None
        assert self._process.stdin is not None
        request = {"command": command, "arguments": arguments}
        with suppress(BrokenPipeError):  # it ended, as its lack of an answer will tell
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        answer = self._answer(within)
        if "error" in answer:
            raise ProgramError(f"{self._module} failed: {answer['error']}")
        return answer["result"]

    def _start(self) -> None:
        write_settings(self._folder, SETTINGS)
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [self._python, "-m", self._module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                encoding="utf-8",
                cwd=self._folder,
                env=environment_in(self._folder),
            )
        self._answers = queue.SimpleQueue()
        forward = _forwarder(self._process.stdout, self._answers)
        self._forwarding = threading.Thread(target=forward, daemon=True)
        self._forwarding.start()
        self._answer(START)

    @property
    def _log(self) -> Path:
        return self._folder / "log.txt"

    def _answer(self, within: float) -> Any:
        try:
            line = self._answers.get(timeout=within)
        except queue.Empty:
            line = f"no answer within {within:g} s"
        if line.startswith("{"):
            return json.loads(line)
        self._end()
        printed = self._log.read_text("utf-8", errors="replace")[-4000:]
        raise ProgramError(f"{self._module}: {line}; it printed: {printed}")

    def _end(self) -> None:
        """Kill the process, if it still runs, and forget it."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._forwarding.join()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            with suppress(BrokenPipeError):  # what was written last was never read
                stream.close()
        self._process = None


def _forwarder(stream: Any, answers: queue.SimpleQueue[str]) -> Callable[[], None]:
    def forward() -> None:
        for line in stream:
            answers.put(line)
        answers.put("it ended")

    return forward
