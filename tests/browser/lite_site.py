"""A JupyterLite site on loopback: what was built, with our packages packed in."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

#: Where the kernel's page looks for the packages that are unpacked at its start.
KERNEL = "/extensions/@jupyterlite/xeus-python-kernel/static"
_SITE_PACKAGES = "lib/python3.11/site-packages"
#: What makes a page cross-origin isolated, which some sites are.
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
        *args: object,
        **options: object,
    ) -> None:
        self.files, self.headers_sent = files, headers
        super().__init__(*args, **options)

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
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
        for name, value in self.headers_sent.items():
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


def with_packages(folder: Path, packages: Mapping[str, Path]) -> dict[str, bytes]:
    """Return what a site is to serve for its kernel to have packages of ours.

    Args:
        folder: The built site.
        packages: Source folders of Python packages, by their names.
    """
    meta = json.loads((folder / f"{KERNEL[1:]}/empack_env_meta.json").read_text())
    files = {}
    for name, source in packages.items():
        stem = f"{name}-0-0"
        files[f"{KERNEL}/{stem}.tar.gz"] = _packed(source)
        meta["packages"].append(
            {
                "name": name,
                "version": "0",
                "build": "0",
                "filename_stem": stem,
                "filename": f"{stem}.tar.gz",
            }
        )
    files[f"{KERNEL}/empack_env_meta.json"] = json.dumps(meta).encode()
    return files


def _packed(source: Path) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for path in sorted(source.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                place = path.relative_to(source.parent).as_posix()
                archive.add(path, f"{_SITE_PACKAGES}/{place}")
    return gzip.compress(packed.getvalue(), compresslevel=1)
