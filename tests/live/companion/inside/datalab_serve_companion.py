"""A DataLab plugin that serves the companion's answers; in DataLab's environment.

It writes its port into the file that the environment variable names.
"""

from __future__ import annotations

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from datalab.plugins import PluginBase, PluginInfo

from datalab_kernel.desktop.companion.exchange import Call, ProtocolError, Reply
from datalab_kernel.desktop.companion.service import Service
from datalab_workspace.live.codecs import frame


class Handler(BaseHTTPRequestHandler):
    """Hands each request to the service."""

    protocol_version = "HTTP/1.1"
    service: Service

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def log_message(self, *_: Any) -> None:
        """Print nothing."""

    def _answer(self) -> None:
        body = bytearray(int(self.headers.get("Content-Length", 0)))
        self.rfile.readinto(body)
        url = urlsplit(self.path)
        header, arrays = {}, []
        if self.headers.get("Content-Type") == frame.MEDIA_TYPE:
            header, arrays = frame.read(body)
        elif body:
            header = json.loads(bytes(body))
        call = Call(
            self.command,
            tuple(url.path.removeprefix("/kernel/v1/").split("/")),
            dict(parse_qsl(url.query)),
            self.headers.get("DataLab-Client"),
            header,
            arrays,
        )
        try:
            status, reply = 200, self.service.answer(call)
        except ProtocolError as error:
            status = error.status
            told = {"error": error.error, "detail": error.detail}
            reply = Reply({**told, **error.extra})
        parts = [json.dumps(reply.header).encode()]
        media = "application/json"
        if reply.content is not None:
            parts, media = [reply.content[0]], reply.content[1]
        elif reply.frame is not None:
            parts, media = reply.frame.parts(reply.header), frame.MEDIA_TYPE
        self.send_response(status)
        self.send_header("Content-Type", media)
        self.send_header("Content-Length", str(sum(map(len, parts))))
        self.end_headers()
        for part in parts:
            self.wfile.write(part)


class CompanionForTests(PluginBase):
    """Starts the server with the window."""

    PLUGIN_INFO = PluginInfo(name="Companion for tests", version="1", description="")

    def register_hooks(self) -> None:
        """Do nothing: the panels are not complete yet."""

    def create_actions(self) -> None:
        """Start the server."""
        if hasattr(self.main, "companion"):
            return
        self.main.companion = service = Service(self.main)
        self.main.SIG_CLOSING.connect(service.close)
        handler = type("BoundHandler", (Handler,), {"service": service})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
        path = Path(os.environ["DATALAB_TEST_COMPANION"])
        path.with_suffix(".new").write_text(str(server.server_port))
        path.with_suffix(".new").rename(path)
