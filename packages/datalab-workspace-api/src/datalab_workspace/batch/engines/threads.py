"""The engine that computes in threads of this process."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Thread

from datalab_workspace.batch.engines.base import Compute
from datalab_workspace.batch.engines.executors import ExecutorEngine
from datalab_workspace.batch.messages import Settings
from datalab_workspace.batch.worker.task_interrupts import raise_in_thread

_NAME = "datalab-batch"


class ThreadsEngine(ExecutorEngine):
    """A pool of threads, which lives as long as a run.

    Args:
        workers: The number of threads.
        compute: The function that computes a task; None for the usual one.
    """

    def __init__(self, workers: int, *, compute: Compute | None = None) -> None:
        super().__init__(_pool(workers), compute=compute)
        self.description = f"{workers} thread{'s' if workers > 1 else ''}"

    def start(self, settings: Settings) -> None:
        """Make the threads, which start with the first tasks."""
        super().start(settings)
        self._renew()

    def interrupt(self) -> None:
        """Give up all tasks, and raise KeyboardInterrupt in the threads that compute.

        A thread ends at its next Python instruction. One that is inside a long call of
        compiled code ends after it, and its answer is ignored.
        """
        super().interrupt()
        threads = list(self._threads())
        self._renew()
        for thread in threads:
            if thread.ident is not None and thread.is_alive():
                raise_in_thread(thread.ident, KeyboardInterrupt)

    def finish(self) -> None:
        """End the threads."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _threads(self) -> set[Thread]:
        return getattr(self._executor, "_threads", set())

    def _renew(self) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)
        self._executor = _pool(self._workers)


def _pool(workers: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(workers, thread_name_prefix=_NAME)
