"""The contract of an engine: what runs the tasks of a run.

An engine starts no processes and sends nothing itself. It is a thin layer over
loky, `dask.distributed` or any other `concurrent.futures.Executor`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

from datalab_workspace.batch.messages import Answer, Settings, Task


class WorkerDiedError(RuntimeError):
    """A worker ended before it answered. The message is the reason, if it is known."""


class Engine(ABC):
    """The workers of a run.

    Attributes:
        description: The engine in words, such as "2 processes".
        separate: Whether the workers are other processes, which may die alone and have
            to be sent the chain.
    """

    description: str
    separate: bool

    @abstractmethod
    def start(self, settings: Settings) -> None:
        """Prepare the workers for a run. It does not wait until they have started.

        Raises:
            ModuleNotFoundError: A package that the engine needs is not installed.
            ConnectionError: There is no scheduler, or it has no workers.
            ValueError: The engine cannot do what the settings ask for.
        """

    @property
    @abstractmethod
    def workers(self) -> int:
        """The number of workers now; a cluster may grow and shrink during a run."""

    @abstractmethod
    def submit(
        self, task: Task, done: Callable[[Answer | BaseException], None]
    ) -> None:
        """Let a worker compute a task.

        The engine adds the chain where a worker does not have it.

        Args:
            task: The task.
            done: Called once, in any thread, with the answer; with a `WorkerDiedError`
                if the worker died; or with another error if the engine itself failed.
        """

    @abstractmethod
    def submit_alone(
        self, task: Task, done: Callable[[Answer | BaseException], None]
    ) -> None:
        """Let a worker compute a suspect, so that its death costs no other task."""

    @abstractmethod
    def interrupt(self) -> None:
        """Give up all tasks under way within half a second; the engine stays usable."""

    @abstractmethod
    def finish(self) -> None:
        """Release the workers after a run. Those that can be used again stay."""
