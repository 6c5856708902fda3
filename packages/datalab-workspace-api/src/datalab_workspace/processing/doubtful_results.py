"""Doubts about the results of a call, which become one warning each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from datalab_workspace.error_messages import list_names
from datalab_workspace.errors import DoubtfulResultWarning
from datalab_workspace.validation import warn_caller

#: Number of further objects that a warning names.
_NAMED = 3


class Doubt(NamedTuple):
    """A reason to doubt a result.

    Attributes:
        key: The kind of doubt.
        text: The warning: the feature, the object, what is wrong and what to do.
        name: Name of the object.
        category: The class of the warning.
    """

    key: str
    text: str
    name: str
    category: type[Warning] = DoubtfulResultWarning


class Doubts:
    """The doubts about all results of one call.

    A call may compute a thousand results. The same doubt about several of them is one
    warning, which describes the first and names some of the others.
    """

    def __init__(self) -> None:
        self._first: dict[str, Doubt] = {}
        self._others: dict[str, dict[str, None]] = {}

    def note(self, doubt: Doubt) -> None:
        """Add a doubt, to be reported by `warn`."""
        first = self._first.setdefault(doubt.key, doubt)
        if doubt.name != first.name:
            self._others.setdefault(doubt.key, {})[doubt.name] = None

    def __iter__(self) -> Iterator[Doubt]:
        """Yield the doubts, one for each kind and object."""
        for key, first in self._first.items():
            yield first
            for name in self._others.get(key, ()):
                yield first._replace(name=name)

    def warn(self) -> None:
        """Warn of all doubts, at the line of the user's code.

        Warns:
            Warning: One for each kind of doubt, of its category.
        """
        for key, doubt in self._first.items():
            others = list(self._others.get(key, ()))
            more = f" (the same for {list_names(others, _NAMED)})" if others else ""
            warn_caller(f"{doubt.text}{more}", doubt.category)
