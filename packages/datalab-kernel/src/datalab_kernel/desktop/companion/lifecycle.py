"""The companion of one window, from its start to the end of DataLab."""

from __future__ import annotations

import logging
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any

from datalab_kernel.desktop.companion import discovery_file
from datalab_kernel.desktop.companion.http_server import HttpServer
from datalab_kernel.desktop.companion.service import Service
from datalab_workspace.live.transport.token import Token

_log = logging.getLogger(__name__)


class Companion:
    """The server of a window, its service and its discovery file.

    Args:
        main: DataLab's main window, complete.

    Raises:
        Exception: It cannot start, and nothing of it is left.
    """

    def __init__(self, main: Any) -> None:
        self._token = Token(secrets.token_urlsafe(32))
        self._file: Path | None = None
        self._service = Service(main)
        self._server: HttpServer | None = None
        try:
            self._server = HttpServer(self._service, self._token)
            discovery_file.remove_stale()
            self._file = discovery_file.write(
                url=self._server.url, token=self._token, boot=self._service.boot
            )
            self._add_to_web_api()
            main.SIG_CLOSING.connect(self._close)
        except BaseException:
            self._close()
            raise

    def _add_to_web_api(self) -> None:
        """Add the routes to DataLab's Web API whenever that starts."""
        try:
            from datalab.webapi import get_webapi_controller
        except ImportError:  # DataLab 1.0 has none
            return
        controller = get_webapi_controller()
        controller.server_started.connect(self._on_web_api_started)
        if controller.is_running:
            self._on_web_api_started()

    def _on_web_api_started(self, *_: object) -> None:
        try:
            from datalab.webapi import get_webapi_controller

            from datalab_kernel.desktop.companion import asgi

            controller = get_webapi_controller()
            token = Token(controller.token)
            asgi.install(
                controller._uvicorn_server,  # noqa: SLF001  there is no other way
                self._service,
                (self._token, token),
            )
        except Exception:  # noqa: BLE001  a slot must not raise; the own port serves on
            _log.exception("there are no routes at the port of the Web API")

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):
                file.unlink()
        self._service.close()
        if self._server is not None:
            self._server.close()
