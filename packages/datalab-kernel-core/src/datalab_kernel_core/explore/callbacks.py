"""The functions that a view calls after each change of its shapes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any


class Callbacks:
    """The functions of one view."""

    def __init__(self) -> None:
        self._functions: dict[Callback, Callable[[Any], object]] = {}

    def add(self, function: Callable[[Any], object]) -> Callback:
        """Add a function; return its handle.

        Raises:
            TypeError: It is not a function.
        """
        if not callable(function):
            raise TypeError(
                f"on_change() expects a function, got {type(function).__name__}"
            )
        handle = Callback(self)
        self._functions[handle] = function
        return handle

    def remove(self, handle: Callback) -> None:
        """Remove the function of a handle, if it is still there."""
        self._functions.pop(handle, None)

    def call(self, view: Any) -> None:
        """Call all functions; their errors are logged and go no further."""
        for function in list(self._functions.values()):
            _call(function, view)


def _call(function: Callable[[Any], object], view: Any) -> None:
    try:
        function(view)
    except Exception:
        log = logging.getLogger(__name__)
        log.exception("the callback %r of on_change() failed", function)


class Callback:
    """The handle of a function that a view calls; see `View.on_change`.

    Args:
        callbacks: The functions of the view.

    Example:
        >>> handle = plotter.explore("spot").on_change(print)
        >>> handle.cancel()
    """

    def __init__(self, callbacks: Callbacks) -> None:
        self._callbacks = callbacks

    def cancel(self) -> None:
        """End the calls; a second call does nothing.

        Example:
            >>> plotter.explore("spot").on_change(print).cancel()
        """
        self._callbacks.remove(self)
