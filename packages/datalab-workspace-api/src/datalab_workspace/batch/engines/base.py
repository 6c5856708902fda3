"""The contract of an engine: what runs the tasks of a run.

An engine starts no processes and sends nothing itself. It is a thin layer over
loky, `dask.distributed` or any other `concurrent.futures.Executor`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from datalab_workspace.batch.messages import Answer, Settings, Task

Outcome: TypeAlias = Answer | BaseException
Done: TypeAlias = Callable[[Outcome], None]
#: The function that computes a task; it can be imported by its name in a worker.
Compute: TypeAlias = Callable[[Task], Answer]
#: Bytes up to which a pickled chain goes with each task. A larger one is sent to those
#: workers only that ask for it.
SMALL_CHAIN = 64 * 1024


class WorkerDiedError(RuntimeError):
    """A worker ended before it answered. The message is the reason, if it is known."""


class Engine(ABC):
    """The workers of a run.

    Attributes:
        description: The engine in words, such as "2 processes".
        separate: Whether the workers are other processes, which may die alone and have
            to be sent the chain. The driver then puts the chain into every task.
    """

    description: str
    separate: bool

    @abstractmethod
    def start(self, settings: Settings) -> None:
        """Prepare the workers for a run. It does not wait until they have started.

        Raises:
            ModuleNotFoundError: A package that the engine needs is not installed.
            ConnectionError: There is no scheduler, or the workers have ended.
            ValueError: The engine cannot do what the settings ask for.
        """

    @property
    @abstractmethod
    def workers(self) -> int:
        """The number of workers now; a cluster may grow and shrink during a run."""

    def submit(self, task: Task, done: Done) -> None:
        """Let a worker compute a task.

        Args:
            task: The task, with the chain if the workers are separate.
            done: Called once, in any thread, with the answer; with a `WorkerDiedError`
                if the worker died; or with another error if the engine itself failed.
                It is not called after `interrupt`.
        """
        self._deliver(task, done, alone=False)

    def submit_alone(self, task: Task, done: Done) -> None:
        """Let a worker compute a suspect, so that its death costs no other task."""
        self._deliver(task, done, alone=True)

    @abstractmethod
    def interrupt(self) -> None:
        """Give up all tasks under way within half a second; the engine stays usable."""

    @abstractmethod
    def finish(self) -> None:
        """Release the workers after a run. Those that can be used again stay."""

    @abstractmethod
    def _send(self, task: Task, done: Done, *, alone: bool) -> None:
        """Send a task, as it is, to a worker."""

    def _deliver(self, task: Task, done: Done, *, alone: bool) -> None:
        if task.chain is None or len(task.chain) <= SMALL_CHAIN:
            self._send(task, done, alone=alone)
            return

        def answered(outcome: Outcome) -> None:
            if isinstance(outcome, Answer) and outcome.needs_chain:
                self._send(task, done, alone=alone)
            else:
                done(outcome)

        self._send(replace(task, chain=None), answered, alone=alone)


def refuse_limits(settings: Settings, place: str) -> None:
    """Raise an error if a run has limits that need worker processes.

    Args:
        settings: The properties of the run.
        place: Where the engine computes, such as "threads".

    Raises:
        ValueError: There is a limit.
    """
    for name in ("item_timeout", "memory_limit"):
        if getattr(settings, name) is not None:
            raise ValueError(
                f"{name} cannot be used with {place}: it ends or limits the process "
                "that computes, which is this one; use processes or a cluster"
            )
