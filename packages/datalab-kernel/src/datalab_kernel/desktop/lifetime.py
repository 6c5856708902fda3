"""The end of a Jupyter server that no one uses.

This module runs in the Jupyter server's process.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datalab_kernel.desktop.service import Service

#: The variable that sets for how many hours an unused server is kept.
VARIABLE = "DATALAB_JUPYTER_KEEP_HOURS"
HOURS = 12.0
#: Seconds between two looks at the server, at most.
_INTERVAL = 60.0


def hours() -> float:
    """Return the hours for which an unused server is kept.

    Raises:
        ValueError: The variable is not a positive number.
    """
    text = os.environ.get(VARIABLE, "").strip()
    if not text:
        return HOURS
    try:
        given = float(text)
    except ValueError:
        given = 0.0
    if not given > 0:
        raise ValueError(
            f"{VARIABLE} is {text!r}; expected a positive number of hours, or 'inf'"
        )
    return given


class Lifetime:
    """The watch over a server, which is stopped when it is unused for some time.

    A server is unused while no DataLab window is attached, no page shows one of its
    notebooks, no kernel computes, and no request arrives.

    Args:
        server: The application of jupyter-server.
        service: The server's side of the window.
        seconds: Seconds after which an unused server is stopped.
    """

    def __init__(self, server: Any, service: Service, seconds: float) -> None:
        self._server = server
        self._service = service
        self._limit = seconds
        self._used = time.monotonic()
        self._last_activity: Any = None

    def watch(self) -> None:
        """Look at the server from time to time."""
        from tornado.ioloop import PeriodicCallback

        interval = min(_INTERVAL, self._limit / 4)
        PeriodicCallback(self._look, 1000 * interval).start()

    def _look(self) -> None:
        now = time.monotonic()
        if self._is_used():
            self._used = now
        elif now - self._used >= self._limit:
            self._server.log.info("Unused for %.0f s; stopping", self._limit)
            self._service.stop()

    def _is_used(self) -> bool:
        before, self._last_activity = (
            self._last_activity,
            self._server.web_app.last_activity(),
        )
        return (
            self._service.attached
            or before != self._last_activity
            or any(map(_is_in_use, self._server.kernel_manager.list_kernels()))
        )


def _is_in_use(kernel: dict[str, Any]) -> bool:
    return bool(kernel["connections"]) or kernel["execution_state"] == "busy"
