"""Regular requests for the changes in DataLab's window, without a thread."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from datalab_workspace.errors import LiveError
from datalab_workspace.live.companion.client import CompanionClient
from datalab_workspace.live.companion.window_events import WindowEvents
from datalab_workspace.live.transport.base import Timeouts

#: Seconds between two requests, and after one that failed.
_INTERVAL = 1.0
_PAUSE = 10.0
#: Nothing else runs in the kernel while it waits for an answer.
_TIMEOUTS = Timeouts(connect=0.25, read=0.75)


class Poller:
    """A watcher that asks while the event loop is free, as between the cells of a page.

    Args:
        client: A client of its own.
        on_change: Called when something has changed; returns whether to continue.

    Raises:
        RuntimeError: No event loop is running.
    """

    def __init__(self, client: CompanionClient, on_change: Callable[[], bool]) -> None:
        self._loop = asyncio.get_running_loop()
        self._client = client
        self._events = WindowEvents(client)
        self._on_change = on_change
        self._next = self._loop.call_later(_INTERVAL, self._ask)
        self._stopped = False

    @property
    def active(self) -> bool:
        """False once it has been stopped, or is no longer needed."""
        return not self._stopped

    def stop(self) -> None:
        """End the requests."""
        self._stopped = True
        self._next.cancel()
        self._client.close()

    def _ask(self) -> None:
        if self._stopped:
            return
        interval = _INTERVAL
        try:
            if self._events.have_come(0.0, _TIMEOUTS) and not self._on_change():
                self.stop()
        except LiveError as error:
            logging.getLogger(__name__).debug("cannot watch DataLab: %s", error)
            interval = _PAUSE
        except Exception:
            logging.getLogger(__name__).exception("DataLab is no longer watched")
            self.stop()
        if not self._stopped:
            self._next = self._loop.call_later(interval, self._ask)
