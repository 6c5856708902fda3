"""The process of a Jupyter server that DataLab starts, and that may outlive DataLab.

Secrets are sent by its standard input only. They are not on a command line or in the
environment with which the process starts. It logs to a file that only this user can
read, because a pipe would end with DataLab.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from datalab_kernel.desktop import protocol, record
from datalab_workspace.live.transport.token import Token

_COMMAND = ("-m", "datalab_kernel.desktop.jupyter_app")
#: A line of Jupyter's log: the level, then time and name, then the message.
_LOGGED = re.compile(r"\[([DIWEC]) [^]]*\] *(.*)")
_LAST_LINES = 20
_LAST_BYTES = 1 << 16
#: Seconds that a process without kernels may take to end.
_PATIENCE = 5.0


class Launch:
    """A process that becomes a Jupyter server.

    Args:
        folder: The folder for notebooks; created if missing.

    Raises:
        OSError: If the process cannot be started.
    """

    def __init__(self, folder: Path) -> None:
        self.token = Token(secrets.token_urlsafe(32))
        handle, log = tempfile.mkstemp(".log", "datalab-", record.folder())
        self.log = Path(log)
        try:
            self._process = _started(handle)
        except BaseException:
            self.log.unlink()
            raise
        finally:
            os.close(handle)
        assert self._process.stdin is not None
        with suppress(OSError), self._process.stdin as stream:  # it may have ended
            stream.write(
                protocol.encode(
                    {"folder": str(folder), "token": self.token, "log": log}
                )
            )

    def record(self) -> record.Record | None:
        """Wait until the server answers; return its address, or None if it ends."""
        assert self._process.stdout is not None
        with self._process.stdout as answers:
            line = answers.readline()
        if not line:
            return None
        return record.Record(
            self._process.pid, json.loads(line)["url"], self.token, self.log
        )

    def exit_code(self) -> int:
        """Wait for the end of the process and return its exit code."""
        return self._process.wait()

    def end(self) -> None:
        """End a process that does not answer yet, and has no kernels."""
        self._process.kill()
        self._process.wait(_PATIENCE)


def _started(log: int) -> subprocess.Popen[str]:
    windows = ("CREATE_NO_WINDOW", "CREATE_NEW_PROCESS_GROUP")
    return subprocess.Popen(  # noqa: S603  # our own module
        [sys.executable, *_COMMAND],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
        encoding="utf-8",
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
        # Neither the end of a terminal nor an interrupt in it reaches the server.
        start_new_session=True,
        creationflags=sum(getattr(subprocess, flag, 0) for flag in windows),
    )


def last_lines(log: Path) -> list[str]:
    """Return the last lines of a log; none if it cannot be read."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _LAST_BYTES))
            content = file.read()
    except OSError:
        return []
    return content.decode("utf-8", "replace").splitlines()[-_LAST_LINES:]


def reason(lines: list[str]) -> str:
    """Return the line of a log that says why a server does not start.

    This is the last critical message, else the last line that Python printed, else the
    last error.
    """
    found = {"C": "", "": "", "E": ""}
    for line in filter(str.strip, lines):
        logged = _LOGGED.match(line)
        level, message = logged.groups() if logged else ("", line)
        if level in found:
            found[level] = message.strip()
    return next(filter(None, found.values()), "")
