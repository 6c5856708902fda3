"""Compute all objects of a project, or of a folder, by `batch.map`.

`python with_product.py SOURCE COMPUTATION KEEP ENGINE` computes once for each line read
from stdin, and writes a line of JSON: the CPU time of this process and that of its
workers, the time by the clock, all in seconds, and the memory of this process, in
bytes. The workers start with the first line. After the line "no output" nothing is
written.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import computations

from datalab_workspace import batch
from support.cpu_time import of_children
from support.measurement import peak

WORKERS = 2


def engine(name: str, stack: ExitStack) -> Any:
    """Return what `batch.map` takes as `on`."""
    if name != "dask":
        return name
    from dask.distributed import Client, LocalCluster

    cluster = LocalCluster(
        n_workers=WORKERS, threads_per_worker=1, dashboard_address=":0"
    )
    return stack.enter_context(Client(stack.enter_context(cluster)))


def main(source: str, name: str, keep: str, on: str) -> None:
    function = getattr(computations, name)
    with ExitStack() as stack:
        workers = engine(on, stack)
        for line in sys.stdin:
            folder = Path(tempfile.mkdtemp(dir=Path(source).parent))
            out = None if line == "no output\n" else folder / "results.h5"
            own, others, begun = time.process_time(), of_children(), time.perf_counter()
            run = batch.map(
                function, source, keep=keep, on=workers, workers=WORKERS, out=out
            )
            figures = {
                "wall": time.perf_counter() - begun,
                "driver": time.process_time() - own,
                "workers": of_children() - others,
                "peak": peak(),
                "done": run.done,
                "failed": run.failed,
                "sigima": "sigima" in sys.modules,
            }
            shutil.rmtree(folder)
            sys.stdout.write(json.dumps(figures) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
