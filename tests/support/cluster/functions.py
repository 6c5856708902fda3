"""Functions of one object for runs over many, and faults that workers meet in them.

They are here, and not next to the tests, as workers import them.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from sigima.objects import SignalObj

Result: TypeAlias = "tuple[SignalObj, dict[str, float]]"
Function: TypeAlias = "Callable[[SignalObj], Result]"


def number_of(signal: SignalObj) -> int:
    """Return the number at the end of a title."""
    return int(signal.title.split()[-1])


def halved(signal: SignalObj) -> Result:
    """Return the signal with half its values, and their sum."""
    signal.y = signal.y / 2
    return signal, {"sum": float(signal.y.sum())}


def one_in_a_hundred_raises(signal: SignalObj) -> Result:
    """Do as `halved`, but refuse one of a hundred signals."""
    if number_of(signal) % 100 == 7:
        raise ValueError(f"{signal.title} is refused")
    return halved(signal)


def slowly(seconds: float) -> Function:
    """Return a function that does as `halved` after some seconds."""

    def slow(signal: SignalObj) -> Result:
        time.sleep(seconds)
        return halved(signal)

    return slow


def killing(*numbers: int, seconds: float = 0.0) -> Function:
    """Return a function that ends its worker at some signals."""

    def kill(signal_: SignalObj) -> Result:
        if number_of(signal_) in numbers:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(seconds)
        return halved(signal_)

    return kill


def hanging(*numbers: int) -> Function:
    """Return a function that never returns from some signals."""

    def hang(signal: SignalObj) -> Result:
        while number_of(signal) in numbers:
            time.sleep(1)
        return halved(signal)

    return hang


def greedy(size: int, *numbers: int) -> Function:
    """Return a function that needs memory, in bytes, for some signals."""

    def allocate(signal: SignalObj) -> Result:
        if number_of(signal) in numbers:
            np.ones(size, np.uint8)
        return halved(signal)

    return allocate


def counted(folder: Path, seconds: float = 0.0) -> Function:
    """Return a function that notes in a folder how often it was called for a signal."""

    def count(signal: SignalObj) -> Result:
        with (folder / signal.title).open("ab") as file:
            file.write(b".")
        time.sleep(seconds)
        return halved(signal)

    return count


def calls(folder: Path) -> dict[str, int]:
    """Return how often `counted` was called for each signal."""
    return {path.name: path.stat().st_size for path in folder.iterdir()}
