"""Limits of a worker process: the memory that it may use, and the time of an item."""

from __future__ import annotations

import faulthandler
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

_STATUS = Path("/proc/self/status")


@contextmanager
def time_limit(seconds: float | None, report: Path) -> Iterator[None]:
    """End this process if the body takes too long, even inside compiled code.

    A thread of faulthandler's writes the traceback to a file and ends the process with
    status 1. It does not need the interpreter.

    Args:
        seconds: The limit; None for none.
        report: The file, which exists afterwards only if the process was ended.
    """
    if seconds is None:
        yield
        return
    try:
        with report.open("wb", buffering=0) as file:
            faulthandler.dump_traceback_later(seconds, exit=True, file=file)
            try:
                yield
            finally:
                faulthandler.cancel_dump_traceback_later()
    finally:
        report.unlink(missing_ok=True)


def memory_limit(limit: int | None) -> AbstractContextManager[None]:
    """Return a context in which the memory of this process is limited.

    An allocation beyond it raises `MemoryError`. The system limits the memory that
    a process reserves for data, which is more than it uses. So it may reserve what it
    has reserved now, and the difference between the limit and its present use.

    Args:
        limit: The limit in bytes; None for none.

    Raises:
        ValueError: The process uses more already, or this is not Linux.
    """
    if limit is None:
        return nullcontext()
    if sys.platform != "linux":
        raise ValueError(f"memory_limit needs Linux; a worker runs on {sys.platform}")
    used, reserved = _memory()
    if limit <= used:
        raise ValueError(
            f"memory_limit={limit} is too low: a worker uses {used} bytes before it "
            "reads an item"
        )
    return _limited(reserved + limit - used)


@contextmanager
def _limited(reserved: int) -> Iterator[None]:
    import resource

    former = resource.getrlimit(resource.RLIMIT_DATA)
    highest = former[1]
    soft = reserved if highest == resource.RLIM_INFINITY else min(reserved, highest)
    resource.setrlimit(resource.RLIMIT_DATA, (soft, highest))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, former)


def _memory() -> tuple[int, int]:
    """Return the bytes that this process uses, and those that it reserves for data."""
    kilobytes = {
        line.partition(":")[0]: int(line.split()[1])
        for line in _STATUS.read_text("ascii", "replace").splitlines()
        if line.endswith(" kB")
    }
    return kilobytes["VmRSS"] * 1024, kilobytes["VmData"] * 1024
