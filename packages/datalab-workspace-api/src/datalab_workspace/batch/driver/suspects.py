"""Find the item that killed a worker, and compute it once more, alone."""

from __future__ import annotations

from dataclasses import dataclass, field

from datalab_workspace.batch.folder.claims import Claims, failure_of
from datalab_workspace.batch.folder.run_folder import RunFolder
from datalab_workspace.batch.messages import Receipt, Task


@dataclass(frozen=True)
class Verdict:
    """The consequences of a task that ended without an answer.

    Attributes:
        again: The positions of the items that are innocent.
        guilty: The receipt of an item that killed its worker twice; None without one.
        begun: Whether a worker had begun an item.
    """

    again: tuple[int, ...] = ()
    guilty: Receipt | None = None
    begun: bool = True


@dataclass
class Suspects:
    """The items that were under way when a worker died.

    Args:
        folder: The folder of the run.
        item_timeout: Seconds that an item may take; None without a limit.

    Attributes:
        waiting: The positions of the items to compute alone.
    """

    folder: RunFolder
    item_timeout: float | None
    waiting: list[int] = field(default_factory=list)

    def judge(self, task: Task, reason: str, *, alone: bool) -> Verdict:
        """Return the consequences of the death of a worker.

        Args:
            task: The task that the worker had.
            reason: The reason of the death, if it is known.
            alone: Whether the task was a suspect on its own.
        """
        claims = Claims(self.folder.under_way, task.id)
        begun = claims.last()
        if begun is None:
            verdict = self._without_suspect(task, claims, alone=alone)
        elif alone:
            failure = failure_of(claims, reason, self.item_timeout)
            item = task.items[0]
            verdict = Verdict(guilty=Receipt(item.index, item.fingerprint, (), failure))
        else:
            verdict = self._under_way(task, begun)
        claims.remove()
        return verdict

    def _without_suspect(self, task: Task, claims: Claims, *, alone: bool) -> Verdict:
        """Return the consequences of a task without an item under way.

        The worker had not begun, or the answer was lost after all was computed.
        """
        begun = claims.exist()
        if alone:
            self.waiting.append(task.items[0].index)
            return Verdict(begun=begun)
        return Verdict(again=tuple(item.index for item in task.items), begun=begun)

    def _under_way(self, task: Task, begun: int) -> Verdict:
        self.waiting.append(begun)
        again = tuple(item.index for item in task.items if item.index != begun)
        return Verdict(again=again)
