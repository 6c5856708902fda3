"""How far long work is, for the person who waits."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TextIO

#: Seconds that work may take without a word.
PATIENCE = 2.0
_INTERVAL = 0.2


class Progress:
    """Shows a percentage on stderr once the work has taken longer than `PATIENCE`.

    Nothing is shown where nobody looks: in a program whose stderr is neither a terminal
    nor a notebook's.

    Args:
        what: The work, as in ``"saving 'analysis.h5'"``.
        total: How much there is to do, in any unit.
        stream: Where to show it; `sys.stderr` by default.
        clock: Returns seconds; `time.monotonic` by default.
    """

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
        """Count `amount` more of the total as done."""
        self._done += amount
        now = self._clock()
        if now >= self._next and (self._stream is not None or _somebody_looks()):
            self._next = now + _INTERVAL
            self._show(f"{self._what}: {min(100, 100 * self._done // self._total)} %")

    def __enter__(self) -> Progress:  # noqa: PYI034 (Self is of Python 3.11)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._width:
            self._show("")

    def _show(self, text: str) -> None:
        stream = self._stream or sys.stderr
        stream.write(f"\r{text.ljust(self._width)}" + ("" if text else "\r"))
        stream.flush()
        self._width = len(text)


def _somebody_looks() -> bool:
    if sys.stderr is None:
        return False
    # A kernel sets the `kernel` of its shell; terminals are asked directly.
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return getattr(shell, "kernel", None) is not None or sys.stderr.isatty()
