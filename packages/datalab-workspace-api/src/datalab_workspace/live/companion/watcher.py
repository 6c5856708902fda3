"""Wait in a thread for changes in DataLab's window, and report them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from datalab_workspace.errors import LiveError
from datalab_workspace.live.companion.client import CompanionClient
from datalab_workspace.live.companion.window_events import WindowEvents

#: The thread that waits.
THREAD_NAME = "datalab-workspace-watcher"
#: Seconds of one request that waits for a change.
_TURN = 25.0
#: Seconds after a request that failed.
_PAUSE = 2.0


class ThreadedWatcher:
    """A daemon thread that waits for changes.

    Args:
        client: A client of its own.
        on_change: Called in the thread when something has changed; returns whether to
            continue.
    """

    def __init__(self, client: CompanionClient, on_change: Callable[[], bool]) -> None:
        self._client = client
        self._events = WindowEvents(client)
        self._on_change = on_change
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=THREAD_NAME, daemon=True)
        self._thread.start()

    @property
    def active(self) -> bool:
        """False once the thread has ended; after os.fork(), in the child."""
        return self._thread.is_alive() and not self._stopped.is_set()

    def stop(self) -> None:
        """End the thread at its next change, or at the end of its request."""
        self._stopped.set()

    def _run(self) -> None:
        try:
            while not self._stopped.is_set():
                if self._has_changed() and not self._on_change():
                    return
        except Exception:
            logging.getLogger(__name__).exception("DataLab is no longer watched")
        finally:
            self._client.close()

    def _has_changed(self) -> bool:
        """Wait for a change, and return whether there is one."""
        try:
            changed = self._events.have_come(_TURN)
        except LiveError as error:
            logging.getLogger(__name__).debug("cannot watch DataLab: %s", error)
            self._stopped.wait(_PAUSE)
            return False
        return changed and not self._stopped.is_set()
