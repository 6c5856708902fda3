"""Tokens that the plugin of DataLab's window must hide, and what reports them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from datalab_kernel.desktop import connection
from support.shown_errors import shown

TOKEN = "s3cr3t-of-datalab"
OWN = "s3cr3t-of-jupyter"
URL = "http://127.0.0.1:18080"
RUNNING = {"available": True, "running": True, "url": URL, "token": TOKEN}
#: Seconds within which a process answers on a busy machine.
PATIENCE = 60.0


def is_hidden(error: BaseException) -> bool:
    """Return whether no frame of the package shows a token."""
    # The first frame is that of the test, which has the token in a variable.
    assert error.__traceback__ is not None
    error.__traceback__ = error.__traceback__.tb_next
    return not any(TOKEN in text or OWN in text for text in shown(error))


class Proxy:
    """The object that DataLab gives its plugins, without a DataLab."""

    def __init__(self, status: dict[str, Any], started: Any = None) -> None:
        self._status = status
        self._started = started

    def get_webapi_status(self) -> dict[str, Any]:
        return self._status

    def start_webapi_server(self) -> Any:
        if isinstance(self._started, BaseException):
            raise self._started
        return self._started


def variables(status: dict[str, Any], started: Any = None) -> connection.Variables:
    main = SimpleNamespace(remote_server=SimpleNamespace(port=41000))
    return connection.variables(main, Proxy(status, started))
