"""The handle of a Jupyter server, whose process ends with the one that started it.

The server's process runs `datalab_kernel.desktop.jupyter_app` and reads requests from
its standard input. The operating system closes that input when this process ends in any
way, and then the server stops. Secrets are sent by this input only. They are not on a
command line, in a file, or in the environment with which the process starts.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from datalab_kernel.desktop import protocol
from datalab_kernel.desktop.connection import Variables
from datalab_workspace.live.transport.token import Token

_COMMAND = ("-m", "datalab_kernel.desktop.jupyter_app")
_LAST_LINES = 20


class Server:
    """A Jupyter server, which starts at once and opens notebooks on request.

    Args:
        folder: The folder for notebooks; created if missing.
        on_answer: A function that threads of the handle call with each answer of the
            server: ``{"opened": file, "needs_token": bool}`` or ``{"failed": reason}``;
            at its end with
            ``{"ended": code, "asked": bool, "lines": its last output}``.

    Raises:
        OSError: If the process cannot be started.
    """

    def __init__(
        self,
        folder: Path,
        on_answer: Callable[[dict[str, Any]], None],
    ) -> None:
        self._token = Token(secrets.token_urlsafe(32))
        #: The secrets that the server's output must not show.
        self._hidden = [self._token]
        self._on_answer = on_answer
        self._asked = self._silent = False
        self._lines: deque[str] = deque(maxlen=_LAST_LINES)
        self._process = subprocess.Popen(  # noqa: S603  # our own module
            [sys.executable, *_COMMAND],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            env=os.environ | {"PYTHONIOENCODING": "utf-8"},
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        logging = threading.Thread(target=self._keep_lines, daemon=True)
        logging.start()
        threading.Thread(target=self._listen, args=(logging,), daemon=True).start()
        self._send({"folder": str(folder), "token": self._token})

    @property
    def runs(self) -> bool:
        """Whether it is running and was not asked to stop."""
        return not self._asked and self._process.poll() is None

    def open_notebook(self, environment: Variables) -> None:
        """Request a new notebook in the user's browser.

        Args:
            environment: The environment variables of kernels that start from now on.

        Raises:
            ValueError: If the server was asked to stop.
        """
        if self._asked:
            raise ValueError("this Jupyter server was asked to stop; start another one")
        for value in environment.values():
            if isinstance(value, Token) and value not in self._hidden:
                self._hidden.append(value)
        self._send({"environment": environment})

    def stop(self, *, silently: bool = False) -> None:
        """Request the end of the server and its kernels, without waiting for it.

        Args:
            silently: Pass on no answers from now on.
        """
        self._silent |= silently
        self._asked = True
        assert self._process.stdin is not None
        with suppress(OSError):  # it has ended, which `on_answer` reports
            self._process.stdin.close()

    def _send(self, request: Mapping[str, object]) -> None:
        assert self._process.stdin is not None
        with suppress(OSError):  # it has ended, which `on_answer` reports
            self._process.stdin.write(protocol.encode(request))
            self._process.stdin.flush()

    def _keep_lines(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as lines:
            self._lines.extend(map(self._without_secrets, lines))

    def _without_secrets(self, line: str) -> str:
        for token in self._hidden:
            line = token.redact(line)
        return line.rstrip()

    def _listen(self, logging: threading.Thread) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as answers:
            for line in answers:
                self._answer(json.loads(line))
        code = self._process.wait()
        # A kernel that runs a little longer also has the stream, and prints nothing of
        # interest.
        logging.join(timeout=1)
        self._answer({"ended": code, "asked": self._asked, "lines": [*self._lines]})

    def _answer(self, answer: dict[str, Any]) -> None:
        if not self._silent:
            self._on_answer(answer)
