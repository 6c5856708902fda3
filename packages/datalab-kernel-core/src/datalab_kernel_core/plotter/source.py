"""What a picture was made of, to be looked at again without being kept alive."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from datalab_kernel_core.plotter.plot_input import PlotItem, subject_of
from datalab_workspace.model.record import Record


class Source:
    """One thing that was plotted.

    Args:
        what: As in `Plotter.plot`, but no list.
        find: Returns the record of a name.
    """

    def __init__(self, what: Any, find: Callable[[str], Record]) -> None:
        self._what = what
        self._find = find
        self._weak = False

    def let_go(self) -> None:
        """Keep it no longer than others do."""
        if self._weak or isinstance(self._what, str):
            return
        self._weak = True
        if isinstance(self._what, tuple):
            self._what = tuple(map(_reference, self._what))
        else:
            self._what = _reference(self._what)

    def subject(self) -> PlotItem:
        """Return it as it is now.

        Raises:
            KeyError: There is no longer an object of this name.
            ReferenceError: Nothing but the picture was left of it.
        """
        what = self._what
        if self._weak:
            several = isinstance(what, tuple)
            found = [one() for one in (what if several else (what,))]
            if any(one is None for one in found):
                raise ReferenceError(
                    "what was plotted is gone, of which only the picture is left; "
                    "plot it again, and keep it in a variable or in the workspace"
                )
            what = tuple(found) if several else found[0]
        return subject_of(what, self._find)


def _reference(what: Any) -> Callable[[], Any]:
    try:
        return weakref.ref(what)
    except TypeError:  # a list of numbers
        return lambda: what
