"""Sites on loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

#: What makes a page cross-origin isolated, as some sites are.
ISOLATED = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
}


class _Handler(SimpleHTTPRequestHandler):
    """Serves files from memory, then from a folder."""

    extensions_map = {
        **SimpleHTTPRequestHandler.extensions_map,
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def __init__(
        self,
        files: Mapping[str, bytes],
        headers: Mapping[str, str],
        *args: Any,
        **options: Any,
    ) -> None:
        self.files, self.more_headers = files, headers
        super().__init__(*args, **options)

    def do_GET(self) -> None:
        path = urlsplit(self.path).path.lstrip("/")
        content = self.files.get(path)
        if content is None:
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def end_headers(self) -> None:
        for name, value in self.more_headers.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@contextmanager
def served(
    folder: Path,
    files: Mapping[str, bytes] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Iterator[str]:
    """Serve a folder on loopback.

    Args:
        folder: The folder.
        files: What is served besides, or instead, by its path.
        headers: What is sent with everything.

    Yields:
        URL of the site.
    """
    handler = partial(_Handler, files or {}, headers or {}, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
