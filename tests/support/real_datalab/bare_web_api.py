"""Requests to DataLab's Web API by the standard library, to compare ours with."""

from __future__ import annotations

import http.client

from support.real_datalab.application import Application


class BareWebApi:
    """Requests on a connection that stays.

    Args:
        datalab: The DataLab.
    """

    def __init__(self, datalab: Application) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", datalab.web_port)
        self._headers = {"Authorization": f"Bearer {datalab.token}"}

    def close(self) -> None:
        """Close the connection, which the next request opens again.

        DataLab closes one that was idle for 5 s.
        """
        self._connection.close()

    def __call__(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """Send a request that must succeed, and return the answer.

        Args:
            method: The HTTP method.
            path: The path after ``/api/v1/``.
            body: The content.
        """
        self._connection.request(method, f"/api/v1/{path}", body, self._headers)
        answer = self._connection.getresponse()
        content = answer.read()
        assert answer.status in (200, 201, 204), content[:200]
        return content
