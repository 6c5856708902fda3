"""The choice of an engine by the argument `on` of a run."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from datalab_workspace.batch.engines.base import Engine
from datalab_workspace.batch.engines.dask_client import DaskEngine, is_client
from datalab_workspace.batch.engines.executors import ExecutorEngine
from datalab_workspace.batch.engines.serial import SerialEngine
from datalab_workspace.batch.engines.threads import ThreadsEngine
from datalab_workspace.batch.worker.process_worker import compute_here
from datalab_workspace.runtime import IN_BROWSER, is_installed

#: Bytes that a worker needs, with room for a few copies of an image of 8 MiB.
_WORKER = 400_000_000
#: Bytes that are left to other programs.
_OTHERS = 1_000_000_000
_MEMINFO = Path("/proc/meminfo")
_CGROUP = Path("/sys/fs/cgroup")


def choose_engine(
    on: Any = None, workers: int | None = None, *, items: int | None = None
) -> Engine:
    """Return the engine that a user asks for.

    Args:
        on: None or "processes", a number of processes, "threads", "serial", a client of
            dask, the address of its scheduler, or a `concurrent.futures.Executor`.
        workers: The number of workers; None to choose it.
        items: The number of items: no more of our workers are started.

    Raises:
        TypeError: `on` or `workers` has a wrong type.
        ValueError: `on` is an unknown string, or the number of workers is not positive.
        ModuleNotFoundError: A package that the engine needs is not installed.
    """
    workers = _checked("workers", workers)
    if isinstance(on, int):
        if workers not in (None, on):
            raise ValueError(f"on={on} and workers={workers} differ; pass one of them")
        on, workers = "processes", _checked("on", on)
    if on is None:
        on = "serial" if IN_BROWSER else "processes"
    if isinstance(on, str):
        return _named(on, workers, items)
    if is_client(on):
        return DaskEngine(on)
    if isinstance(on, Executor):
        return ExecutorEngine(on, workers)
    raise TypeError(
        'expected "processes", "threads", "serial", a number of processes, a client or '
        f"scheduler address of dask, or an Executor for on, got {type(on).__name__}"
    )


def default_workers(items: int | None = None) -> int:
    """Return the number of workers that the cores and the free memory allow.

    Args:
        items: The number of items, if it is known.
    """
    free = _free_memory()
    by_memory = _cores() if free is None else int((free - _OTHERS) // _WORKER)
    return max(1, min(_cores(), by_memory, _cores() if items is None else items))


def _named(on: str, workers: int | None, items: int | None) -> Engine:
    if "://" in on:
        if IN_BROWSER:
            raise ValueError('no cluster can be reached in a browser; use on="serial"')
        return DaskEngine(on)
    if on == "serial":
        return SerialEngine(compute_here)
    make: Callable[[int], Engine]
    if on in ("processes", "threads"):
        if IN_BROWSER:
            raise ValueError(f'there are no {on} in a browser; use on="serial"')
        make = ThreadsEngine
        if on == "processes":
            # A browser has no module multiprocessing.
            from datalab_workspace.batch.engines import processes

            processes.require_loky()
            make = processes.ProcessesEngine
        return make(workers or default_workers(items))
    raise ValueError(
        f"{on!r} is not one of 'processes', 'threads', 'serial', or an address such as "
        "'tcp://host:8786'"
    )


def _checked(name: str, number: int | None) -> int | None:
    if number is None:
        return None
    if isinstance(number, bool) or not isinstance(number, int):
        raise TypeError(
            f"expected a number of workers for {name}, got {type(number).__name__}"
        )
    if number < 1:
        raise ValueError(f"{name}={number}: a run needs at least one worker")
    return number


def _cores() -> int:
    """Return the number of cores that this process may use."""
    if is_installed("loky"):
        # It knows the affinity and the quota of a container.
        from loky import cpu_count

        return int(cpu_count())
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _free_memory() -> float | None:
    """Return the bytes of free memory, also in a container; None if unknown."""
    try:
        lines = _MEMINFO.read_text("ascii").splitlines()
    except OSError:
        return None  # not Linux
    kilobytes = next(
        (int(line.split()[1]) for line in lines if line.startswith("MemAvailable")),
        None,
    )
    if kilobytes is None:
        return None
    return min(kilobytes * 1024, _left_in_container())


def _left_in_container() -> float:
    try:
        limit = (_CGROUP / "memory.max").read_text("ascii").strip()
        used = (_CGROUP / "memory.current").read_text("ascii")
    except OSError:
        return float("inf")  # no container, or one of an older kernel
    return float("inf") if limit == "max" else int(limit) - int(used)
