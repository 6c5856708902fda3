"""The functions that a view calls after each change of its shapes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any


class Callback:
    """The handle of a function that a view calls; see `View.on_change`.

    Example:
        >>> handle = plotter.explore("spot").on_change(print)
        >>> handle.cancel()
    """

    def __init__(
        self, function: Callable[[Any], object], all_of_them: list[Any]
    ) -> None:
        self.function = function
        self._all = all_of_them
        self._all.append(self)

    def cancel(self) -> None:
        """End the calls; a second call does nothing.

        Example:
            >>> plotter.explore("spot").on_change(print).cancel()
        """
        if self in self._all:
            self._all.remove(self)


def run_all(callbacks: Iterable[Callback], view: Any) -> None:
    """Call all functions; their errors are logged and go no further."""
    for callback in list(callbacks):
        try:
            callback.function(view)
        except Exception:  # noqa: PERF203  one failure must not stop the others
            log = logging.getLogger(__name__)
            log.exception("the callback %r of on_change() failed", callback.function)
