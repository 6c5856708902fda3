"""An engine in one thread whose workers die, and answer in any order."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

from datalab_workspace.batch.engines.base import Done, Engine, WorkerDiedError
from datalab_workspace.batch.messages import Answer, Settings, Task
from datalab_workspace.batch.worker.tasks import run_task


class Death(BaseException):
    """Ends a task as the death of its worker does: the claims stay."""


class UnsteadyEngine(Engine):
    """Workers that end at a `Death`, or before they begin, in an order by chance.

    Args:
        seed: The seed of what happens.
        workers: The number of workers.
        lost: The share of tasks whose worker ends before it begins.
        gives_again: Whether a task whose worker ended is given to another worker, as
            dask does, instead of being reported.
    """

    description = "unsteady workers"
    separate = False
    workers = 1

    def __init__(
        self, seed: int, *, workers: int = 2, lost: float = 0.0, gives_again=False
    ) -> None:
        self.workers = workers
        self._chance = random.Random(seed)
        self._lost = lost
        self._was_lost = False
        self._gives_again = gives_again
        self._waiting: list[tuple[Task, Done]] = []
        self._thread: ThreadPoolExecutor | None = None
        self.computed: list[tuple[str, ...]] = []

    def start(self, settings: Settings) -> None:
        self._thread = ThreadPoolExecutor(1)

    def interrupt(self) -> None:
        self._waiting.clear()

    def finish(self) -> None:
        self._thread.shutdown(cancel_futures=True)

    def _send(self, task: Task, done: Done, *, alone: bool) -> None:
        self._waiting.append((task, done))
        self._thread.submit(self._compute_one)

    def _compute_one(self) -> None:
        if not self._waiting:
            return
        task, done = self._waiting.pop(self._chance.randrange(len(self._waiting)))
        self.computed.append(tuple(item.name for item in task.items))
        # Two in a row would look like workers that cannot start.
        self._was_lost = not self._was_lost and self._chance.random() < self._lost
        if self._was_lost:
            done(WorkerDiedError("the worker was lost"))
            return
        try:
            answer = _computed(task)
        except Death:
            if self._gives_again:
                done(run_task(task))
            else:
                done(WorkerDiedError("the worker was ended by signal 9"))
        except Exception as error:  # noqa: BLE001  the driver raises it
            done(error)
        else:
            done(answer)


def _computed(task: Task) -> Answer:
    """Compute a task; raise a `Death` with the claims that a dead worker leaves."""
    answer = run_task(task)
    begun = []
    for receipt in answer.receipts:
        begun.append(receipt.index)
        if receipt.failure is not None and receipt.failure.type == Death.__name__:
            claims = task.settings.folder / "under_way" / task.id
            claims.write_text("".join(f"{index}\n" for index in begun))
            raise Death
    return answer
