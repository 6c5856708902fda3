"""HTTP requests to a running DataLab, by the means of the platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalab_workspace.live.transport.token import Token, note_use
from datalab_workspace.runtime import IN_BROWSER

if TYPE_CHECKING:
    from datalab_workspace.live.transport.base import Transport


def transport_to(url: str, token: Token | None = None) -> Transport:
    """Return a transport to a server that works on this platform.

    Args:
        url: The server: ``http://host:port``.
        token: The token that the server expects.

    Raises:
        ValueError: `url` is not the URL of a server, or `token` cannot be sent.
    """
    note_use(token)
    if IN_BROWSER:
        from datalab_workspace.live.transport.browser import BrowserTransport

        return BrowserTransport(url, token=token)
    from datalab_workspace.live.transport.native import NativeTransport

    return NativeTransport(url, token=token)
