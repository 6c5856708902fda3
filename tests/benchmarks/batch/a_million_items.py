"""Let a stand-in engine answer for a million files, which it does not read.

`python a_million_items.py FOLDER COUNT` writes the most memory that a run took and what
was taken before it, both in bytes; and the CPU time of the run and of the same call
again, in seconds.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

from datalab_workspace import batch
from datalab_workspace.batch.messages import Answer, Receipt, Row, Task
from support.measurement import peak


class StandIn(Executor):
    """An executor that makes up the answers to tasks."""

    def submit(
        self, function: Callable[..., Any], /, *args: Any, **kwargs: Any
    ) -> Future[Any]:
        """Answer for all items of a task."""
        (task,) = (argument for argument in args if isinstance(argument, Task))
        future: Future[Any] = Future()
        future.set_result(
            Answer(
                tuple(
                    Receipt(
                        item.index,
                        item.fingerprint,
                        (Row(item.name, {"mean": float(item.index), "width": 0.5}),),
                        seconds=0.01,
                    )
                    for item in task.items
                ),
                worker="stand-in:1",
            )
        )
        return future


def nothing(_obj: object) -> dict[str, float]:
    """Return no number; it is never called."""
    raise NotImplementedError


def main(folder: Path, count: int) -> None:
    files = folder / "files"
    files.mkdir()
    for number in range(count):
        (files / f"file_{number:07}.csv").touch()
    peaks = [peak()]
    taken = []
    for _ in range(2):
        begun = time.process_time()
        run = batch.map(
            nothing,
            files,
            keep="table",
            on=StandIn(),
            workers=2,
            out=folder / "million.h5",
        )
        taken.append(time.process_time() - begun)
        peaks.append(peak())
        assert (run.done, run.left) == (count, 0)
    sys.stdout.write(f"{peaks[1]} {peaks[0]} {taken[0]} {taken[1]}")


main(Path(sys.argv[1]), int(sys.argv[2]))
