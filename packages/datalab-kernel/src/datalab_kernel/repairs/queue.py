"""The queue of cells: a cell that fails stops the cells that wait behind it.

xeus-python runs the waiting cells, and may report the error of the failed cell again
for each of them. It reads the content of a reply from attributes of the shell, and
these may belong to a cell that ran before or that arrived later.

The front end decides for each cell whether its failure stops the cells behind it.
JupyterLab, for example, continues after a cell with the tag `raises-exception`. Python
code cannot read this decision, but can observe its effect: to stop the waiting cells,
xeus-python discards the requests that it has not read yet.

Upstream: docs/upstream/queue.md
"""

from __future__ import annotations

import asyncio
import sys
import traceback
from typing import TYPE_CHECKING, Any

from datalab_kernel.repairs import stdin
from datalab_kernel.xeus import cells, loopback, sockets
from datalab_kernel.xeus.cells import RUNNER
from datalab_kernel.xeus.registry import NotApplicable

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from xeus_python_shell.shell import XPythonShell

ABORTED = "an earlier cell failed, so this one was not run"
LOST = "the cell was cancelled"


def install(shell: XPythonShell) -> None:
    """Run the cells of a shell one after the other, up to the first that fails."""
    module = sys.modules[type(shell).__module__]
    if not cells.run_as_tasks(shell):
        raise NotApplicable(
            "this xeus-python itself discards the cells behind an error"
        )
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
    """A function that sends a reply once, and is then released.

    xeus-python restores some of its state when the function is destroyed, so that must
    not be delayed. The frames of a traceback could otherwise keep the function alive.
    """

    def __init__(self, function: Callable[[], None]) -> None:
        self._function: Callable[[], None] | None = function

    def __call__(self) -> None:
        """Send the reply, unless it has been sent."""
        function, self._function = self._function, None
        if function is not None:
            function()


class Queue:
    """The runner of the cells, which replaces that of xeus-python-shell."""

    def __init__(self, shell: XPythonShell) -> None:
        self._shell = shell
        self._lock = asyncio.Lock()
        self._arrived = 0
        self._aborted = 0  # cells up to this number are not run
        self._tasks: set[asyncio.Task[None]] = set()
        self.silent = False

    def __call__(
        self,
        cell: Coroutine[Any, Any, Any],
        post_execute: Callable[[Any], None],
        reply: Callable[[], None],
    ) -> None:
        """Run a cell after those before it are answered, and answer it."""
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
        self._tasks.add(task)  # the event loop has only a weak reference
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
                        # xeus-python replies to the requests that it discards unread,
                        # but does not report the end of their processing, so front ends
                        # would wait forever. Hence no request may be unread.
                        loopback.call_after_reading(answer)
                    else:
                        answer()
                finally:
                    sockets.read_soon()

    def _answer(self, reply: Callable[[], None], number: int, *, failed: bool) -> None:
        behind = self._arrived  # including cells that arrived while this one ran
        if not failed or behind == number:
            reply()
        elif loopback.discards_requests(reply):
            self._aborted = behind

    async def _execute(
        self, cell: Coroutine[Any, Any, Any], post_execute: Callable[[Any], None]
    ) -> list[Any] | None:
        """Run a cell; return its error.

        The event loop runs one step after the cell and one after `post_execute`. In
        the first step it runs the callbacks that the cell scheduled, so that figures
        and widgets are updated afterwards. A request that arrives during a step makes
        xeus-python reset `last_error`, so the error is kept in a variable.
        """
        self._shell.last_error = None
        try:
            result = await cell
        except Exception as failure:  # noqa: BLE001  # in the code that reports errors
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
