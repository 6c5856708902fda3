"""The companion of a running DataLab, with a client of the standard library."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from datalab_workspace.live.codecs import frame
from datalab_workspace.live.codecs.frame import FrameWriter

#: Longer than anything takes: reaching it means that the companion hangs.
CALL = 30.0


class EndpointError(AssertionError):
    """An answer that no test expects."""


@dataclass(frozen=True)
class Companion:
    """An address of the companion's protocol.

    Attributes:
        url: Its URL.
        token: Its token.
        pid: The process that it is in.
        boot: The UUID of its start.
    """

    url: str
    token: str
    pid: int
    boot: str

    @classmethod
    def described_by(cls, file: Path) -> Companion:
        """Return what a discovery file describes.

        Raises:
            OSError: There is no such file.
        """
        return cls(**json.loads(file.read_text("utf-8")))

    def at(self, url: str, token: str | None = None) -> Companion:
        """Return the same companion at another address, with another token."""
        return Companion(url, token or self.token, self.pid, self.boot)

    def connect(self, timeout: float = CALL) -> http.client.HTTPConnection:
        """Return a connection, which is opened when it is used."""
        url = urlsplit(self.url)
        assert url.hostname is not None
        return http.client.HTTPConnection(url.hostname, url.port, timeout=timeout)

    @property
    def authorization(self) -> dict[str, str]:
        """The header with the token."""
        return {"Authorization": f"Bearer {self.token}"}

    def send(
        self,
        method: str,
        path: str,
        content: dict[str, Any] | None = None,
        *,
        frame_of: FrameWriter | None = None,
        timeout: float = CALL,
    ) -> tuple[int, dict[str, Any]]:
        """Send a request; return the status and the JSON, or the header of the frame.

        Args:
            method: The HTTP method.
            path: The path after ``/api/kernel/v1/``.
            content: The JSON of the request.
            frame_of: The arrays of the request.
            timeout: Seconds for each step of the exchange.
        """
        body, kind = b"", "application/json"
        if frame_of is not None:
            body = b"".join(frame_of.parts(content or {}))
            kind = frame.MEDIA_TYPE
        elif content is not None:
            body = json.dumps(content).encode()
        connection = self.connect(timeout)
        try:
            headers = self.authorization | {"Content-Type": kind}
            connection.request(method, f"/api/kernel/v1/{path}", body, headers)
            answer = connection.getresponse()
            received = answer.read()
        finally:
            connection.close()
        if answer.headers["Content-Type"] == frame.MEDIA_TYPE:
            return answer.status, frame.read(received)[0]
        return answer.status, json.loads(received)

    def ask(
        self, method: str, path: str, content: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Send a request that must succeed; return its JSON.

        Raises:
            EndpointError: It did not.
        """
        status, answer = self.send(method, path, content)
        if status != 200:
            raise EndpointError(f"{method} {path}: {status} {answer}")
        return answer
