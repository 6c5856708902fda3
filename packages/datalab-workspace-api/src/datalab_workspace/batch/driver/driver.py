"""The loop of a run: give tasks to workers, and note their answers in the journal."""

from __future__ import annotations

import contextlib
import queue
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count, islice
from typing import Any

from datalab_workspace.batch.driver.chunks import Chunks
from datalab_workspace.batch.driver.item_states import ItemStates
from datalab_workspace.batch.driver.stop_rules import StopRules
from datalab_workspace.batch.driver.suspects import Suspects
from datalab_workspace.batch.engines.base import Engine, WorkerDiedError
from datalab_workspace.batch.failures import failure_of_error
from datalab_workspace.batch.folder.claims import Claims
from datalab_workspace.batch.folder.run_folder import RunFolder
from datalab_workspace.batch.folder.run_journal import JournalWriter, answer_line
from datalab_workspace.batch.items.item import Item, Items
from datalab_workspace.batch.items.item_sizes import sent_size
from datalab_workspace.batch.messages import Answer, Receipt, Settings, Task
from datalab_workspace.errors import LiveError
from datalab_workspace.processing.doubtful_results import Doubts

#: Seconds between looks at signals where a lock cannot be interrupted, as on Windows.
_POLL = 0.2
#: Tasks that a worker has at once: one that it computes, and one that waits.
_PER_WORKER = 2
#: Bytes of data of objects that a task may carry.
_MOST_SENT = 32 << 20


@dataclass(frozen=True, slots=True)
class _UnderWay:
    task: Task
    alone: bool


class Driver:
    """The driver of one call of a run.

    Args:
        items: The items.
        states: The state of the items.
        folder: The folder of the run.
        journal: The run journal.
        engine: The workers.
        settings: What the workers need to know.
        chain: The pickled chain; None if the workers are in this process.
        on_receipts: Called with the numbers of items that were done and that failed.
        doubts: Takes the reasons to doubt the results.
    """

    def __init__(
        self,
        items: Items,
        states: ItemStates,
        *,
        folder: RunFolder,
        journal: JournalWriter,
        engine: Engine,
        settings: Settings,
        chain: bytes | None,
        on_receipts: Callable[[int, int], None],
        doubts: Doubts,
    ) -> None:
        self._items = items
        self._states = states
        self._folder = folder
        self._journal = journal
        self._engine = engine
        self._settings = settings
        self._chain = chain
        self._on_receipts = on_receipts
        self._doubts = doubts
        self._chunks = Chunks()
        self._stops = StopRules(states)
        self._suspects = Suspects(folder, settings.item_timeout)
        self._under_way: dict[str, _UnderWay] = {}
        self._answers: queue.SimpleQueue[tuple[str, Answer | BaseException]] = (
            queue.SimpleQueue()
        )
        self._lines: list[tuple[dict[str, Any], list[Receipt]]] = []
        # Ids differ between the calls of a run: claims and parts of a killed driver
        # are never taken for those of this one.
        self._ids = map(f"{secrets.token_hex(4)}-{{}}".format, count(1))

    def run(self) -> None:
        """Compute all items that are left.

        Raises:
            BatchStoppedError: The run stopped early; what was computed is kept.
        """
        self._engine.start(self._settings)
        try:
            while True:
                self._submit()
                if not self._under_way:
                    break
                self._take_answers()
        except BaseException:
            self._engine.interrupt()
            raise
        finally:
            self._engine.finish()
            self._states.settle()

    def _submit(self) -> None:
        """Give tasks to the engine until each worker has enough."""
        workers = self._stops.usable(self._engine.workers)
        while len(self._under_way) < _PER_WORKER * workers:
            if self._suspects.waiting:
                task = self._new_task([self._suspects.waiting.pop(0)])
                if task is not None:
                    self._send(task, alone=True)
                continue
            waiting = self._states.waiting()
            if not waiting:
                break
            size = self._chunks.next_size(waiting, workers)
            size = self._stops.most_items(size)
            task = self._new_task(self._states.take(size))
            if task is not None:
                self._send(task, alone=False)
            if not self._answers.empty():
                # An engine without other threads has computed the task by now.
                break
        self._note_lines()

    def _send(self, task: Task, *, alone: bool) -> None:
        self._under_way[task.id] = _UnderWay(task, alone)
        submit = self._engine.submit_alone if alone else self._engine.submit
        answers = self._answers

        def done(answer: Answer | BaseException) -> None:
            answers.put((task.id, answer))

        submit(task, done)

    def _new_task(self, indices: list[int]) -> Task | None:
        """Return a task, or None if no item of it can be sent."""
        items: list[Item] = []
        size = 0
        for position, index in enumerate(indices):
            try:
                items.append(self._items[index])
            except LiveError:
                raise
            except Exception as error:  # noqa: BLE001  it is the result of the item
                self._note_unsent(index, error)
                continue
            size += sent_size(items[-1])
            if size > _MOST_SENT:
                for rest in indices[position + 1 :]:
                    self._states.give_back(rest)
                break
        if not items:
            return None
        return Task(next(self._ids), tuple(items), self._settings, self._chain)

    def _note_unsent(self, index: int, error: Exception) -> None:
        receipt = Receipt(
            index, self._items.fingerprint(index), (), failure_of_error(error)
        )
        self._add_line(
            [(next(islice(self._items.names(), index, None)), receipt)], Answer()
        )

    def _take_answers(self) -> None:
        """Wait for answers, and note all that have arrived with one write."""
        answers = [self._wait()]
        while not self._answers.empty():
            answers.append(self._answers.get())
        for task, answer in answers:
            under_way = self._under_way.pop(task, None)
            if under_way is not None:
                self._take(under_way, answer)
        self._note_lines()
        self._stops.check()

    def _wait(self) -> tuple[str, Answer | BaseException]:
        while True:
            with contextlib.suppress(queue.Empty):
                return self._answers.get(timeout=_POLL)
            # Also while the workers start, or compute long items, progress is shown.
            self._on_receipts(0, 0)

    def _take(self, under_way: _UnderWay, answer: Answer | BaseException) -> None:
        task, alone = under_way.task, under_way.alone
        if isinstance(answer, WorkerDiedError):
            self._judge(task, str(answer), alone=alone)
        elif isinstance(answer, BaseException):
            self._stops.engine_failed(answer)
        elif answer.receipts:
            self._take_receipts(task, answer)
        elif answer.chain_error is not None:
            self._stops.chain_failed(answer.chain_error)
        elif answer.disk_error is not None:
            self._stops.disk_failed(answer.disk_error)
        elif answer.refusal is not None:
            self._stops.refused(answer.worker, answer.refusal, self._engine.workers)
            self._give_back(task, alone=alone)
        elif answer.needs_chain:
            self._give_back(task, alone=alone)
        else:
            # The engine gave the task to a second worker after the first one ended.
            self._judge(task, "the worker ended", alone=alone)

    def _take_receipts(self, task: Task, answer: Answer) -> None:
        computed = len(answer.receipts)
        self._stops.worker_began()
        self._chunks.learn(
            computed,
            sum(receipt.seconds for receipt in answer.receipts),
            whole=computed == len(task.items),
        )
        for item in task.items[computed:]:
            self._states.give_back(item.index)
        for doubt in answer.doubts:
            self._doubts.note(doubt)
        names = (item.name for item in task.items)
        self._add_line(list(zip(names, answer.receipts, strict=False)), answer)
        Claims(self._folder.under_way, task.id).remove()

    def _judge(self, task: Task, reason: str, *, alone: bool) -> None:
        verdict = self._suspects.judge(task, reason, alone=alone)
        for index in verdict.again:
            self._states.give_back(index)
        if verdict.guilty is not None:
            self._add_line([(task.items[0].name, verdict.guilty)], Answer())
        if verdict.begun:
            self._stops.worker_began()
        else:
            self._stops.died_at_start(reason, self._engine.workers)

    def _give_back(self, task: Task, *, alone: bool) -> None:
        if alone:
            self._suspects.waiting.append(task.items[0].index)
            return
        for item in task.items:
            self._states.give_back(item.index)

    def _add_line(self, entries: list[tuple[str, Receipt]], answer: Answer) -> None:
        line = answer_line(entries, part=answer.part, units=answer.units)
        self._lines.append((line, [receipt for _, receipt in entries]))

    def _note_lines(self) -> None:
        """Write the new receipts to the journal, then count them."""
        lines, self._lines = self._lines, []
        if not lines:
            return
        try:
            offsets = self._journal.append([line for line, _ in lines])
        except OSError as error:
            self._stops.disk_failed(error)
        done = failed = 0
        for offset, (line, receipts) in zip(offsets, lines, strict=True):
            for position, receipt in enumerate(receipts):
                bad = receipt.failure is not None
                self._states.note(receipt.index, offset, position, failed=bad)
                failed += bad
                done += not bad
                if receipt.failure is not None:
                    self._stops.item_failed(receipt.failure)
            self._states.note_units(line.get("units", {}))
        self._on_receipts(done, failed)
