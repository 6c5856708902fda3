"""Requests to a Jupyter server on this machine.

The frames of a failed request would show its token and its body, so errors are raised
without the exception that caused them.
"""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from datalab_kernel.desktop import protocol
from datalab_workspace.live.transport.token import Token

#: The path of our handlers on the server.
PREFIX = "datalab"
#: Seconds that the server may take to accept a connection.
_CONNECT = 10.0


class RefusedError(ConnectionError):
    """A request that the server answers with an error."""


class GoneError(ConnectionError):
    """A server that has ended: nothing listens on its port."""


class Rest:
    """The address of a server and the token for it.

    Args:
        url: The server's URL, with its base path and a slash at the end.
        token: The server's token.
    """

    def __init__(self, url: str, token: Token) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port
        self._path = f"{parts.path}{PREFIX}/"
        self._token = token
        self._stream: http.client.HTTPConnection | None = None

    def ask(
        self,
        method: str,
        name: str,
        body: Mapping[str, object] | None = None,
        *,
        within: float | None = None,
    ) -> Any:
        """Send a request and return the JSON value that the server answers.

        Args:
            method: GET or POST.
            name: The name of the handler.
            body: Strings, None, tokens, and dictionaries of these.
            within: Seconds that the server may be silent; unlimited by default.

        Raises:
            RefusedError: The server answers with an error.
            GoneError: The server has ended.
            ConnectionError: The server does not answer.
        """
        connection = self._connection()
        try:
            with self._response(connection, method, name, body, within) as response:
                return _read(response)
        finally:
            connection.close()

    def lines(self, name: str, body: Mapping[str, object]) -> Iterator[Any]:
        """Yield the JSON value in each line of an answer that has no end.

        It ends with the server, or when `close` is called.

        Raises:
            RefusedError: The server answers with an error.
            GoneError: The server has ended.
            ConnectionError: The server does not answer.
        """
        self._stream = connection = self._connection()
        try:
            with (
                self._response(connection, "POST", name, body, None) as response,
                # The server ends without ending its answer.
                suppress(OSError, http.client.HTTPException),
            ):
                yield from map(json.loads, response)
        finally:
            connection.close()

    def close(self) -> None:
        """End the answer that `lines` reads."""
        sock = self._stream.sock if self._stream else None
        if sock is not None:
            with suppress(OSError):  # it has ended
                sock.shutdown(socket.SHUT_RDWR)

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self._host, self._port, timeout=_CONNECT)

    def _response(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        name: str,
        body: Mapping[str, object] | None,
        within: float | None,
    ) -> http.client.HTTPResponse:
        try:
            connection.connect()
            connection.sock.settimeout(within)
            self._send(connection, method, name, body)
            response = connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            gone = isinstance(error, ConnectionRefusedError)
            problem = str(error) or type(error).__name__
        else:
            if response.status < 300:
                return response
            with response:
                refusal = _refusal(response)
            connection.close()
            raise RefusedError(refusal)
        connection.close()
        if gone:
            raise GoneError("the Jupyter server has ended")
        raise ConnectionError(f"the Jupyter server does not answer: {problem}")

    def _send(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        name: str,
        body: Mapping[str, object] | None,
    ) -> None:
        connection.request(
            method,
            self._path + name,
            None if body is None else protocol.encode(body).encode(),
            {"Authorization": self._token.header()},
        )


def _read(response: http.client.HTTPResponse) -> Any:
    try:
        return json.loads(response.read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        problem = type(error).__name__
    raise ConnectionError(f"the Jupyter server's answer cannot be read ({problem})")


def _refusal(response: http.client.HTTPResponse) -> str:
    """Return the reason why the server refuses a request."""
    try:
        return str(json.loads(response.read())["message"])
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return f"HTTP status {response.status}"
