"""Measurements of our code and of a reference, in one run.

Rounds of ours and of the reference alternate, so that whatever else the machine does
meets both. The ratio that counts is that of the minima: noise only ever adds.
"""

from __future__ import annotations

import gc
import re
import statistics
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import psutil

ROUNDS = 7
#: What is measured: timed from outside, unless it returns the seconds that count as a
#: float.
Subject: TypeAlias = Callable[[], object]


@dataclass(frozen=True)
class Comparison:
    """Seconds that ours and the reference took, round by round."""

    what: str
    ours: list[float]
    reference: list[float]

    @property
    def ratio(self) -> float:
        """Ours over the reference, of the minima."""
        return min(self.ours) / min(self.reference)

    @property
    def ratio_of_medians(self) -> float:
        """Ours over the reference, as a user meets them: noise and all."""
        return statistics.median(self.ours) / statistics.median(self.reference)

    def __str__(self) -> str:
        return (
            f"{self.what}: ours {_shown(self.ours)}, reference "
            f"{_shown(self.reference)}, ratio {self.ratio:.2f} "
            f"(of medians {self.ratio_of_medians:.2f})"
        )


def compare(
    what: str, ours: Subject, reference: Subject, *, rounds: int = ROUNDS
) -> Comparison:
    """Measure two things in turn, and print what came out.

    Args:
        what: What is compared.
        ours: Does it our way; see `Subject`.
        reference: Does the same the other way.
        rounds: How often each is measured, after one round that does not count.

    Returns:
        The comparison, to be checked against a bound.
    """
    ours(), reference()
    rows = [(seconds(ours), seconds(reference)) for _ in range(rounds)]
    comparison = Comparison(what, *map(list, zip(*rows, strict=True)))
    report(str(comparison))
    return comparison


def compare_all(
    what: str, subjects: Mapping[str, Subject], *, rounds: int = ROUNDS
) -> dict[str, list[float]]:
    """Measure several things in turn, and print what came out.

    Args:
        what: What is compared.
        subjects: Each way of doing it by its name; see `Subject`.
        rounds: How often each is measured, after one round that does not count.

    Returns:
        The seconds of each way, round by round.
    """
    taken: dict[str, list[float]] = {name: [] for name in subjects}
    for number in range(rounds + 1):
        for name, subject in subjects.items():
            one = seconds(subject)
            if number:
                taken[name].append(one)
    shown = ", ".join(f"{name} {_shown(times)}" for name, times in taken.items())
    report(f"{what}: {shown}")
    return taken


def measure(what: str, subject: Subject, *, rounds: int = ROUNDS) -> float:
    """Measure one thing for which there is an absolute bound.

    Returns:
        The fewest seconds that it took.
    """
    subject()
    taken = [seconds(subject) for _ in range(rounds)]
    report(f"{what}: {_shown(taken)}")
    return min(taken)


def seconds(subject: Subject) -> float:
    """Run something once and return the seconds that it took.

    As in `timeit`, the garbage collector waits: what it takes depends on all that the
    process holds besides.
    """
    gc.collect()
    gc.disable()
    try:
        start = time.perf_counter()
        own = subject()
        taken = time.perf_counter() - start
    finally:
        gc.enable()
    return own if isinstance(own, float) else taken


def report(line: str) -> None:
    """Print a line of figures; shown with `pytest -s`."""
    sys.stdout.write(f"\n{line}\n")


def _shown(taken: list[float]) -> str:
    return f"{_unit(min(taken))} (median {_unit(statistics.median(taken))})"


def _unit(value: float) -> str:
    if value >= 1:
        return f"{value:.2f} s"
    return f"{value * 1e3:.1f} ms" if value >= 1e-3 else f"{value * 1e6:.1f} µs"


def peak() -> int:
    """Return the most memory that this process had since it began, in bytes.

    `getrusage` also counts what the process that started it had at that time.
    """
    status = Path("/proc/self/status").read_text("ascii")
    (kilobytes,) = re.findall(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    return int(kilobytes) * 1024


class Peak:
    """How much memory a process had at most, beyond what it had.

    Args:
        pid: The process; by default this one.
    """

    def __init__(self, pid: int | None = None) -> None:
        self._process = psutil.Process(pid)

    def __enter__(self) -> Peak:  # noqa: PYI034  Self is of Python 3.11
        gc.collect()  # what is garbage already would hide what is added
        self._before = self.most = self._process.memory_info().rss
        self._done = threading.Event()
        self._watching = threading.Thread(target=self._watch)
        self._watching.start()
        return self

    def _watch(self) -> None:
        while not self._done.wait(0.001):
            self.most = max(self.most, self._process.memory_info().rss)

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._watching.join()
        self.peak = self.most - self._before
