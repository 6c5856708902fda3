"""The search for a running DataLab of version 0.2; deprecated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalab_workspace.validation import warn_of_old

if TYPE_CHECKING:
    from datalab_workspace.live.transport.token import Token


def discover_connection(
    probe_port: bool = True, timeout: float = 2.0
) -> tuple[str | None, Token | None]:
    """Look for a running DataLab; deprecated.

    `Workspace.connect` without arguments does the same search.

    Args:
        probe_port: Also try the default port, which may be another user's DataLab.
        timeout: Seconds that the search may take.

    Returns:
        The URL and the token, each None if it is not known.
    """
    from datalab_workspace.live.discovery import search

    old = "datalab_kernel.discovery.discover_connection()"
    warn_of_old(old, "workspace.connect()")
    searched = search(timeout, default=probe_port)
    found = searched.only or searched.default
    if found is None:
        return None, None
    if found.url is None:
        return found.companion_url, found.companion_token
    return found.url, found.token
