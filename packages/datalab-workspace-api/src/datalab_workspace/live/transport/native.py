"""The transport of an ordinary Python: one connection by requests.

It reads no proxy setting and no ``.netrc``, and follows no redirect, so that none of
them can send a token elsewhere.
"""

from __future__ import annotations

import http.client
import sys
import threading
import time
from typing import Any

import numpy as np
import requests
import requests.auth
import urllib3

from datalab_workspace.errors import DataLabError, LiveError, UnreachableError
from datalab_workspace.forks import follow_forks
from datalab_workspace.live.transport import failures
from datalab_workspace.live.transport.base import (
    SLOWEST,
    Answer,
    Buffer,
    Request,
    Timeouts,
    Transport,
)
from datalab_workspace.live.transport.session import Exchange, bounded_session
from datalab_workspace.live.transport.token import Token

#: Seconds after which an idle connection is not used again. Uvicorn, which serves
#: DataLab's Web API, closes them after 5.
_IDLE = 3.0
#: Bytes that are read in one go, at least and at most.
_SMALLEST, _LARGEST = 1 << 16, 1 << 22
_LIMIT = 1 << 33
#: The errors of a connection. Those of requests are OSErrors.
_FAILURES = (OSError, http.client.HTTPException, urllib3.exceptions.HTTPError)


class NativeTransport(Transport):
    """Requests by the library requests, one at a time; threads may share it.

    A thread waits while another one has a request under way. So a request that DataLab
    answers late, as one for the next event, needs a transport of its own.

    See `Transport` for its arguments and errors.
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
        self._exchange = Exchange()
        secure = self._url.startswith("https:")
        self._session = bounded_session(self._exchange, secure=secure)
        self._used = 0.0
        self._lock = threading.Lock()
        follow_forks(self)

    def after_fork(self) -> None:
        """Use another connection in a forked child than the parent."""
        self._exchange = Exchange()
        secure = self._url.startswith("https:")
        self._session = bounded_session(self._exchange, secure=secure)
        self._lock = threading.Lock()

    def send(self, request: Request) -> Answer:
        """Send a request and return the answer; see `Transport.send`."""
        timeouts = request.timeouts or self._timeouts
        problem: BaseException
        with self._lock:
            try:
                return self._send(request, timeouts)
            except _FAILURES as error:
                problem = self._live_error(error, request, timeouts)
            except BaseException as error:  # noqa: BLE001  an interrupt; raised below
                problem = error
            self._session.close()
        # Variables of the frames that failed hold the token and what the server sent.
        problem.__context__ = None
        raise problem.with_traceback(None)

    def close(self) -> None:
        """Close the connection; a later request opens a new one."""
        with self._lock:
            self._session.close()

    def _send(self, request: Request, timeouts: Timeouts) -> Answer:
        if time.monotonic() - self._used > _IDLE:
            self._session.close()
        try:
            return self._attempt(request, timeouts)
        except ConnectionError as error:
            kept = not (self._exchange.connecting or self._exchange.connected)
            if isinstance(error, LiveError) or not (kept and request.repeatable):
                raise
        return self._attempt(request, timeouts)

    def _attempt(self, request: Request, timeouts: Timeouts) -> Answer:
        """Return the answer, or raise an error of the standard library."""
        handled = sys.exc_info()[1]
        try:
            return self._receive(request, timeouts)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            origin = _origin(error, handled)
        raise origin

    def _receive(self, request: Request, timeouts: Timeouts) -> Answer:
        prepared = self._prepared(request)
        self._exchange.start(timeouts.read)
        with self._session.send(
            prepared,
            stream=True,
            allow_redirects=False,
            timeout=(timeouts.connect, timeouts.read),
        ) as response:
            if 300 <= response.status_code < 400:
                raise failures.redirected(self._url)
            with self._exchange.answer as answer:
                received = self._read(answer, _slice(timeouts.read))
            response.raw.release_conn()
        self._used = time.monotonic()
        if response.status_code >= 500:
            # DataLab resets a connection on which it failed, a moment later.
            self._session.close()
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, headers, received)

    def _prepared(self, request: Request) -> requests.PreparedRequest:
        prepared = requests.PreparedRequest()
        prepared.prepare_method(request.method)
        # Not by `prepare_url`, which changes how the path is encoded.
        prepared.url = self._url + request.target
        prepared.prepare_headers(
            {
                "Accept-Encoding": "identity",
                "User-Agent": "datalab-workspace",
                **request.headers,
            }
        )
        # As buffers, which urllib3 sends as they are; its types name only bytes.
        body: Any = request.body or None
        prepared.prepare_body(body, files=None)
        if self._token:
            prepared.prepare_auth(_Bearer(self._token))
        return prepared

    def _read(self, answer: http.client.HTTPResponse, at_once: int) -> Buffer:
        length = answer.length
        if length is None:
            return self._read_to_the_end(answer, at_once)
        self._check_size(length)
        # Untouched memory costs nothing if a server announces more than it sends.
        received = np.empty(length, np.uint8).data
        filled = 0
        while filled < length:
            count = answer.readinto(received[filled : filled + at_once])
            if not count:
                raise http.client.IncompleteRead(b"", length - filled)
            self._exchange.deadline.extend(count)
            filled += count
        return received

    def _read_to_the_end(
        self, answer: http.client.HTTPResponse, at_once: int
    ) -> Buffer:
        received = bytearray()
        while piece := answer.read(at_once):
            self._exchange.deadline.extend(len(piece))
            received += piece
            self._check_size(len(received))
        return received

    def _check_size(self, size: int) -> None:
        if size > self._limit:
            raise failures.too_large(self._url, size, self._limit)

    def _live_error(
        self, error: Exception, request: Request, timeouts: Timeouts
    ) -> LiveError:
        """Return the error to raise for an error of the libraries."""
        if isinstance(error, LiveError):
            return error
        reason = self._reason(error)
        if self._exchange.connecting:
            return self._unreachable(error, reason, timeouts)
        if isinstance(error, TimeoutError):
            return failures.no_answer(self._url, request.name, timeouts.read)
        if isinstance(error, http.client.IncompleteRead | OSError):
            return failures.connection_lost(self._url, request.name, reason)
        return DataLabError(
            f"{self._url} gave no HTTP answer to {request.name} ({reason}); "
            "is it DataLab?"
        )

    def _unreachable(
        self, error: Exception, reason: str, timeouts: Timeouts
    ) -> LiveError:
        if isinstance(error, TimeoutError):
            problem = UnreachableError(
                f"{self._url} did not accept a connection within "
                f"{failures.rounded(timeouts.connect)} s; {failures.RETRY}"
            )
        else:
            problem = UnreachableError(
                f"no DataLab accepts connections at {self._url} ({reason}); start it "
                "and its Web API, or give another address"
            )
        # Nothing has been sent, so that no variable holds the token.
        problem.__cause__ = error.with_traceback(None)
        return problem

    def _reason(self, error: Exception) -> str:
        if isinstance(error, http.client.IncompleteRead):
            return f"{error.expected} bytes are missing"
        name, said = type(error).__name__, self.clean(error, 80)
        return f"{name}: {said}" if said else name


def _slice(seconds: float) -> int:
    """Return the number of bytes to read in one go.

    The deadline is not postponed until all of them are read. So at the lowest rate,
    they take a small part of the time.

    Args:
        seconds: The time for the exchange.
    """
    return max(_SMALLEST, min(_LARGEST, int(seconds * SLOWEST / 8)))


class _Bearer(requests.auth.AuthBase):
    """The ``Authorization`` header, which a function adds that cannot fail."""

    def __init__(self, token: Token) -> None:
        self._token = token

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        r.headers["Authorization"] = self._token.header()
        return r


def _origin(error: BaseException, handled: BaseException | None) -> BaseException:
    """Return the error that requests and urllib3 wrapped, most often several times.

    Args:
        error: What they raised.
        handled: What was being handled before, which is not a reason.
    """
    wrappers = (requests.RequestException, urllib3.exceptions.HTTPError)
    while isinstance(error, wrappers):
        inner = error.__cause__ or error.__context__
        if inner is None or inner is handled:
            break
        error = inner
    return error
