"""What a user does with a Jupyter server: open its pages, run a notebook's cells."""

from __future__ import annotations

import html
import json
import re
import urllib.request
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from urllib.request import url2pathname

import websocket

_WITHIN = 60.0


def ask(host: str, token: str, method: str, path: str, /, **body: Any) -> Any:
    """Ask the REST API of a Jupyter server."""
    request = urllib.request.Request(
        f"http://{host}/api/{path}",
        method=method,
        data=json.dumps(body).encode() if body else None,
        headers={"Authorization": f"token {token}"},
    )
    with urllib.request.urlopen(request, timeout=_WITHIN) as answer:
        content = answer.read()
    return json.loads(content) if content else None


class Page:
    """A page that a browser was asked to open.

    Args:
        address: The address that it was given, of a file that leads to the page.
    """

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        assert parts.scheme == "file", address
        self.file = Path(url2pathname(parts.path))
        content = self.file.read_text("utf-8")
        (url,) = re.findall(r'http-equiv="refresh" content="0; url=([^"]*)"', content)
        self.url = html.unescape(url)
        page = urlsplit(self.url)
        (self.token,) = parse_qs(page.query)["token"]
        self.host = page.netloc
        self.path = unquote(page.path)
        self.notebook = self.path.rpartition("/")[2]

    def html(self) -> str:
        """Return the page itself."""
        with urllib.request.urlopen(self.url, timeout=_WITHIN) as answer:
            return str(answer.read().decode())

    def api(self, method: str, path: str, /, **body: Any) -> Any:
        """Ask the server's REST API."""
        return ask(self.host, self.token, method, path, **body)

    def kernel(self) -> str:
        """Start the kernel that the notebook asks for, as its page does."""
        model = self.api("GET", f"contents/{self.notebook.replace(' ', '%20')}")
        session = self.api(
            "POST",
            "sessions",
            path=self.notebook,
            name=self.notebook,
            type="notebook",
            kernel={"name": model["content"]["metadata"]["kernelspec"]["name"]},
        )
        return str(session["kernel"]["id"])

    def run(self, kernel: str, code: str) -> str:
        """Run a cell; return all that it shows, an error's message too."""
        connection = websocket.create_connection(
            f"ws://{self.host}/api/kernels/{kernel}/channels",
            header=[f"Authorization: token {self.token}"],
            timeout=_WITHIN,
        )
        try:
            return _run(connection, code)
        finally:
            connection.close()


def _run(connection: websocket.WebSocket, code: str) -> str:
    header = {
        "msg_id": uuid.uuid4().hex,
        "msg_type": "execute_request",
        "username": "",
        "session": uuid.uuid4().hex,
        "version": "5.3",
    }
    request = {
        "header": header,
        "parent_header": {},
        "metadata": {},
        "content": {"code": code, "silent": False, "allow_stdin": False},
        "channel": "shell",
        "buffers": [],
    }
    connection.send(json.dumps(request))
    shown = ""
    while True:
        message = json.loads(connection.recv())
        parent = message["parent_header"] or {}
        if parent.get("msg_id") != header["msg_id"]:
            continue
        content = message["content"]
        shown += content.get("text", "")
        shown += content.get("data", {}).get("text/plain", "")
        if message["msg_type"] == "error":
            shown += f"{content['ename']}: {content['evalue']}"
        # The reply may come before what the cell shows, the state never does.
        if message["msg_type"] == "status" and content["execution_state"] == "idle":
            return shown
