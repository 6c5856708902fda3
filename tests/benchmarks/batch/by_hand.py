"""Compute all objects of a project with two loaded processes, by hand.

`python by_hand.py PROJECT COMPUTATION KEEP` computes once for each line read from
stdin, and writes the CPU time of all its processes, in seconds.
"""

from __future__ import annotations

import multiprocessing
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import computations
import h5py
from sigima.objects import create_image, create_signal

WORKERS = 2


def objects(project: h5py.File) -> dict[str, h5py.Group]:
    """Return the groups of the objects of a project, by title."""
    found = {}
    for kind in ("DataLab_Sig", "DataLab_Ima"):
        for group in project.get(kind, {}).values():
            found |= {name.partition(": ")[2]: group[name] for name in group}
    return found


def computed(title: str, group: h5py.Group, function: Callable[[Any], Any]) -> Any:
    """Read an object and compute it."""
    if "xydata" in group:
        return function(create_signal(title, *group["xydata"][()]))
    return function(create_image(title, group["data"][()]))


def work(path: str, name: str, keep: str, half: int, orders: Connection) -> None:
    """Compute half of the objects whenever a folder is received."""
    warnings.simplefilter("ignore")
    function = getattr(computations, name)
    while folder := orders.recv():
        begun = time.process_time()
        with (
            h5py.File(path) as project,
            h5py.File(Path(folder) / f"{half}.h5", "w") as results,
            (Path(folder) / f"{half}.csv").open("w") as table,
        ):
            for title, group in list(objects(project).items())[half::WORKERS]:
                result, row = computed(title, group, function)
                table.write(",".join([title, *map(repr, row.values())]) + "\n")
                if keep == "objects":
                    data = result.xydata if "xydata" in group else result.data
                    results[title] = data
        orders.send(time.process_time() - begun)


def main(path: str, name: str, keep: str) -> None:
    context = multiprocessing.get_context("fork")
    workers = []
    for half in range(WORKERS):
        ours, theirs = context.Pipe()
        args = (path, name, keep, half, theirs)
        context.Process(target=work, args=args, daemon=True).start()
        workers.append(ours)
    for _ in sys.stdin:
        begun = time.process_time()
        with tempfile.TemporaryDirectory(dir=Path(path).parent) as folder:
            for worker in workers:
                worker.send(folder)
            taken = sum(worker.recv() for worker in workers)
        sys.stdout.write(f"{taken + time.process_time() - begun}\n")
        sys.stdout.flush()


main(*sys.argv[1:])
