"""The engine that computes in the calling thread."""

from __future__ import annotations

from datalab_workspace.batch.engines.base import Compute, Done, Engine, refuse_limits
from datalab_workspace.batch.messages import Settings, Task


class SerialEngine(Engine):
    """The calling thread as the only worker. An interrupt leaves `submit` at once.

    Args:
        compute: The function that computes a task.
    """

    description = "this process"
    separate = False
    workers = 1

    def __init__(self, compute: Compute) -> None:
        self._compute = compute

    def start(self, settings: Settings) -> None:
        """Refuse limits that would concern this process."""
        refuse_limits(settings, 'on="serial"')

    def interrupt(self) -> None:
        """Do nothing: no task is under way when this can be called."""

    def finish(self) -> None:
        """Do nothing: there are no workers."""

    def _send(self, task: Task, done: Done, *, alone: bool) -> None:  # noqa: ARG002
        try:
            answer = self._compute(task)
        except Exception as error:  # noqa: BLE001  the driver decides what it means
            done(error)
        else:
            done(answer)
