"""A debug adapter that survives a client which disconnects before it is greeted.

When the debugger is switched off, xeus-python closes its connection to the adapter;
ZeroMQ opens it again, and xeus-python closes that one too. debugpy's adapter fails to
greet such a client and accepts no other client from then on, so the debugger cannot be
switched on again.

debugpy starts this folder as a program, in place of its own adapter.
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
    """Accept connections, as debugpy's function does, even after one has failed."""

    def handle(connection: socket.socket) -> None:
        try:
            handler(connection)
        except Exception:  # noqa: BLE001  # other connections must go on
            log.swallow_exception("A {0} connection failed.", name)  # type: ignore[no-untyped-call]

    return _serve(name, handle, *args)


if __name__ == "__main__":
    setattr(sockets, "serve", serve)  # noqa: B010  # mypy rejects assignment
    runpy.run_module("debugpy.adapter", run_name="__main__", alter_sys=True)
