"""A server that answers as DataLab's Web API, and repeats the token when it fails."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote

STATUS = {
    "running": True,
    "version": "1.3.0",
    "api_version": "v1",
    "localhost_no_token": False,
}


def echo(header: str) -> str:
    """Return everything that a server might repeat from the header that it got."""
    token = header.removeprefix("Bearer ")
    encoded = [base64.b64encode(text.encode()).decode() for text in (header, token)]
    return f"{header} \x1b[31m \x00 {token} {quote(token, safe='')} {' '.join(encoded)}"


class FakeDataLab(BaseHTTPRequestHandler):
    """A handler that answers as DataLab's Web API, or fails as `server.mode` says."""

    protocol_version = "HTTP/1.1"
    server: Any

    def answer(self) -> None:
        header = self.headers.get("Authorization", "")
        mode, self.server.seen = self.server.mode, header
        if mode == "hang":
            self.server.released.wait(30)
            return
        if mode == "break":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n")
            self.wfile.write(echo(header).encode())
            self.close_connection = True
            return
        if mode == "malformed":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nno header\r\n")
            self.wfile.write(header.encode() + b"\r\nContent-Length: 0\r\n\r\n")
            self.close_connection = True
            return
        if mode == "garbage":
            self.wfile.write(echo(header).encode())
            self.close_connection = True
            return
        status, content = 200, self._content(header)
        if "/objects/" in self.path:  # it has none
            status, content = 404, {"detail": "not found"}
        if mode in ("401", "403", "422", "500"):
            status, content = int(mode), {"detail": echo(header)}
        elif mode == "not JSON":
            content = None
        elif mode == "other JSON":
            content = {"echo": echo(header), "running": echo(header)}
        self.send_response(status)
        if mode == "cookie":
            self.send_header("Set-Cookie", f"last={header.removeprefix('Bearer ')}")
        body = echo(header) if content is None else json.dumps(content)
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def _content(self, header: str) -> Any:
        if self.path.endswith("/status"):
            version = echo(header) if self.server.mode == "echo" else "1.3.0"
            return STATUS | {"version": version}
        return {"objects": [], "count": 0}

    do_GET = do_PUT = do_POST = do_DELETE = do_PATCH = answer  # noqa: N815  the names of http.server

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@contextmanager
def fake_web_api() -> Iterator[Any]:
    """Run the server; its `mode` says how it fails, and `seen` has the last header."""
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), FakeDataLab)
    server.daemon_threads = True
    server.mode, server.released = "", threading.Event()
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
