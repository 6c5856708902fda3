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

    def note(self, done: int, failed: int) -> None:
        """Count items that have been computed or have failed since the last call.

        A call without any updates the time left.
        """
        self._failed += failed
        self.advance(done + failed)
        if self._first is None and self._done:
            self._first = self._clock_now(), self._done

    def _amount(self) -> str:
        text = f"{self._done:,} of {self._items:,} items"
        if self._failed:
            text += f", {self._failed:,} failed"
        left = self._items - self._done
        if self._first is None or not left:
            return text
        began, before = self._first
        computed = self._done - before
        if computed >= _ENOUGH * self._items:
            forecast = (self._clock_now() - began) / computed * left
            text += f", about {duration(forecast)} left"
        return text
