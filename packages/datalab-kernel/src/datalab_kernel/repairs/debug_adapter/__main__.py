"""A debug adapter that survives a client which disconnects before it is greeted.

When the debugger is switched off, xeus-python closes its connection to the adapter;
ZeroMQ opens it again, and xeus-python closes that one too. debugpy's adapter fails to
greet such a client and accepts no other client from then on, so the debugger cannot be
switched on again.

The adapter also refuses to copy a variable to a name that is not an identifier.
xeus-python writes the name into an expression without a check and forwards that
expression.

debugpy starts this folder as a program, in place of its own adapter.
"""

from __future__ import annotations

import re
import runpy
from typing import TYPE_CHECKING, Any

from debugpy.adapter import clients
from debugpy.common import log, sockets

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

_serve = sockets.serve
# The expression that xeus-python writes to copy a variable to a name.
COPY = re.compile(r"globals\(\)\['(?P<name>.*)'\]", re.DOTALL)


def serve(name: str, handler: Callable[[socket.socket], Any], *args: Any) -> Any:
    """Accept connections, as debugpy's function does, even after one has failed."""

    def handle(connection: socket.socket) -> None:
        try:
            handler(connection)
        except Exception:  # noqa: BLE001  # other connections must go on
            log.swallow_exception("A {0} connection failed.", name)  # type: ignore[no-untyped-call]

    return _serve(name, handle, *args)


def set_expression(client: clients.Client, request: Any) -> Any:
    """Pass on a request to set an expression, unless it copies to an invalid name.

    A refusal names the command that the front end has sent to xeus-python.
    """
    copy = COPY.fullmatch(request("expression", str))
    if copy is None or copy["name"].isidentifier():
        return client.server.channel.delegate(request)
    request.command = "copyToGlobals"
    raise request.isnt_valid("{0!r} is not a valid name of a variable", copy["name"])


if __name__ == "__main__":
    setattr(sockets, "serve", serve)  # noqa: B010  # mypy rejects assignment
    handler = clients.Client.message_handler(set_expression)  # type: ignore[no-untyped-call]
    setattr(clients.Client, "setExpression_request", handler)  # noqa: B010  # as above
    runpy.run_module("debugpy.adapter", run_name="__main__", alter_sys=True)
