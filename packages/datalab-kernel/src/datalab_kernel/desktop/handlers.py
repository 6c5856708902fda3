"""The requests of DataLab windows to the Jupyter server.

Every request needs the server's token. A window is attached as long as its request
`window` is open, so the server notices when the window ends in any way. This module
runs in the Jupyter server's process.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado import web
from tornado.iostream import StreamClosedError

from datalab_kernel.desktop.protocol import decode
from datalab_kernel.desktop.rest import PREFIX
from datalab_kernel.desktop.service import Service

IN_USE = "another DataLab window uses this Jupyter server"
#: Seconds between two looks at the running notebooks.
_INTERVAL = 1.0


def add(server: Any, service: Service) -> None:
    """Add the handlers to a server.

    Args:
        server: The application of jupyter-server.
        service: The server's side of the window.
    """
    classes = {"window": _Window, "open": _Open, "stop": _Stop}
    server.web_app.add_handlers(
        ".*$",
        [
            (url_path_join(server.base_url, PREFIX, name), cls, {"service": service})
            for name, cls in classes.items()
        ],
    )


class _Handler(APIHandler):
    def initialize(self, service: Service) -> None:
        """Take the service."""
        self._service = service

    def _body(self) -> dict[str, Any]:
        body = decode(self.request.body.decode())
        if body is None:
            raise web.HTTPError(400, "the body is incomplete")
        return body


class _Window(_Handler):
    """The state of the server, and the connection of a window."""

    @web.authenticated
    async def get(self) -> None:
        """Return whether a window is attached, and what runs."""
        state = await self._service.activity()
        self.finish(json.dumps(state | {"attached": self._service.attached}))

    @web.authenticated
    async def post(self) -> None:
        """Attach a window until it closes this connection.

        The answer is a line now, and after each start or end of a kernel.
        """
        self._closed = asyncio.Event()
        if not self._service.attach(self._body()["environment"]):
            raise web.HTTPError(409, IN_USE)
        try:
            await self._report()
        except StreamClosedError:  # the window has ended
            return
        finally:
            self._service.attached = False

    async def _report(self) -> None:
        reported: dict[str, Any] = {}
        while not self._closed.is_set():
            activity = await self._service.activity()
            if activity != reported:
                reported = activity
                line = activity | {"folder": str(self._service.folder)}
                self.write(json.dumps(line) + "\n")
                await self.flush()
            try:
                await asyncio.wait_for(self._closed.wait(), _INTERVAL)
            except asyncio.TimeoutError:
                continue

    def on_connection_close(self) -> None:
        """Note that the window has closed the connection."""
        super().on_connection_close()
        self._closed.set()


class _Open(_Handler):
    """Pages in the user's browser."""

    @web.authenticated
    async def post(self) -> None:
        """Open a page, whose kernel gets the variables in the request."""
        body = self._body()
        self._service.use(body["environment"])
        answer = await self._service.open(new=body["new"], file=body["file"])
        self.finish(json.dumps(answer))


class _Stop(_Handler):
    """The end of the server."""

    @web.authenticated
    async def post(self) -> None:
        """Stop the server and its kernels, after the answer."""
        body = self._body()
        if body["left_over"] and self._service.attached:
            raise web.HTTPError(409, IN_USE)
        if body["detach"]:
            self._service.attached = False
        self.finish("{}")
        self._service.stop()
