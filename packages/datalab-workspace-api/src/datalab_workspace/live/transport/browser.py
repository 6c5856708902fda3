"""The transport of a Python in a browser: synchronous requests by its page's worker.

A browser asks the server whether a page may send a request (CORS), and its user whether
a site may reach this machine; of what it refuses it says no more than that it failed.
It follows redirects by itself, but leaves the token out of those to another server.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from datalab_workspace.errors import (
    ConnectionLostError,
    LiveError,
    UnreachableError,
)
from datalab_workspace.live.transport import failures
from datalab_workspace.live.transport.base import (
    SLOWEST,
    Answer,
    Body,
    Timeouts,
)
from datalab_workspace.live.transport.javascript import JavaScript, javascript
from datalab_workspace.live.transport.server import ServerTransport

#: What a Python of 32 bits can hold beside a copy.
_LIMIT = 1 << 30
#: Seconds by which a browser may be early.
_EARLY = 0.01
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]", "::1")


class BrowserTransport(ServerTransport):
    """Requests by the browser, each on whatever connection it has.

    A browser tells nothing of an answer before it is complete: it must be within the
    time that both timeouts allow together, besides one second for each MiB that is
    sent.

    Args:
        url: The server: ``http://host:port``.
        token: What it wants to see in the ``Authorization`` header.
        timeouts: How long to wait, where a request does not say.
        limit: How many bytes an answer may have.

    Raises:
        ValueError: `url` is no URL of a server.
        ImportError: This Python has no JavaScript.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        timeouts: Timeouts | None = None,
        limit: int = _LIMIT,
    ) -> None:
        super().__init__(url, token=token, timeouts=timeouts, limit=limit)
        self._javascript = javascript()

    def request(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Body | None = None,
        timeouts: Timeouts | None = None,
        repeatable: bool = False,
    ) -> Answer:
        """Send a request and return the answer; see `Transport.request`."""
        timeouts = timeouts or self._timeouts
        sent = dict(headers or {}) | self._authorization()
        try:
            return self._exchange(method, path, sent, body, timeouts)
        except ConnectionLostError:
            if not repeatable:
                raise
            return self._exchange(method, path, sent, body, timeouts)

    def close(self) -> None:
        """Do nothing: the connections are the browser's."""

    def _exchange(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: Body | None,
        timeouts: Timeouts,
    ) -> Answer:
        seconds = timeouts.connect + timeouts.read + len(body or ()) / SLOWEST
        request = _opened(self._javascript, method, self._url + path, seconds)
        for name, value in headers.items():
            request.setRequestHeader(name, value)
        begun = time.monotonic()
        try:
            if body:
                request.send(self._javascript.sent(body))
            else:
                request.send()
        except self._javascript.error as error:
            late = time.monotonic() - begun > seconds - _EARLY
            what = failures.named(method, path)
            raise self._told(what, timeouts, late=late) from error
        return self._answer(request, self._url + path)

    def _answer(self, request: Any, asked: str) -> Answer:
        # As the browser writes it, without a default port, for example.
        if str(request.responseURL) != str(self._javascript.new("URL", asked).href):
            raise failures.redirected(self._url)
        response = request.response
        size = int(response.byteLength)
        if size > self._limit:
            raise failures.too_large(self._url, size, self._limit)
        received = self._javascript.received(response)
        return Answer(int(request.status), _headers(request), received)

    def _told(self, what: str, timeouts: Timeouts, *, late: bool) -> LiveError:
        """Return the error to raise for one of the browser's."""
        if late:
            return failures.silent(self._url, what, timeouts.read, _IF_ASKED)
        if self._is_there(timeouts):
            # It may have failed: what DataLab says then is kept from pages.
            return failures.broken(self._url, what, "the browser tells no more")
        return UnreachableError(
            f"this page gets no answer from DataLab at {self._url} to {what}: "
            f"{self._advice()}"
        )

    def _is_there(self, timeouts: Timeouts) -> bool:
        """Tell whether the server answers a request that needs nobody's consent."""
        request = _opened(self._javascript, "GET", f"{self._url}/", timeouts.connect)
        try:
            request.send()
        except self._javascript.error:
            return False
        return True

    def _advice(self) -> str:
        """Return what may be the reason, and what to do about it."""
        page = urlsplit(str(self._javascript.scope.self.location.origin))
        host = urlsplit(self._url).hostname
        advice = ["start it and its Web API, or give another address"]
        if page.hostname not in _LOOPBACK and host in _LOOPBACK:
            advice.append(
                "allow this site to reach devices on your local network, which the "
                "browser asks once and keeps in the site's settings (left of the "
                "address)"
            )
        elif page.scheme == "https" and self._url.startswith("http:"):
            advice.append(
                f"a page of https may ask no http address but this machine's: run "
                f"DataLab here, or offer it by https, instead of {host}"
            )
        advice.append(
            f"if something else listens there, it must let {page.geturl()} ask (CORS), "
            "as DataLab does"
        )
        return "; ".join(advice)


_IF_ASKED = "; if the browser asks whether this site may reach it, answer first"


def _opened(javascript: JavaScript, method: str, url: str, seconds: float) -> Any:
    request = javascript.new("XMLHttpRequest")
    request.open(method, url, False)
    request.responseType = "arraybuffer"
    request.timeout = max(1, int(seconds * 1000))
    return request


def _headers(request: Any) -> dict[str, str]:
    """Return the headers that the server lets a page see."""
    lines = str(request.getAllResponseHeaders() or "").splitlines()
    pairs = (line.partition(":") for line in lines)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
