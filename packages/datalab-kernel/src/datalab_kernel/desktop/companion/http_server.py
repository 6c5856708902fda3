"""The companion's own HTTP server, on a port of 127.0.0.1.

A thread accepts connections, and each connection has a thread. No client can stop
DataLab from ending, and none can hold a thread or memory without sending: all reads
and writes have deadlines.
"""

from __future__ import annotations

import logging
import socket
import socketserver
import threading
import time
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from datalab_kernel.desktop.companion import access, dispatch
from datalab_kernel.desktop.companion.dispatch import Answer, Request, Service
from datalab_kernel.desktop.companion.exchange import ProtocolError
from datalab_kernel.desktop.companion.timed_socket import TimedSocket
from datalab_workspace.live.codecs.frame import Buffer
from datalab_workspace.live.transport.token import Token

#: Seconds that requests may still take when the server ends.
_GRACE = 1.0
#: Seconds until the next attempt to accept a connection after a failure.
_PAUSE = 0.1
_LONGEST_LINE = 1 << 16
_log = logging.getLogger(__name__)


class HttpServer:
    """The server; it answers from the moment it is made.

    Args:
        service: The service that answers the calls.
        token: The token that every request must have.
    """

    def __init__(self, service: Service, token: Token) -> None:
        self._server = _Server(service, token)
        self._thread = threading.Thread(
            target=self._server.serve, name="DataLab-companion", daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """The URL."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def open_connections(self) -> int:
        """The number of open connections."""
        return len(self._server.connections)

    def close(self) -> None:
        """End the server, after the requests that it is answering.

        Close the service before this. Requests that take longer than a second are cut
        off.
        """
        self._server.end()
        self._thread.join()
        self._server.server_close()
        self._server.connections.close(_GRACE)


class Connections:
    """The open connections of a server, and those in which a request is answered."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._open: dict[socket.socket, bool] = {}

    def __len__(self) -> int:
        with self._changed:
            return len(self._open)

    def add(self, connection: socket.socket) -> None:
        """Add a connection."""
        with self._changed:
            self._open[connection] = False

    def mark(self, connection: socket.socket, *, is_busy: bool) -> None:
        """Note whether a request is being answered in a connection."""
        with self._changed:
            self._open[connection] = is_busy
            self._changed.notify_all()

    def remove(self, connection: socket.socket) -> None:
        """Remove a connection."""
        with self._changed:
            self._open.pop(connection, None)
            self._changed.notify_all()

    def close(self, grace: float) -> None:
        """Shut down all connections, after at most `grace` seconds for answers."""
        with self._changed:
            self._changed.wait_for(lambda: not any(self._open.values()), grace)
            for connection in self._open:
                _shut_down(connection, socket.SHUT_RDWR)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = False
    request_queue_size = 128

    def __init__(self, service: Service, token: Token) -> None:
        self.service = service
        self.token = token
        self.connections = Connections()
        self._ends = False
        super().__init__(("127.0.0.1", 0), _Handler)

    def serve(self) -> None:
        """Accept connections until `end` is called."""
        # Not `serve_forever`, which looks twice a second whether it should end.
        while not self._ends:
            self.handle_request()

    def end(self) -> None:
        """Accept no more connections."""
        self._ends = True
        with (
            suppress(OSError),
            socket.create_connection(("127.0.0.1", self.server_address[1])),
        ):
            pass  # it only wakes the thread that accepts

    def get_request(self) -> tuple[socket.socket, Any]:
        try:
            return super().get_request()
        except OSError:
            # No more files can be opened. The next attempt would fail at once, too.
            time.sleep(_PAUSE)
            raise

    def server_bind(self) -> None:
        # Not that of HTTPServer, which asks the network for the name of the machine.
        socketserver.TCPServer.server_bind(self)

    def handle_error(self, *_: Any) -> None:
        # The one of the standard library prints to DataLab's console.
        _log.exception("a connection failed")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "DataLab-companion"
    sys_version = ""
    rbufsize = 0
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._timed = TimedSocket(self.connection)
        self.rfile.close()
        self.rfile = self._timed.reader
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.remove(self.connection)
        super().finish()

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:
            # The client went away, or did not send or read in time.
            self.close_connection = True

    def handle_one_request(self) -> None:
        self.close_connection = True
        if not self._timed.reader.peek(1):
            return
        self._timed.expect_head()
        self.command = ""  # `_send` looks at it, and not every request has one
        self.raw_requestline = self.rfile.readline(_LONGEST_LINE + 1)
        if len(self.raw_requestline) > _LONGEST_LINE:
            self.send_error(414)
            return
        if not self.parse_request():
            return
        self.server.connections.mark(self.connection, is_busy=True)
        try:
            self._respond()
        finally:
            self.server.connections.mark(self.connection, is_busy=False)
        self._timed.expect_next_request()

    def handle_expect_100(self) -> bool:
        return True  # answered when the request has been let in

    def send_error(self, code: int, message: str | None = None, *_: Any) -> None:
        """Report a request that is not HTTP; `parse_request` calls this."""
        detail = message or HTTPStatus(code).phrase
        self._refuse(ProtocolError(400, "malformed", detail))

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: a path can contain names of the user's objects."""

    def _respond(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            self._let_in()
            body = self._body(headers)
        except ProtocolError as error:
            self._refuse(error)
            return
        request = Request(self.command, self.path, headers, body)
        self._send(dispatch.answer(self.server.service, request))

    def _let_in(self) -> None:
        access.check_host(_only(self.headers.get_all("Host")))
        access.check_no_origin(self.headers.get("Origin"))
        access.check_token(self.headers.get("Authorization"), self.server.token)

    def _body(self, headers: dict[str, str]) -> Buffer:
        if len(set(self.headers.get_all("Content-Length", []))) > 1:
            raise ProtocolError(400, "malformed", "the body has two lengths")
        length = dispatch.length_of(headers)
        body = dispatch.room_for(length)
        if not length:
            return body
        if headers.get("expect", "").lower() == "100-continue":
            self._timed.send([b"HTTP/1.1 100 Continue\r\n\r\n"])
        self._timed.expect_body(length)
        if self.rfile.readinto(body) < length:
            raise ConnectionAbortedError("the body ends early")
        return body

    def _refuse(self, error: ProtocolError) -> None:
        """Report an error after which the connection is of no more use."""
        self.close_connection = True
        self._send(dispatch.refusal(error))
        # The client may still be sending. Closing at once would take the answer away
        # from it.
        _shut_down(self.connection, socket.SHUT_WR)
        self._timed.drain()

    def _send(self, answer: Answer) -> None:
        headers = answer.headers
        if self.close_connection:
            headers["Connection"] = "close"
        reason = self.responses.get(HTTPStatus(answer.status), ("",))[0]
        lines = [f"HTTP/1.1 {answer.status} {reason}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        body = [] if self.command == "HEAD" else answer.parts
        self._timed.send([head, *body])


def _only(values: list[str] | None) -> str | None:
    """Return the value of a header that may occur once; None otherwise."""
    return values[0] if values and len(values) == 1 else None


def _shut_down(connection: socket.socket, how: int) -> None:
    with suppress(OSError):  # the client was quicker
        connection.shutdown(how)
