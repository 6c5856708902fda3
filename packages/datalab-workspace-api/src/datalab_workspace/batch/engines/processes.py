"""The engine that computes in processes on this computer."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Future, ThreadPoolExecutor, wait
from functools import partial
from threading import RLock
from typing import Any, NamedTuple

from datalab_workspace.batch.engines.base import Compute, Done, Engine
from datalab_workspace.batch.engines.slots import (
    WARM_SLOTS,
    Slot,
    death_of,
)
from datalab_workspace.batch.messages import Answer, Settings, Task
from datalab_workspace.batch.worker.process_worker import compute_in_process
from datalab_workspace.runtime import require

#: A slot has a task that it computes, and one that it begins next.
_DEPTH = 2
#: Seconds that an interrupt may take.
_PATIENCE = 0.5


class _Waiting(NamedTuple):
    task: Task
    done: Done


class ProcessesEngine(Engine):
    """Processes on this computer. They stay for the next run, for five minutes.

    loky is called in one thread only. No KeyboardInterrupt is raised there, which would
    leave loky in the middle of a change.

    Args:
        workers: The number of processes.
        compute: The function that computes a task; None for the usual one.

    Raises:
        ModuleNotFoundError: loky is not installed.
        ValueError: This process is a daemon of multiprocessing.
    """

    separate = True

    def __init__(self, workers: int, *, compute: Compute | None = None) -> None:
        require_loky()
        if multiprocessing.current_process().daemon:
            raise ValueError(
                "this is a daemon process, such as a worker of multiprocessing.Pool, "
                'which cannot start processes; pass on="serial" or on="threads"'
            )
        self._workers = workers
        self._compute = compute
        self.description = f"{workers} process{'es' if workers > 1 else ''}"
        self._lock = RLock()
        self._slots: list[Slot] = []
        self._waiting: deque[_Waiting] = deque()
        self._suspects: deque[_Waiting] = deque()
        self._run = 0  # counts the runs and interrupts: former tasks are ignored
        self._starter: ThreadPoolExecutor | None = None

    @property
    def workers(self) -> int:
        """The number of processes."""
        return self._workers

    def start(self, settings: Settings) -> None:  # noqa: ARG002  loky needs none
        """Begin to start the processes that do not wait from an earlier run."""
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="datalab-batch-start")
        self._slots = WARM_SLOTS.take(self._workers)
        missing = self._workers - len(self._slots)
        self._slots += [Slot() for _ in range(missing)]
        for slot in self._slots:
            self._starter.submit(slot.enter_environment)
            if self._compute is None:
                self._starter.submit(slot.warm_up)

    def interrupt(self) -> None:
        """Kill the processes that compute. Other ones take their places when needed."""
        with self._lock:
            self._run += 1
            self._waiting.clear()
            self._suspects.clear()
            busy = [slot for slot in self._slots if slot.load]
            for slot in self._slots:
                slot.load, slot.alone = 0, False
        wait([self._in_starter(slot.kill) for slot in busy], timeout=_PATIENCE)

    def finish(self) -> None:
        """Keep the processes that have no task for the next run."""
        self.interrupt()
        slots, self._slots = self._slots, []
        WARM_SLOTS.put(slots)
        if self._starter is not None:
            self._starter.shutdown(wait=False)

    def _send(self, task: Task, done: Done, *, alone: bool) -> None:
        with self._lock:
            (self._suspects if alone else self._waiting).append(_Waiting(task, done))
            self._distribute()

    def _distribute(self) -> None:
        """Give the waiting tasks to slots that can take one. The lock is held."""
        while self._suspects:
            slot = self._least_loaded(limit=1)
            if slot is None:
                return  # no task begins before one of the slots is free
            slot.alone = True
            self._give(slot, self._suspects.popleft())
        while self._waiting:
            slot = self._least_loaded(limit=_DEPTH)
            if slot is None:
                return
            self._give(slot, self._waiting.popleft())

    def _least_loaded(self, *, limit: int) -> Slot | None:
        free = [slot for slot in self._slots if slot.load < limit and not slot.alone]
        return min(free, key=lambda slot: (slot.load, not slot.answered), default=None)

    def _give(self, slot: Slot, waiting: _Waiting) -> None:
        slot.load += 1
        self._in_starter(partial(self._hand_over, slot, waiting, self._run))

    def _in_starter(self, work: Callable[[], None]) -> Future[None]:
        assert self._starter is not None, "start() comes first"
        return self._starter.submit(work)

    def _hand_over(self, slot: Slot, waiting: _Waiting, run: int) -> None:
        if run != self._run:
            return
        finished = partial(self._finished, slot, waiting.done, run)
        try:
            future = slot.submit(self._compute or compute_in_process, waiting.task)
        except Exception as error:  # noqa: BLE001  the driver decides what it means
            future = Future()
            future.set_exception(error)
        future.add_done_callback(finished)

    def _finished(self, slot: Slot, done: Done, run: int, future: Future[Any]) -> None:
        error = future.exception()
        outcome: Answer | BaseException
        if error is None:
            outcome = future.result()
        else:
            outcome = death_of(error) if isinstance(error, BrokenExecutor) else error
        with self._lock:
            if run != self._run:
                return
            slot.answered = error is None
            slot.load -= 1
            slot.alone = False
            self._distribute()
        done(outcome)


def require_loky() -> None:
    """Raise an error that names the extra if loky is not installed.

    Raises:
        ModuleNotFoundError: loky is not installed.
    """
    require(
        "loky",
        "computing in worker processes",
        'compute in this process by on="serial" or on="threads"',
        remedy='run pip install "datalab-workspace-api[batch]"',
    )
