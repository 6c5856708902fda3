"""When a cell fails, those that wait behind it are not run.

xeus-python runs them, and reports the first one's error once more for each: what a
cell's answer says is read from the shell, where a cell that came later, or the one
that ran before, has left its mark.

Whether a cell's failure is to stop those behind it is for the front end to say, for
each cell: JupyterLab goes on behind one that is tagged `raises-exception`. What it says
does not reach Python, but it shows: xeus-python then drops what it has not read yet.
"""

from __future__ import annotations

import asyncio
import sys
import traceback
from typing import TYPE_CHECKING, Any

from datalab_kernel.repairs import stdin
from datalab_kernel.xeus import cells, loopback, sockets
from datalab_kernel.xeus.registry import NotApplicable

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from xeus_python_shell.shell import XPythonShell

RUNNER = "xeus_loop_runner"
ABORTED = "an earlier cell failed, so this one was not run"
LOST = "the cell was ended from outside"


def install(shell: XPythonShell) -> None:
    """Run the cells of `shell` one after the other, up to the first that fails."""
    module = sys.modules[type(shell).__module__]
    if not cells.are_tasks(shell):
        raise NotApplicable("this xeus-python drops the cells behind an error itself")
    if not hasattr(module, RUNNER):
        raise NotApplicable(f"{module.__name__} has no {RUNNER}")
    queue = Queue(shell)
    run_cell_async = shell.run_cell_async

    def run(raw_cell: str, done_callback: Callable[[], None], **options: Any) -> Any:
        queue.silent = bool(options.get("silent", False))
        return run_cell_async(raw_cell, Answer(done_callback), **options)

    shell.run_cell_async = run
    setattr(module, RUNNER, queue)


class Answer:
    """Answers a request, and forgets how.

    What xeus-python undoes when the function goes, it must undo then and there: the
    frames of a traceback may keep all that was at hand when a cell was run.
    """

    def __init__(self, function: Callable[[], None]) -> None:
        self._function: Callable[[], None] | None = function

    def __call__(self) -> None:
        """Answer, if that has not been done."""
        function, self._function = self._function, None
        if function is not None:
            function()


class Queue:
    """Runs cells, in place of xeus-python-shell's own runner."""

    def __init__(self, shell: XPythonShell) -> None:
        self._shell = shell
        self._lock = asyncio.Lock()
        self._arrived = 0
        self._aborted = 0  # all cells that arrived up to this one
        self._tasks: set[asyncio.Task[None]] = set()
        self.silent = False

    def __call__(
        self,
        cell: Coroutine[Any, Any, Any],
        post_execute: Callable[[Any], None],
        reply: Callable[[], None],
    ) -> None:
        """Run a cell when those before it have been answered, and answer it."""
        self._arrived += 1
        turn = self._run(
            cell,
            post_execute,
            reply,
            self._arrived,
            silent=self.silent,
            prepare=stdin.keep(),
        )
        task = asyncio.get_running_loop().create_task(turn)
        self._tasks.add(task)  # or the loop alone would hold it, weakly
        task.add_done_callback(self._tasks.discard)

    async def _run(
        self,
        cell: Coroutine[Any, Any, Any],
        post_execute: Callable[[Any], None],
        reply: Callable[[], None],
        number: int,
        *,
        silent: bool,
        prepare: Callable[[], None],
    ) -> None:
        async with self._lock:
            error: list[Any] | None = ["Error", LOST, [LOST]]
            try:
                if number <= self._aborted:
                    cell.close()
                    error = ["Aborted", ABORTED, [f"Aborted: {ABORTED}"]]
                    silent = True
                else:
                    prepare()
                    error = await self._execute(cell, post_execute)
            finally:
                failed = error is not None and not silent

                def answer() -> None:
                    self._shell.last_error = error
                    self._answer(reply, number, failed=failed)

                try:
                    if failed:
                        # Or front ends wait for ever for what is dropped unread: it is
                        # answered, but not said to be done.
                        loopback.when_all_is_read(answer)
                    else:
                        answer()
                finally:
                    sockets.read_soon()

    def _answer(self, reply: Callable[[], None], number: int, *, failed: bool) -> None:
        behind = self._arrived  # what came while it ran, and was read
        if not failed or behind == number:
            reply()
        elif loopback.is_dropped_by(reply):
            self._aborted = behind

    async def _execute(
        self, cell: Coroutine[Any, Any, Any], post_execute: Callable[[Any], None]
    ) -> list[Any] | None:
        """Run a cell; return its error.

        The loop is let go on twice, once so that what the cell scheduled is done
        before figures and widgets are brought up to date. A request that comes then
        makes xeus-python reset `last_error`.
        """
        self._shell.last_error = None
        try:
            result = await cell
        except Exception as failure:  # noqa: BLE001  # of what reports an error
            lines = traceback.format_exception(failure)
            return [type(failure).__name__, lines[-1].strip(), lines]
        error = self._shell.last_error
        await asyncio.sleep(0)
        self._shell.last_error = error
        post_execute(result)
        error = self._shell.last_error
        sockets.read_soon()
        await asyncio.sleep(0)
        return error  # type: ignore[no-any-return]
