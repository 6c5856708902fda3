"""Interrupts: SIGINT stops the running code, not the kernel.

xeus-python's wheel installs a C handler for SIGINT that ends the process. The
workspace is then lost. `jupyter_client` sends this signal before it shuts a kernel
down, so even an orderly shutdown skips the `atexit` handlers.

The operating system may also deliver the signal to a thread other than the main one.
If xeus-python waits for a message in that thread, the interrupted wait ends the
process. If it is one of IPython's threads, the main thread continues to sleep.
Therefore all threads except the main one block the signal.

Upstream: https://github.com/jupyter-xeus/xeus/issues/272
"""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from datalab_kernel import qt
from datalab_kernel.xeus import cells, interrupts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType, FrameType, TracebackType

    from xeus_python_shell.shell import XPythonShell

# The module of the first frame of the task in which a cell runs.
CELL_RUNNER = "datalab_kernel.shell.queue"
CAN_BLOCK = interrupts.CAN_BLOCK


def install(shell: XPythonShell) -> None:
    """Let SIGINT interrupt the code that a shell runs.

    The signal is ignored while the kernel is idle, starts or ends.
    """
    interrupter = Interrupter(shell)
    shell.run_ast_nodes = interrupter.run_ast_nodes
    shell.showtraceback = interrupter.showtraceback
    signal.signal(signal.SIGINT, interrupter.on_signal)
    interrupts.listen(interrupter.wake)


def prepare() -> None:
    """Block SIGINT in the threads that start before the first cell.

    They inherit the signals that are blocked here; the main thread unblocks it later.
    """
    interrupts.block()


class Interrupter:
    """The handler of SIGINT, which stops the user code that is running.

    An exception in the kernel's own code would end the event loop (a
    `KeyboardInterrupt`) or lose the reply that the front end waits for. So an exception
    is raised only where a handler is known to exist: within the statements of a cell,
    or in a task or callback that a cell started.
    """

    def __init__(self, shell: XPythonShell) -> None:
        self._shell = shell
        self._run_statements = shell.run_ast_nodes
        self._show_traceback = shell.showtraceback
        self._in_statements = False
        self._task: asyncio.Task[Any] | None = None
        self._ready = False
        # If cells are calls, xeus-python waits for messages in C++ code of its own,
        # which treats an interrupted wait as the end.
        self._block_between_cells = CAN_BLOCK and not cells.run_as_tasks(shell)

    async def run_ast_nodes(self, *args: Any, **kwargs: Any) -> bool:
        """Run a cell's statements, as `InteractiveShell.run_ast_nodes` does.

        Returns:
            Whether an exception ended them.
        """
        if not self._ready:
            self._accept_signal()
        outer = self._in_statements, self._task
        try:
            self._task = asyncio.current_task() if _loop_is_running() else None
            self._in_statements = True
            return bool(await self._run_statements(*args, **kwargs))
        except (KeyboardInterrupt, asyncio.CancelledError) as error:
            # It arrived just before or after the statements that IPython guards.
            self._in_statements = False
            result = kwargs.get("result")
            if result is not None and result.error_in_exec is None:
                result.error_in_exec = error
            self._shell.showtraceback()
            return True
        finally:
            self._in_statements, self._task = outer
            if self._block_between_cells and not self._in_statements:
                self._ready = False
                signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})

    def showtraceback(self, *args: Any, **kwargs: Any) -> None:
        """Report an error, as `InteractiveShell.showtraceback` does.

        The frame of the signal handler is removed: the traceback ends in the user's own
        line.
        """
        _end_before(sys.exc_info()[2], Interrupter.on_signal.__code__)
        self._show_traceback(*args, **kwargs)

    def on_signal(self, _number: int, frame: FrameType | None) -> None:
        """Stop the user code that is running.

        Raises:
            KeyboardInterrupt: In a cell's statements, or in a callback of Qt.
            asyncio.CancelledError: In code that a cell left running: a background task,
                a timer or a widget's callback. Only that task or call ends.
        """
        if self._reports_error(frame):
            return
        current = asyncio.current_task() if _loop_is_running() else None
        if self._in_statements:
            if current is self._task:
                raise KeyboardInterrupt
            self._cancel_soon()
        if qt.runs_callback(_stack(frame)):
            raise KeyboardInterrupt
        if self._in_background_code(frame, current):
            raise asyncio.CancelledError("interrupted")

    def wake(self) -> None:
        """Let a cell's event loop notice a signal while it waits; from any thread."""
        task = self._task
        if task is not None:
            task.get_loop().call_soon_threadsafe(lambda: None)

    def _accept_signal(self) -> None:
        """Accept the signal, but discard one that arrived before the cell."""
        self._ready = True
        if _loop_is_running():
            with suppress(NotImplementedError):  # on Windows
                # The signal then wakes the loop even if it arrives just before the loop
                # starts to wait. The handler itself must be ours.
                loop = asyncio.get_running_loop()
                loop.add_signal_handler(signal.SIGINT, lambda: None)
                signal.signal(signal.SIGINT, self.on_signal)
        if CAN_BLOCK:
            while signal.SIGINT in signal.sigpending():
                signal.sigwait({signal.SIGINT})
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})

    def _cancel_soon(self) -> None:
        """Cancel what the cell awaits, unless the cell has resumed by then."""
        task = self._task
        if task is None:
            return

        def cancel() -> None:
            if self._in_statements and self._task is task:
                task.cancel()

        task.get_loop().call_soon_threadsafe(cancel)

    def _reports_error(self, frame: FrameType | None) -> bool:
        """Return whether a failed cell's traceback is being written."""
        report = Interrupter.showtraceback.__code__
        return any(outer.f_code is report for outer in _stack(frame))

    def _in_background_code(
        self, frame: FrameType | None, current: asyncio.Task[Any] | None
    ) -> bool:
        """Return whether user code runs outside any cell."""
        if current is not None and any(
            outer.f_globals.get("__name__") == CELL_RUNNER for outer in _stack(frame)
        ):
            return False
        return any(outer.f_globals is self._shell.user_ns for outer in _stack(frame))


def _stack(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _end_before(traceback: TracebackType | None, code: CodeType) -> None:
    """End a traceback before the first call of `code`."""
    while traceback is not None:
        if traceback.tb_next is not None and traceback.tb_next.tb_frame.f_code is code:
            traceback.tb_next = None
        traceback = traceback.tb_next


def _loop_is_running() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
