"""Jobs: functions that threads of the server hand over to the thread of the window.

A job that was not carried out in time is never carried out. DataLab's drawing runs the
event loop, so that a job can arrive while another one runs. It waits then, unless the
running job has a dialog open, which the user may leave open for long.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QObject, Qt, QTimer, Signal

from datalab_kernel.desktop.companion.dialogs import open_dialog, progress_is_shown
from datalab_kernel.desktop.companion.exchange import ProtocolError

_log = logging.getLogger(__name__)
_RETRY_MS = 50


class Job:
    """A function to call in the thread of the window, and its result.

    Args:
        function: Called with the job.
        writes: It changes something, so that it is refused while a dialog is open.
        is_long: It runs the event loop, in which others may read.
    """

    def __init__(
        self, function: Callable[[Job], Any], *, writes: bool, is_long: bool = False
    ) -> None:
        self.writes = writes
        self.is_long = is_long
        self._function = function
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._abandoned = False
        self._committed = False
        self._result: Any = None
        self._error: Exception | None = None

    @property
    def abandoned(self) -> bool:
        """Whether no client waits for the result."""
        return self._abandoned

    def commit(self) -> None:
        """State that the work is done; from now on it is not abandoned.

        Raises:
            ProtocolError: It was abandoned. What was done must be undone.
        """
        with self._lock:
            if self._abandoned:
                raise not_in_time()
            self._committed = True

    def abandon(self) -> bool:
        """Return whether the job is abandoned, which a committed job is not."""
        with self._lock:
            self._abandoned = not self._committed
            return self._abandoned

    def carry_out(self) -> None:
        """Call the function, and keep its result or its error."""
        try:
            self._result = self._function(self)
        except ProtocolError as error:
            self._error = error
        except Exception as error:  # noqa: BLE001  a defect must not reach the window
            _log.exception("a request to the companion failed")
            reason = f"{type(error).__name__}: {error}"
            self._error = ProtocolError(500, "failed", f"the server failed: {reason}")
        finally:
            self._ended.set()

    def refuse(self, error: ProtocolError) -> None:
        """End the job with an error, without calling the function."""
        self._error = error
        self._ended.set()

    def ends(self, wait: float | None) -> bool:
        """Wait, and return whether the job has ended."""
        return self._ended.wait(wait)

    def result(self) -> Any:
        """Return the result of a job that has ended.

        Raises:
            ProtocolError: The function raised it, or any other exception.
        """
        if self._error is not None:
            raise self._error
        return self._result


class Jobs(QObject):  # type: ignore[misc]  # the Qt binding is DataLab's
    """The queue of jobs for the thread of the window, in which it is created."""

    _posted = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lock = threading.Lock()
        self._queue: list[Job] = []
        self._running: list[Job] = []
        self._closed = False
        self._retry = QTimer(self)
        self._retry.setSingleShot(True)
        self._retry.setInterval(_RETRY_MS)
        self._retry.timeout.connect(self._work)
        self._posted.connect(self._work, Qt.QueuedConnection)

    @property
    def running(self) -> bool:
        """Whether a job runs."""
        return bool(self._running)

    def run(
        self,
        function: Callable[[Job], Any],
        *,
        wait: float,
        writes: bool = False,
        is_long: bool = False,
    ) -> Any:
        """Call a function in the thread of the window; return its result.

        Args:
            function: Called with the job.
            wait: Seconds to wait.
            writes: It changes something.
            is_long: It runs the event loop, in which others may read.

        Raises:
            ProtocolError: It did not run in time, a dialog is open and it writes,
                DataLab is closing, or the function raised an exception.
        """
        job = Job(function, writes=writes, is_long=is_long)
        with self._lock:
            if self._closed:
                raise closing()
            self._queue.append(job)
        self._posted.emit()
        if not job.ends(wait):
            if job.abandon():
                with self._lock:
                    if job in self._queue:
                        self._queue.remove(job)
                raise not_in_time()
            job.ends(None)
        return job.result()

    def close(self) -> None:
        """Refuse all jobs that wait, and all later ones."""
        with self._lock:
            self._closed = True
            waiting, self._queue = self._queue, []
        for job in waiting:
            job.refuse(closing())

    def _work(self) -> None:
        """Carry out the jobs that can be carried out now."""
        while (job := self._next()) is not None:
            dialog = open_dialog() if job.writes else None
            if dialog is not None:
                job.refuse(refused_by(dialog))
                continue
            self._running.append(job)
            try:
                job.carry_out()
            finally:
                self._running.pop()

    def _next(self) -> Job | None:
        """Take the first job that need not wait from the queue."""
        dialog = open_dialog()
        if dialog is None and not all(job.is_long for job in self._running):
            return None  # the outer call of _work continues
        waits = dialog is None and (self.running or progress_is_shown())
        with self._lock:
            for position, job in enumerate(self._queue):
                if not (waits and job.writes):
                    return self._queue.pop(position)
            if self._queue and not self.running:
                self._retry.start()
        return None


def refused_by(dialog: str) -> ProtocolError:
    """Return the error of a request that writes while a dialog is open."""
    return ProtocolError(
        423,
        "dialog",
        f"the dialog {dialog!r:.80} is open in DataLab's window; close it first",
        dialog=dialog,
    )


def not_in_time() -> ProtocolError:
    """Return the error of a request that the window did not get to."""
    return ProtocolError(
        423, "busy", "DataLab did not get to the request in time; nothing was done"
    )


def closing() -> ProtocolError:
    """Return the error of a request while DataLab is closing."""
    return ProtocolError(503, "closing", "DataLab is closing")
