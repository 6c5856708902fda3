"""The transport that works where this Python runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalab_workspace.runtime import IN_BROWSER

if TYPE_CHECKING:
    from datalab_workspace.live.transport.base import Transport


def transport_to(url: str, token: str | None = None) -> Transport:
    """Return a transport to a server.

    Args:
        url: The server: ``http://host:port``.
        token: What it wants to see in the ``Authorization`` header.

    Raises:
        ValueError: `url` is no URL of a server, or `token` none that there can be.
    """
    if IN_BROWSER:
        from datalab_workspace.live.transport.browser import BrowserTransport

        return BrowserTransport(url, token=token)
    from datalab_workspace.live.transport.native import NativeTransport

    return NativeTransport(url, token=token)
