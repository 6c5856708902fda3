"""The progress of a run, shown while it is computed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TextIO

from datalab_workspace.batch.results.run_text import duration
from datalab_workspace.progress import Progress

#: A forecast needs this part of the items.
_ENOUGH = 0.02


class RunProgress(Progress):
    """The number of items that are done, those that failed, and the time left.

    Args:
        total: The number of items to compute.
        stream: See `Progress`.
        clock: See `Progress`.
    """

    def __init__(
        self,
        total: int,
        *,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__("computing", total, stream=stream, clock=clock)
        self._clock_now = clock
        self._items = total
        self._failed = 0
        # The workers need time to start: the forecast begins with the first item.
        self._first: tuple[float, int] | None = None
        self._end: float | None = None
        self._shown = ""

    def note(self, done: int, failed: int) -> None:
        """Count items that have been computed or have failed since the last call.

        A call without any updates the time left.
        """
        self._failed += failed
        if done or failed:
            self._forecast(self._done + done + failed)
        self.advance(done + failed)

    def _forecast(self, done: int) -> None:
        """Expect the end from the times of the results until now."""
        now = self._clock_now()
        if self._first is None:
            self._first = now, done
            return
        began, before = self._first
        if done - before >= _ENOUGH * self._items:
            self._end = now + (now - began) / (done - before) * (self._items - done)

    def _show(self, text: str) -> None:
        # A notebook receives each line as a message.
        if text != self._shown:
            super()._show(text)
        self._shown = text

    def _amount(self) -> str:
        text = f"{self._done:,} of {self._items:,} items"
        if self._failed:
            text += f", {self._failed:,} failed"
        left = self._items - self._done
        time_left = 0.0 if self._end is None else self._end - self._clock_now()
        if left and time_left >= 0.1:
            text += f", about {duration(time_left)} left"
        return text
