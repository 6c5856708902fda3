"""debugpy's adapter, which outlives a client that is gone before it is greeted.

When the debugger is switched off, xeus-python's connection to the adapter is lost, made
anew by ZeroMQ and then dropped. debugpy's adapter fails to greet such a client, and
accepts none from then on: the debugger cannot be switched on again.

Run as a folder, in place of debugpy's own.
"""

from __future__ import annotations

import runpy
from typing import TYPE_CHECKING, Any

from debugpy.common import log, sockets

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

_serve = sockets.serve


def serve(name: str, handler: Callable[[socket.socket], Any], *args: Any) -> Any:
    """Accept connections, as debugpy's function does, whatever becomes of one."""

    def handle(connection: socket.socket) -> None:
        try:
            handler(connection)
        except Exception:  # noqa: BLE001  # no other connection is concerned
            log.swallow_exception("A {0} connection failed.", name)  # type: ignore[no-untyped-call]

    return _serve(name, handle, *args)


if __name__ == "__main__":
    setattr(sockets, "serve", serve)  # noqa: B010  # mypy takes it for immutable
    runpy.run_module("debugpy.adapter", run_name="__main__", alter_sys=True)
