"""Where this Python runs, and the transport that works there."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datalab_workspace.transport.base import Transport

#: No sockets, no threads and no processes: a kernel in the page of a web site.
IN_BROWSER = sys.platform == "emscripten"


def transport_to(url: str, token: str | None = None) -> Transport:
    """Return a transport to a server.

    Args:
        url: The server: ``http://host:port``.
        token: What it wants to see in the ``Authorization`` header.

    Raises:
        ValueError: `url` is no URL of a server, or `token` none that there can be.
    """
    if IN_BROWSER:
        from datalab_workspace.transport.browser import BrowserTransport

        return BrowserTransport(url, token=token)
    from datalab_workspace.transport.native import NativeTransport

    return NativeTransport(url, token=token)
