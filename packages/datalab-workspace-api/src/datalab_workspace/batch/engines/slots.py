"""The worker processes on this computer, one loky executor for each.

loky fails all tasks of an executor when one of its processes dies, and the executor is
then broken. An executor of one process confines this to the tasks that the process had.
"""

from __future__ import annotations

import multiprocessing.resource_tracker
import os
import re
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Future
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from datalab_workspace.batch.chains.local_code import local_files
from datalab_workspace.batch.engines.base import WorkerDiedError
from datalab_workspace.batch.worker.process_worker import (
    enter_environment,
    prepare_process,
    warm_up_for_good,
)
from datalab_workspace.forks import follow_forks

if TYPE_CHECKING:
    from loky.process_executor import ProcessPoolExecutor

#: Seconds after which a worker without a task ends.
_IDLE = 300.0
#: There are as many workers as cores, so each computes with one thread.
_ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)
#: loky restarts a worker that has grown by this number of bytes. Its default, 300 MB,
#: is too low for the records and modules that a worker keeps.
_LEAK = ("LOKY_MAX_MEMORY_LEAK_SIZE", "1e9")
_SIGNAL = re.compile(r"\((-?\d+)\)")


class Slot:
    """A place for one worker process, which is replaced when it dies.

    Its methods are called in one thread: see `ProcessesEngine`.

    Attributes:
        load: The number of tasks that it has.
        alone: Whether it has a task that must be its only one.
        answered: Whether the present process has computed a task already.
        started: Time at which the process was started, in nanoseconds since 1970.
    """

    def __init__(self) -> None:
        self.load = 0
        self.alone = False
        self.answered = False
        self.started = 0
        self._executor: ProcessPoolExecutor | None = None

    def submit(self, compute: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Give the process a task. It is started if there is none, or if it died."""
        if self._executor is not None:
            with suppress(BrokenExecutor):
                known: Future[Any] = self._executor.submit(compute, *arguments)
                return known
            self._forget(kill=False)
        self._executor = _new_executor()
        self.started = time.time_ns()
        future: Future[Any] = self._executor.submit(compute, *arguments)
        return future

    def enter_environment(self) -> None:
        """Give the process the folder, module path and environment of this one now."""
        environment = dict(os.environ) | _variables()
        self.submit(enter_environment, _folder(), list(sys.path), environment)

    def warm_up(self) -> None:
        """Let the process import what every task needs."""
        self.submit(warm_up_for_good)

    def kill(self) -> None:
        """End the process, also in the middle of a task."""
        self._forget(kill=True)

    def _forget(self, *, kill: bool) -> None:
        executor, self._executor = self._executor, None
        self.answered = False
        if executor is not None:
            executor.shutdown(wait=False, kill_workers=kill)


class _WarmSlots:
    """Slots whose processes wait for the next run."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._slots: list[Slot] = []
        follow_forks(self)

    def after_fork(self) -> None:
        """Forget the processes, which are not those of a forked child."""
        self._lock = Lock()
        self._slots = []

    def take(self, number: int) -> list[Slot]:
        """Take out slots, at most the given number.

        A process that has imported a former version of one of the user's modules would
        compute with it, so it is killed.
        """
        with self._lock:
            slots, self._slots = self._slots[:number], self._slots[number:]
        change = _last_change_of_modules()
        for slot in slots:
            if slot.started < change:
                slot.kill()
        return slots

    def put(self, slots: list[Slot]) -> None:
        """Keep slots without tasks for the next run."""
        with self._lock:
            self._slots = slots + self._slots


WARM_SLOTS = _WarmSlots()


def death_of(error: BrokenExecutor) -> BaseException:
    """Return the error that a broken executor means: a death, or another fault."""
    from loky.process_executor import TerminatedWorkerError

    if not isinstance(error, TerminatedWorkerError):
        return error
    found = _SIGNAL.search(str(error))
    if found is None:
        return WorkerDiedError("the worker ended")
    status = int(found[1])
    if status >= 0:
        return WorkerDiedError(f"the worker ended with exit status {status}")
    hint = ", perhaps for lack of memory" if -status == signal.SIGKILL else ""
    return WorkerDiedError(f"the worker was ended by signal {-status}{hint}")


def _new_executor() -> ProcessPoolExecutor:
    from loky.process_executor import ProcessPoolExecutor

    executor = ProcessPoolExecutor(
        max_workers=1,
        timeout=_IDLE,
        initializer=prepare_process,
        initargs=(os.getpid(),),
        env=_variables(),
    )
    if os.name == "posix":
        # A new process takes over that the signal is blocked. So an interrupt does not
        # end it before it ignores the signal. The start of a resource tracker unblocks
        # it again, so both trackers start first, that of loky with the executor.
        multiprocessing.resource_tracker.ensure_running()
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    return executor


def _folder() -> str | None:
    try:
        return str(Path.cwd())
    except FileNotFoundError:
        return None  # it was removed


def _variables() -> dict[str, str]:
    """Return the environment variables of workers that the user has not set."""
    wanted = dict.fromkeys(_ONE_THREAD, "1") | dict([_LEAK])
    return {name: value for name, value in wanted.items() if name not in os.environ}


def _last_change_of_modules() -> int:
    """Return when a file of the user's imported modules was last changed, as mtime."""
    newest = 0
    for file in local_files():
        with suppress(OSError):  # removed, or inside an archive
            newest = max(newest, file.stat().st_mtime_ns)
    return newest
