"""The engine over any `concurrent.futures.Executor`.

The executor belongs to the user: it is never shut down here. A stock pool of processes
is broken for good when one of its workers dies. All its tasks then end with a
`WorkerDiedError`, and each later one with a `BrokenExecutor`.
"""

from __future__ import annotations

from concurrent.futures import (
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ThreadPoolExecutor,
)
from functools import partial
from threading import Lock
from typing import Any

from datalab_workspace.batch.engines.base import (
    Compute,
    Done,
    Engine,
    WorkerDiedError,
    refuse_limits,
)
from datalab_workspace.batch.messages import Answer, Settings, Task
from datalab_workspace.batch.worker.process_worker import (
    compute_here,
    compute_in_process,
)


class ExecutorEngine(Engine):
    """The workers of an executor that the user made.

    Args:
        executor: The executor.
        workers: The number of its workers; None to ask the executor.
        compute: The function that computes a task; None for the usual one.
    """

    def __init__(
        self,
        executor: Executor,
        workers: int | None = None,
        *,
        compute: Compute | None = None,
    ) -> None:
        self._executor = executor
        self._workers = workers or _workers_of(executor)
        self.separate = not isinstance(executor, ThreadPoolExecutor)
        self._compute = compute or (
            compute_in_process if self.separate else compute_here
        )
        self.description = f"{self._workers} workers of {type(executor).__name__}"
        self._lock = Lock()
        self._under_way: set[Future[Any]] = set()

    @property
    def workers(self) -> int:
        """The number of workers, which a stock executor does not change."""
        return self._workers

    def start(self, settings: Settings) -> None:
        """Refuse limits if the workers are threads of this process."""
        if not self.separate:
            refuse_limits(settings, "threads")

    def interrupt(self) -> None:
        """Cancel the tasks that wait. Those that run end on their own."""
        with self._lock:
            given_up, self._under_way = self._under_way, set()
        for future in given_up:
            future.cancel()

    def finish(self) -> None:
        """Leave the executor as it is: it belongs to the user."""

    def _send(self, task: Task, done: Done, *, alone: bool) -> None:  # noqa: ARG002
        try:
            future = self._executor.submit(self._compute, task)
        except Exception as error:  # noqa: BLE001  the driver decides what it means
            done(error)
            return
        with self._lock:
            self._under_way.add(future)
        future.add_done_callback(partial(self._answered, done))

    def _answered(self, done: Done, future: Future[Answer]) -> None:
        with self._lock:
            if future not in self._under_way:
                return  # given up by an interrupt
            self._under_way.discard(future)
        done(outcome_of(future))


def outcome_of(future: Future[Answer]) -> Answer | BaseException:
    """Return the answer of a finished future, or the error that it ended with."""
    try:
        return future.result()
    except BrokenExecutor as error:
        return WorkerDiedError(str(error))
    except (Exception, CancelledError) as error:  # noqa: BLE001  the driver decides
        return error


def _workers_of(executor: Executor) -> int:
    """Return the number of workers of an executor."""
    known = getattr(executor, "_max_workers", None)
    if isinstance(known, int):
        return known
    raise ValueError(
        f"{type(executor).__name__} does not say how many workers it has; pass workers="
    )
