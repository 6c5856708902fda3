"""The queue of cells: they run one after the other, up to the first that fails.

xeus-python runs the cells behind a failed cell, and may report its error again for each
of them. It gives each cell a context of its own, so that what a cell sets in a context
variable is lost in the next cell: NumPy's print options, or the precision of `decimal`.
It counts every request that is not silent, but IPython counts only the cells that it
keeps in its history. With this module:

* all cells run in one context, in which only the request is set for each cell;
* the cells behind a failed cell are not run, unless the front end wants them to run;
* the number of a cell is the same in its prompt, result, errors, `In` and `Out`.

The front end decides for each cell whether its failure stops the cells behind it.
JupyterLab, for example, continues after a cell with the tag `raises-exception`. Python
code cannot read this decision, but can observe its effect: to stop the waiting cells,
xeus-python discards the requests that it has not read yet.

Upstream: docs/upstream/queue.md, docs/upstream/counter.md, docs/upstream/context.md
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from datalab_kernel.repairs import stdin
from datalab_kernel.shell import reply
from datalab_kernel.shell.reply import Failure
from datalab_kernel.xeus import loopback, request_context, sockets

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator

    from datalab_kernel.shell.endpoint import Endpoint
    from datalab_kernel.shell.interactive import ZMQInteractiveShell

ABORTED = "an earlier cell failed, so this one was not run"
LOST = "the cell was cancelled"

log = logging.getLogger(__name__)


class Answer:
    """A function that sends a reply once, and is then released.

    xeus-python restores some of its state when the function is destroyed, so that must
    not be delayed. The frames of a traceback could otherwise keep the function alive.
    """

    def __init__(self, function: Callable[[], None]) -> None:
        self._function: Callable[[], None] | None = function

    def send(self, recover: Callable[[Exception], None]) -> None:
        """Send the reply, unless it has been sent.

        Args:
            recover: If the reply cannot be sent, this function is called with the
                error, and should set a reply that can be sent.
        """
        function, self._function = self._function, None
        if function is None:
            return
        try:
            function()
        except Exception as error:  # noqa: BLE001  # a front end must not wait forever
            recover(error)
            function()


class Cell(NamedTuple):
    """A cell that has arrived, and what is known about its request."""

    code: str
    silent: bool
    options: dict[str, Any]
    answer: Answer
    order: int  # among all requests
    number: int  # the one that the front end shows
    request: Any
    set_input: Callable[[], None]


class Queue:
    """The cells that have arrived, and the context in which they run."""

    def __init__(self, shell: ZMQInteractiveShell, endpoint: Endpoint) -> None:
        self._shell = shell
        self._endpoint = endpoint
        self._lock = asyncio.Lock()
        self._arrived = self._count = 0
        self._aborted = 0  # cells up to this one are not run
        self._tasks: set[asyncio.Task[None]] = set()
        self._context: contextvars.Context | None = None
        self._answers = True

    def stop(self) -> None:
        """Run and answer no cell from now on: the kernel ends, as front ends notice."""
        self._answers = False

    def put(
        self, code: str, done: Callable[[], None], silent: bool, options: dict[str, Any]
    ) -> None:
        """Run a cell after those before it are answered, and answer it."""
        self._arrived += 1
        self._count += not silent
        request = request_context.arrived()
        if self._context is None:
            self._context = contextvars.copy_context()
        cell = Cell(
            code,
            silent,
            options,
            Answer(done),
            self._arrived,
            self._count,
            request,
            stdin.keep(),
        )
        task = asyncio.get_running_loop().create_task(self._run(cell))
        self._tasks.add(task)  # the event loop has only a weak reference
        task.add_done_callback(self._tasks.discard)

    def call(self, function: Callable[[], None]) -> None:
        """Call a function for the request that has arrived, in the cells' context."""
        if self._context is None:
            function()
            return
        request = request_context.arrived()

        def call() -> None:
            before = request_context.current()
            request_context.use(request)
            try:
                function()
            finally:
                request_context.use(before)

        try:
            self._context.run(_nothing)
        except RuntimeError:  # the code of a cell is reading requests
            self._context.copy().run(call)
        else:
            self._context.run(call)

    async def _run(self, cell: Cell) -> None:
        async with self._lock:
            failure: Failure | None = Failure("Error", LOST, (LOST,))
            refused = cell.order <= self._aborted or not self._answers
            try:
                if refused:
                    failure = Failure("Aborted", ABORTED, (f"Aborted: {ABORTED}",))
                else:
                    cell.set_input()
                    assert self._context is not None
                    self._context.run(request_context.use, cell.request)
                    failure = await InContext(self._execute(cell), self._context)
            finally:
                try:
                    self._answer(cell, failure, refused=refused)
                finally:
                    sockets.read_soon()

    def _answer(self, cell: Cell, failure: Failure | None, *, refused: bool) -> None:
        def answer() -> None:
            if not self._answers:
                return
            self._endpoint.set_failure(failure)
            cell.answer.send(self._recover)

        try:
            self._endpoint.end_cell()
        finally:
            if failure is None or cell.silent:
                answer()
            else:
                # After any reply that reports an error, xeus-python replies to the
                # requests that it discards unread, but does not report the end of their
                # processing, so front ends would wait forever. Hence no request may be
                # unread.
                send = answer if refused else partial(self._stop, cell, answer)
                loopback.call_after_reading(send)

    def _stop(self, cell: Cell, answer: Callable[[], None]) -> None:
        """Answer a failed cell, and stop those behind it if the front end wants it."""
        behind = self._arrived  # including cells that arrived while this one ran
        if behind == cell.order:
            answer()
        elif loopback.discards_requests(answer):
            self._aborted = behind

    def _recover(self, error: Exception) -> None:
        """Set a reply that can be sent, after one that could not be sent."""
        log.error("the reply to a cell could not be sent", exc_info=error)
        self._shell.payload_manager.clear_payload()
        self._endpoint.set_failure(reply.internal(error))

    async def _execute(self, cell: Cell) -> Failure | None:
        """Run a cell; return its error.

        The event loop runs one step after the cell and one after the events. In the
        first step it runs the callbacks that the cell scheduled, so that figures and
        widgets are updated afterwards.
        """
        if not cell.silent:
            self._number(cell.number)
        try:
            with self._shell.reporting() as reports:
                result = await self._shell.run_request(
                    cell.code, silent=cell.silent, **cell.options
                )
                await asyncio.sleep(0)
                self._shell.events.trigger("post_execute")
                if not cell.silent:
                    self._shell.events.trigger("post_run_cell", result)
                sockets.read_soon()
                await asyncio.sleep(0)
        except Exception as error:  # noqa: BLE001  # in the code that runs cells
            return reply.internal(error)
        return reply.failure_of(result, reports)

    def _number(self, count: int) -> None:
        """Set the number of the next cell."""
        history = self._shell.history_manager
        for inputs in (history.input_hist_parsed, history.input_hist_raw):
            inputs.extend([""] * (count - len(inputs)))
        self._shell.execution_count = count


class InContext:
    """An awaitable that runs each step of a coroutine in a given context.

    A task has a copy of the context in which it was created, and with Python 3.10 it
    accepts no other.
    """

    def __init__(
        self, coroutine: Coroutine[Any, Any, Any], context: contextvars.Context
    ) -> None:
        self._coroutine = coroutine
        self._context = context

    def __await__(self) -> Generator[Any, Any, Any]:
        """Run the coroutine; return its result."""
        resume: Callable[[Any], Any] = self._coroutine.send
        value: Any = None
        while True:
            try:
                awaited = self._context.run(resume, value)
            except StopIteration as end:
                return end.value
            try:
                value = yield awaited
                resume = self._coroutine.send
            except GeneratorExit:
                self._coroutine.close()
                raise
            except BaseException as error:  # noqa: BLE001  # passed on to the coroutine
                resume, value = self._coroutine.throw, error


def _nothing() -> None:
    """Do nothing: this shows whether a context is in use."""
