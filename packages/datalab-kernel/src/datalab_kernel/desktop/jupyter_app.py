"""The Jupyter server's process: `python -m datalab_kernel.desktop.jupyter_app`.

The process reads its settings from the one line of its standard input. It writes one
line to its standard output when it is ready. After that, DataLab windows send requests
to its handlers, and the process that started it may end.
"""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from datalab_kernel.desktop import browser, lifetime
from datalab_kernel.desktop.protocol import decode
from datalab_kernel.desktop.record import Record
from datalab_kernel.kernelspec import KERNEL_NAME
from datalab_workspace.live.transport.token import Token

if TYPE_CHECKING:
    from traitlets.config import Config

_KERNEL_MANAGER = "datalab_kernel.desktop.kernels.WindowKernelManager"


def main() -> None:
    """Serve until the server is stopped.

    Raises:
        SystemExit: If the server cannot start; the reason is printed.
    """
    requests, answers = _own_streams()
    with requests:
        settings = decode(requests.readline())
    if settings is None:
        return
    try:
        hours = lifetime.hours()
    except ValueError as error:
        raise SystemExit(str(error)) from None
    folder = Path(settings["folder"])
    folder.mkdir(parents=True, exist_ok=True)
    server = _initialized(folder, settings["token"])
    # This import takes a second too, with jupyter-server's own modules.
    from datalab_kernel.desktop import handlers
    from datalab_kernel.desktop.service import Service

    service = Service(server, folder)
    handlers.add(server, service)
    lifetime.Lifetime(server, service, 3600 * hours).watch()
    log = Path(settings["log"])
    record = Record(os.getpid(), server.connection_url, settings["token"], log)

    def announce() -> None:
        service.ready = True
        record.write()
        _report_ready(answers, server)

    server.io_loop.add_callback(announce)
    try:
        server.start()
    finally:
        record.remove()
        service.forget()
        browser.forget(server)
        # The window reads the log of a server that fails, and removes it.
        if service.ready and not service.attached:
            with suppress(OSError):  # Windows removes no open file
                log.unlink()


def _initialized(folder: Path, token: Token) -> Any:
    """Return the application of jupyter-server, which listens but does not answer."""
    # This import takes a second, so it does not happen with this module's own.
    from jupyterlab.labapp import LabApp

    server: Any = LabApp.initialize_server(
        _options(folder), config=_configuration(token)
    )
    # Jupyter would write its token to a file for browsers, with permissions that depend
    # on the user's umask.
    server.no_browser_open_file = True
    if KERNEL_NAME not in server.kernel_spec_manager.find_kernel_specs():
        raise SystemExit(
            f"Jupyter does not find the kernel {KERNEL_NAME!r}; run "
            f"{sys.executable} -m datalab_kernel install --sys-prefix"
        )
    return server


def _report_ready(answers: TextIO, server: Any) -> None:
    """Write the line for which the process that started this one waits."""
    with suppress(OSError), answers:  # it may have ended
        answers.write(json.dumps({"url": server.connection_url}) + "\n")


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
        # DataLab's requests use neither a certificate nor a Unix socket.
        "--ServerApp.certfile=",
        "--ServerApp.sock=",
        f"--ServerApp.root_dir={folder}",
        f"--MultiKernelManager.default_kernel_name={KERNEL_NAME}",
        f"--MultiKernelManager.kernel_manager_class={_KERNEL_MANAGER}",
    ]


if __name__ == "__main__":
    main()
