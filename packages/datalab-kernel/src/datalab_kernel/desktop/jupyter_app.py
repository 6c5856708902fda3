"""The Jupyter server's process: `python -m datalab_kernel.desktop.jupyter_app`.

The process reads its settings from the first line of standard input, and a request from
each further line. When the input ends, the server shuts its kernels down and ends. This
happens at the latest when the process that started this one ends. Answers are written
to standard output, one JSON object in each line.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from datalab_kernel.desktop import browser, notebook
from datalab_kernel.desktop.protocol import decode
from datalab_kernel.kernelspec import KERNEL_NAME
from datalab_workspace.live.transport.token import Token

if TYPE_CHECKING:
    from traitlets.config import Config

#: Seconds within which the kernels must shut down.
_PATIENCE = 15.0
#: The part of a URL before a notebook's name.
_PLACE = "lab/tree"


def main() -> None:
    """Serve until the standard input ends.

    Raises:
        SystemExit: If the server cannot start; the reason is printed.
    """
    requests, answers = _own_streams()
    settings = decode(requests.readline())
    if settings is None:
        return
    folder = Path(settings["folder"])
    folder.mkdir(parents=True, exist_ok=True)
    # This import takes a second, so it does not happen with this module's own.
    from jupyterlab.labapp import LabApp

    server: Any = LabApp.initialize_server(
        _options(folder), config=_configuration(settings["token"])
    )
    # Jupyter would write its token to a file for browsers, with permissions that depend
    # on the user's umask.
    server.no_browser_open_file = True
    if KERNEL_NAME not in server.kernel_spec_manager.find_kernel_specs():
        raise SystemExit(
            f"Jupyter does not find the kernel {KERNEL_NAME!r}; run "
            f"{sys.executable} -m datalab_kernel install --sys-prefix"
        )
    handler = RequestHandler(server, folder, answers)
    threading.Thread(target=handler.listen, args=(requests,), daemon=True).start()
    try:
        server.start()
    finally:
        browser.forget(server)


class RequestHandler:
    """The handler of requests while the server runs.

    Args:
        server: The application of jupyter-server.
        folder: The folder for notebooks, which is the server's root.
        answers: The stream for answers.
    """

    def __init__(self, server: Any, folder: Path, answers: TextIO) -> None:
        self._server = server
        self._folder = folder
        self._answers = answers

    def listen(self, requests: TextIO) -> None:
        """Pass requests to the server's thread until the input ends, then stop it."""
        for request in filter(None, map(decode, requests)):
            self._server.io_loop.add_callback(self._open, **request)
        # The reader may have ended: writing to standard error must not fail.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        watchdog = threading.Timer(_PATIENCE, os._exit, [1])
        watchdog.daemon = True
        watchdog.start()
        self._server.io_loop.add_callback(self._server.stop)

    def _open(self, environment: dict[str, str | Token | None]) -> None:
        """Open a new notebook whose kernel has these variables."""
        for name, value in environment.items():
            if value is None:
                os.environ.pop(name, None)
            elif isinstance(value, Token):
                os.environ[name] = value.reveal()
            else:
                os.environ[name] = value
        try:
            file = notebook.create(self._folder)
            address = browser.address(self._server, f"{_PLACE}/{file.name}")
        except OSError as error:
            self._answer(
                failed=f"no notebook can be created in {self._folder}: {error}"
            )
            return
        # Some browsers block the program that starts them.
        show = threading.Thread(target=self._show, args=(file, address), daemon=True)
        show.start()

    def _show(self, file: Path, address: str) -> None:
        try:
            browser.show(self._server, address)
        except OSError as error:
            self._answer(
                failed=f"{file} cannot be shown: {error}; open it on the page that "
                "`jupyter server list` shows"
            )
        else:
            needs_token = not self._server.use_redirect_file
            self._answer(opened=str(file), needs_token=needs_token)

    def _answer(self, **answer: str | bool) -> None:
        # There is one write for an answer, because several threads may answer.
        self._answers.write(json.dumps(answer) + "\n")
        self._answers.flush()


def _own_streams() -> tuple[TextIO, TextIO]:
    """Take the standard streams away from kernels, which would inherit them."""
    requests = os.fdopen(os.dup(0), encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    return requests, answers


class _HiddenString(str):
    """A string for Jupyter that neither its log nor a traceback shows."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<token>"


def _configuration(token: Token) -> Config:
    """Return the part of the configuration that must not be on a command line.

    It takes precedence over the user's settings. At the level DEBUG, Jupyter's log
    shows its representation.
    """
    from traitlets.config import Config

    return Config(IdentityProvider={"token": _HiddenString(token.reveal())})


def _options(folder: Path) -> list[str]:
    """Return command-line options, which take precedence over the user's settings."""
    return [
        "--no-browser",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.root_dir={folder}",
        f"--MultiKernelManager.default_kernel_name={KERNEL_NAME}",
    ]


if __name__ == "__main__":
    main()
