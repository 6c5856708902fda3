"""A reference to a plotted object, which does not keep the object in memory."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from datalab_kernel_core.plotter.plot_input import PlotItem, plot_item
from datalab_workspace.model.record import Record


class Replot:
    """A reference to the argument of a plot, from which its data is read again.

    Args:
        what: The argument of `Plotter.plot`, not a list.
        find: Returns the record with a name.
    """

    def __init__(self, what: Any, find: Callable[[str], Record]) -> None:
        self._what = what
        self._find = find
        self._weak = False

    def release(self) -> None:
        """Keep only weak references from now on."""
        if self._weak or isinstance(self._what, str):
            return
        self._weak = True
        if isinstance(self._what, tuple):
            self._what = tuple(map(_reference, self._what))
        else:
            self._what = _reference(self._what)

    def item(self) -> PlotItem:
        """Return the signal or image in its present state.

        Raises:
            KeyError: The object was removed or renamed.
            ReferenceError: The object or array no longer exists.
        """
        what = self._what
        if self._weak:
            several = isinstance(what, tuple)
            found = [one() for one in (what if several else (what,))]
            if any(one is None for one in found):
                raise ReferenceError(
                    "the data of this picture no longer exists; plot it again, and "
                    "keep it in a variable or in the workspace"
                )
            what = tuple(found) if several else found[0]
        return plot_item(what, self._find)


def _reference(what: Any) -> Callable[[], Any]:
    try:
        return weakref.ref(what)
    except TypeError:  # a list of numbers has no weak references
        return lambda: what
