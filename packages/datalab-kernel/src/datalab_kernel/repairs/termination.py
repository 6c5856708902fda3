"""The end of the kernel by a signal: SIGTERM and SIGHUP end it as a request does.

Without this module they end the process at once, as they do with every kernel: `atexit`
handlers are not called, and HDF5 files lose what was not written yet. A job scheduler
or the machine sends SIGTERM when it stops, and so does a Jupyter server whose shutdown
request is not obeyed in time. A terminal that is closed sends SIGHUP.

The running cell is interrupted, and the kernel requests its own shutdown. If it has not
ended after `TIMEOUT`, because the cell runs C code or catches the interrupt, HDF5 files
are closed and the process ends. A second signal ends it at once. Code that never
releases Python's global lock delays all of this; only SIGKILL ends it.

A signal that was ignored when the kernel started, as after `nohup`, stays ignored.
Windows has no such signals: there, a process that is terminated runs no code.

Upstream: docs/upstream/termination.md
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import threading
import time
from typing import TYPE_CHECKING

from datalab_kernel.repairs import shutdown
from datalab_kernel.xeus import loop, loopback, pulse
from datalab_kernel.xeus.registry import NotApplicable

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from datalab_kernel.shell.interactive import ZMQInteractiveShell

log = logging.getLogger(__name__)

TIMEOUT = 10.0  # seconds in which the kernel ends in order
LAST = 5.0  # further seconds in which files are closed


def install(shell: ZMQInteractiveShell) -> None:
    """Shut the kernel down when SIGTERM or SIGHUP arrives.

    Raises:
        NotApplicable: On Windows.
    """
    if os.name == "nt":
        raise NotApplicable("Windows has no signals that ask a process to end")
    termination = Termination(shell.endpoint.queue.stop)
    termination.accept()
    loop.when_started(termination.watch)
    pulse.call_every_second(termination.look)
    os.register_at_fork(
        before=termination.block,
        after_in_parent=termination.unblock,
        after_in_child=termination.release,
    )


def end(cause: signal.Signals) -> None:
    """End the kernel as a shutdown request does, in a limited time.

    It must not be called in the main thread, and does not return.

    Args:
        cause: The signal by which the process ends.
    """
    shutdown.end_by(cause)
    threading.Thread(target=_end_late, args=(cause,), daemon=True).start()
    if not shutdown.has_begun():
        os.kill(os.getpid(), signal.SIGINT)
        try:
            _connection = loopback.request_shutdown()
        except OSError:
            log.exception("the kernel cannot request its own shutdown")
    threading.Event().wait()


def _end_late(cause: signal.Signals) -> None:
    time.sleep(TIMEOUT)
    # The running code may hold a lock that closing a file needs.
    last = threading.Timer(LAST, shutdown.leave, args=[cause])
    last.daemon = True  # else the main thread would wait for it if it ends after all
    last.start()
    shutdown.close_files()
    shutdown.leave(cause)


class Termination:
    """The handler of the signals that ask the kernel to end.

    Args:
        stop: It is called as soon as a signal arrives. No cell is answered from then
            on, so that a front end does not take the end for a success.
    """

    def __init__(self, stop: Callable[[], None]) -> None:
        self._stop = stop
        # A signal that a server, or `nohup`, has set to be ignored is left alone.
        self._signals = {
            number
            for number in (signal.SIGTERM, signal.SIGHUP)
            if signal.getsignal(number) == signal.SIG_DFL
        }
        self._mask = threading.local()
        self._wakeup: socket.socket | None = None
        self._ending = False
        self._lock = threading.RLock()  # a signal may interrupt the handler of another
        # Signals in the socket that were handled, and those of them whose handler
        # Python still has to call.
        self._counted, self._noticed = 0, 0

    def accept(self) -> None:
        """Handle the signals, which is possible in the main thread only."""
        for number in self._signals:
            signal.signal(number, self.on_signal)

    def watch(self, running: asyncio.AbstractEventLoop) -> None:
        """Let the signals wake the event loop, whichever thread receives them."""
        for number in self._signals:
            running.add_signal_handler(number, lambda: None)
        self.accept()
        self._wakeup = getattr(running, "_ssock", None)

    def on_signal(self, number: int, _frame: FrameType | None) -> None:
        """Handle a signal, unless `look` has noticed it already."""
        with self._lock:
            if self._noticed:
                self._noticed -= 1
            else:
                self._counted += 1
                self._end(signal.Signals(number))

    def look(self) -> None:
        """Find signals that have arrived while the main thread runs C code.

        Python calls no handler then, nor if a signal arrives just before a function
        such as `time.sleep` begins to wait. But the C handler of Python has written the
        number of the signal to the socket that wakes the event loop, where it waits to
        be read.
        """
        if self._wakeup is None:
            return
        try:
            flags = socket.MSG_PEEK | socket.MSG_DONTWAIT
            waiting = self._wakeup.recv(4096, flags)
        except OSError:  # there is nothing to read, or the loop has ended
            waiting = b""
        with self._lock:
            arrived = [number for number in waiting if number in self._signals]
            self._counted = min(self._counted, len(arrived))
            for number in arrived[self._counted :]:
                self._counted += 1
                self._noticed += 1
                self._end(signal.Signals(number))

    def _end(self, cause: signal.Signals) -> None:
        """Begin to end the kernel; end it at once if this is the second signal."""
        if self._ending:
            shutdown.leave(cause)
        self._ending = True
        self._stop()
        threading.Thread(target=end, args=(cause,), daemon=True).start()

    def block(self) -> None:
        """Block the signals while a process forks.

        One that is sent to the child would reach the kernel through their common socket
        as long as the child has the kernel's handler.
        """
        self._mask.before = signal.pthread_sigmask(signal.SIG_BLOCK, self._signals)

    def unblock(self) -> None:
        """Accept the signals again."""
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask.before)

    def release(self) -> None:
        """Let the signals end a process that was forked, such as a worker of a pool."""
        for number in self._signals:
            if signal.getsignal(number) == self.on_signal:
                signal.signal(number, signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
        self.unblock()
