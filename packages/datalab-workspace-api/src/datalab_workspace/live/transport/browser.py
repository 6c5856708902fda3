"""The transport of Python in a browser: synchronous requests by the page's worker.

The browser asks the server whether a page may send a request (CORS), and the user
whether a site may reach this machine. If one of them refuses, the browser only says
that the request failed. It follows redirects by itself, but sends the token to no other
server.
"""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlsplit

from datalab_workspace.errors import (
    ConnectionLostError,
    LiveError,
    NoAnswerError,
    UnreachableError,
)
from datalab_workspace.live.transport import failures
from datalab_workspace.live.transport.base import (
    SLOWEST,
    Answer,
    Request,
    Timeouts,
    Transport,
)
from datalab_workspace.live.transport.javascript import JavaScript, javascript
from datalab_workspace.live.transport.token import Token

#: Bytes that a Python of 32 bits can hold together with a copy.
_LIMIT = 1 << 30
#: Seconds by which a browser may be early.
_EARLY = 0.01
#: Seconds after which a server must show that it still answers. Nothing can interrupt a
#: request of a page, so a server that has stopped must end a call within 5 s.
_FIRST = Timeouts(connect=0.5, read=3.0)
#: Seconds in which it must show that.
_SIGN = 1.0
#: The servers that have answered. The browser asks its user nothing more about them.
_answered: set[str] = set()
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]", "::1")


class BrowserTransport(Transport):
    """Requests by the browser, each on a connection of the browser's choice.

    A browser reports nothing about an answer before it is complete. So it must be
    complete within the sum of both timeouts, plus one second for each MiB that is sent.
    A request that is repeatable is ended after the time of `_FIRST`, to find out
    whether the server still answers others, and then sent again with all of its time.
    Before any other request, the server must answer a trivial one.

    See `Transport` for its arguments.

    Raises:
        ValueError: `url` is not the URL of a server, or `token` cannot be sent.
        ImportError: This Python has no JavaScript.
    """

    def __init__(
        self,
        url: str,
        *,
        token: Token | None = None,
        timeouts: Timeouts | None = None,
        limit: int = _LIMIT,
    ) -> None:
        super().__init__(url, token=token, timeouts=timeouts, limit=limit)
        self._javascript = javascript()

    def send(self, request: Request) -> Answer:
        """Send a request and return the answer; see `Transport.send`."""
        timeouts = request.timeouts or self._timeouts
        try:
            return self._checked_exchange(request, timeouts)
        except ConnectionLostError:
            if not request.repeatable:
                raise
            return self._checked_exchange(request, timeouts)

    def close(self) -> None:
        """Do nothing: the connections are the browser's."""

    def _checked_exchange(self, request: Request, timeouts: Timeouts) -> Answer:
        """Send a request for as long as the server shows that it still answers."""
        longest = _total(_FIRST)
        if _total(timeouts) <= longest or self._may_be_asked_for():
            return self._exchange(request, timeouts)
        if not request.repeatable:
            begun = time.monotonic()
            if not self._is_there(longest):
                late = time.monotonic() - begun > longest - _EARLY
                raise self._live_error(request, _FIRST, late=late)
            return self._exchange(request, timeouts)
        try:
            return self._exchange(request, _FIRST)
        except NoAnswerError:
            if not self._is_there(_SIGN):
                raise
        return self._exchange(request, timeouts)

    def _may_be_asked_for(self) -> bool:
        """Return whether the browser may ask its user about the server at this moment.

        It asks once, if a site of another machine wants to reach this one.
        """
        page = urlsplit(str(self._javascript.scope.self.location.origin))
        return page.hostname not in _LOOPBACK and self._url not in _answered

    def _exchange(self, request: Request, timeouts: Timeouts) -> Answer:
        seconds = _total(timeouts) + len(request.body) / SLOWEST
        url = self._url + request.target
        xhr = _opened(self._javascript, request.method, url, seconds)
        for name, value in request.headers.items():
            xhr.setRequestHeader(name, value)
        if self._token:
            _authorize(xhr, self._token)
        begun = time.monotonic()
        try:
            if request.body:
                xhr.send(self._javascript.sent(request.body))
            else:
                xhr.send()
        except self._javascript.error as error:
            late = time.monotonic() - begun > seconds - _EARLY
            raise self._live_error(request, timeouts, late=late) from error
        _answered.add(self._url)
        return self._answer(xhr, url)

    def _answer(self, xhr: Any, asked: str) -> Answer:
        # As the browser writes it, without a default port, for example.
        if str(xhr.responseURL) != str(self._javascript.new("URL", asked).href):
            raise failures.redirected(self._url)
        response = xhr.response
        size = int(response.byteLength)
        if size > self._limit:
            raise failures.too_large(self._url, size, self._limit)
        received = self._javascript.received(response)
        return Answer(int(xhr.status), _headers(xhr), received)

    def _live_error(
        self, request: Request, timeouts: Timeouts, *, late: bool
    ) -> LiveError:
        """Return the error to raise for an error of the browser."""
        if late:
            hint = _IF_ASKED if self._may_be_asked_for() else ""
            return failures.no_answer(self._url, request.name, timeouts.read, hint)
        if self._is_there(timeouts.connect):
            # DataLab may have failed; browsers hide such an answer from pages.
            return failures.connection_lost(
                self._url, request.name, "the browser gives no reason"
            )
        return UnreachableError(
            f"this page gets no answer from DataLab at {self._url} to {request.name}: "
            f"{self._advice()}"
        )

    def _is_there(self, seconds: float) -> bool:
        """Return whether the server answers a request that needs no permission."""
        # JupyterLite's service worker may answer other paths from its store.
        xhr = _opened(self._javascript, "GET", f"{self._url}/api/", seconds)
        try:
            xhr.send()
        except self._javascript.error:
            return False
        return True

    def _advice(self) -> str:
        """Return the possible reasons, with a remedy for each."""
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
                f"an https page can reach http addresses on this machine only: run "
                f"DataLab here, or offer it by https, instead of {host}"
            )
        advice.append(
            f"if another program listens there, it must accept requests of "
            f"{page.geturl()} (CORS), as DataLab does"
        )
        return "; ".join(advice)


_IF_ASKED = "; if the browser asks whether this site may reach it, answer first"


def _total(timeouts: Timeouts) -> float:
    return timeouts.connect + timeouts.read


def _opened(javascript: JavaScript, method: str, url: str, seconds: float) -> Any:
    xhr = javascript.new("XMLHttpRequest")
    xhr.open(method, url, False)
    xhr.responseType = "arraybuffer"
    xhr.timeout = max(1, int(seconds * 1000))
    return xhr


def _authorize(xhr: Any, token: Token) -> None:
    """Add the token, in a function that has ended when the request fails."""
    xhr.setRequestHeader("Authorization", token.header())


def _headers(xhr: Any) -> dict[str, str]:
    """Return the headers that the server lets a page see."""
    lines = str(xhr.getAllResponseHeaders() or "").splitlines()
    pairs = (line.partition(":") for line in lines)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
