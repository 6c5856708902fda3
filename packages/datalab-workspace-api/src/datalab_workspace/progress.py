"""Show the progress of long operations."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import ClassVar, TextIO

#: Seconds after which progress is shown.
PATIENCE = 2.0
_INTERVAL = 0.2  # seconds between updates


class Progress:
    """A percentage on stderr, shown when an operation takes longer than `PATIENCE`.

    Nothing is shown if stderr is neither a terminal nor a notebook.

    Args:
        what: The operation, for example ``"saving 'analysis.h5'"``.
        total: The total amount of work, in any unit.
        stream: The stream to write to; `sys.stderr` by default.
        clock: Returns the time in seconds; `time.monotonic` by default.
    """

    _longest: ClassVar[int] = 0  # the length of the line that is shown

    def __init__(
        self,
        what: str,
        total: int,
        *,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._what = what
        self._total = max(total, 1)
        self._stream = stream
        self._clock = clock
        self._done = 0
        self._next = clock() + PATIENCE
        self._width = 0

    def advance(self, amount: int) -> None:
        """Add `amount` to the work that is done, and update the display."""
        self._done += amount
        now = self._clock()
        if now >= self._next and (self._stream is not None or is_visible()):
            self._next = now + _INTERVAL
            self._show(f"{self._what}: {self._amount()}")

    def __enter__(self) -> Progress:  # noqa: PYI034 - typing.Self needs Python 3.11
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._width:
            self._show("")

    def _amount(self) -> str:
        return f"{min(100, 100 * self._done // self._total)} %"

    def _show(self, text: str) -> None:
        stream = self._stream or sys.stderr
        # One operation may show its progress in the line of another.
        width = max(self._width, Progress._longest)
        stream.write(f"\r{text.ljust(width)}" + ("" if text else "\r"))
        stream.flush()
        self._width = Progress._longest = len(text)


class Count(Progress):
    """The number of items that were processed, if it is not known how many there are.

    Args:
        what: The operation, for example ``"opening 'analysis.h5'"``.
        unit: The items in the plural.
    """

    def __init__(self, what: str, unit: str) -> None:
        super().__init__(what, 1)
        self._unit = unit

    def _amount(self) -> str:
        return f"{self._done:,} {self._unit}"


def is_visible() -> bool:
    """Return whether a person reads stderr, in a terminal or a notebook."""
    if sys.stderr is None:
        return False
    # A Jupyter kernel sets the `kernel` attribute of its shell.
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return getattr(shell, "kernel", None) is not None or sys.stderr.isatty()
