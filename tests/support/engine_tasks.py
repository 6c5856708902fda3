"""Tasks for the tests of engines, which worker processes import by name.

The group of the first item of a task says what becomes of it. None of these functions
needs sigima, so that a worker starts quickly.
"""

from __future__ import annotations

import os
import queue
import signal
import time
from pathlib import Path

from datalab_workspace.batch.engines.base import Engine
from datalab_workspace.batch.items.item import Item, MeasuredFile
from datalab_workspace.batch.messages import Answer, Receipt, Settings, Task
from datalab_workspace.measured_files.options import ReadOptions

LIMIT = 60.0  # seconds after which an engine has not answered


def settings_in(folder: Path, **changes) -> Settings:
    """The properties of a run that has no files."""
    values = {"token": "t", "keep": "table", "versions": {}}
    return Settings(folder=folder, **(values | changes))


def task(number: int, settings: Settings, does: str = "", chain=b"chain") -> Task:
    """A task of one item."""
    source = MeasuredFile(Path("x"), 0, 0, ReadOptions(None, False, None, False))
    item = Item(number, str(number), does, source, "identity", "fingerprint")
    return Task(f"task{number}", (item,), settings, chain)


def compute(task: Task) -> Answer:
    """Do what the task says, and answer."""
    item = task.items[0]
    does, _, what = (item.group or "").partition(" ")
    if does == "die":
        os.kill(os.getpid(), getattr(signal, what))
    elif does == "exit":
        os._exit(int(what))
    elif does == "raise":
        raise OSError(what)
    elif does == "sleep":
        time.sleep(float(what))
    elif does == "note":
        Path(what).write_text(str(os.getpid()))
        time.sleep(LIMIT)
    elif does == "forever":
        Path(what).touch()
        while True:
            time.sleep(0.01)
    elif does == "needs" and task.chain is None:
        return Answer(needs_chain=True, worker=str(os.getpid()))
    worker = {"folder": os.getcwd, "variable": lambda: os.environ.get(what, "")}
    answer = worker.get(does, lambda: str(os.getpid()))()
    return Answer((Receipt(item.index, "", ()),), worker=answer)


class Outcomes:
    """What an engine reports, in the order in which it does."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._queue = queue.Queue()

    def submit(self, task: Task, *, alone: bool = False) -> None:
        submit = self.engine.submit_alone if alone else self.engine.submit
        submit(task, lambda outcome: self._queue.put((task, outcome)))

    def next(self):
        """The next outcome."""
        return self._queue.get(timeout=LIMIT)[1]

    def some(self, number: int) -> dict:
        """The next outcomes by the position of the item."""
        found = [self._queue.get(timeout=LIMIT) for _ in range(number)]
        return {task.items[0].index: outcome for task, outcome in found}

    def none_left(self) -> bool:
        return self._queue.empty()
