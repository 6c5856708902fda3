"""Clients during whose work the window draws nothing."""

from __future__ import annotations

import time

_FORGOTTEN = 60.0


class Quiet:
    """The clients that have asked for quiet, and the time of their last requests."""

    def __init__(self) -> None:
        self._seen: dict[str, float] = {}
        self.postponed = False

    def __bool__(self) -> bool:
        """Return whether any client has asked for quiet."""
        return bool(self._seen)

    def set(self, client: str, on: bool) -> None:
        """Begin or end the quiet of a client."""
        if on:
            self._seen[client] = time.monotonic()
        else:
            self._seen.pop(client, None)

    def notice(self, client: str | None) -> None:
        """Note that a client has sent a request."""
        if client in self._seen:
            self._seen[str(client)] = time.monotonic()

    def forget_silent(self) -> None:
        """End the quiet of clients that have sent no request for a minute."""
        now = time.monotonic()
        for client, seen in list(self._seen.items()):
            if now - seen > _FORGOTTEN:
                self._seen.pop(client, None)
