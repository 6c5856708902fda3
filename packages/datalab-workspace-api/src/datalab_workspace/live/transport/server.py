"""What every transport knows of the one server that it speaks with."""

from __future__ import annotations

from datalab_workspace.live.transport.address import checked_token, checked_url
from datalab_workspace.live.transport.base import Timeouts, Transport


class ServerTransport(Transport):
    """A transport to one server.

    Args:
        url: The server: ``http://host:port``.
        token: What it wants to see in the ``Authorization`` header.
        timeouts: How long to wait, where a request does not say.
        limit: How many bytes an answer may have.

    Raises:
        ValueError: `url` is no URL of a server.
    """

    def __init__(
        self, url: str, *, token: str | None, timeouts: Timeouts | None, limit: int
    ) -> None:
        self._url = checked_url(url)
        self._token = checked_token(token)
        self._timeouts = timeouts or Timeouts()
        self._limit = limit

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._url!r})"

    @property
    def url(self) -> str:
        """The server's URL."""
        return self._url

    def _authorization(self) -> dict[str, str]:
        """Return the header that bears the token, if there is one."""
        return {"Authorization": f"Bearer {self._token}"} if self._token else {}
