"""Histories that are found out when they are first needed."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

from datalab_workspace.history.steps import RecordHistory, Step


class Deferred(RecordHistory):
    """A history that is found out when it is needed, and can be used like others."""

    __slots__ = ("__weakref__", "outcome")

    #: The history that was found out; None until then.
    outcome: RecordHistory | None

    @abstractmethod
    def found(self) -> RecordHistory:
        """Return the history; the same one each time."""

    @property
    def step(self) -> Step:  # type: ignore[override]  # found out later
        """The latest step."""
        return self.found().step

    @property
    def fields(self) -> Mapping[str, Any]:  # type: ignore[override]  # found out when it is needed
        """The fields of the record then."""
        return self.found().fields

    @property
    def roi(self) -> Any:
        """The ROI dict of the record then."""
        return self.found().roi


def settled(history: RecordHistory) -> RecordHistory:
    """Return a history without the deferred ones that stand for it.

    A loop that adds one object again and again would make a chain of them.
    """
    while isinstance(history, Deferred) and history.outcome is not None:
        history = history.outcome
    return history


class Later(Deferred):
    """A history that a function returns.

    Args:
        find: The function. It is released once it has been called.
    """

    __slots__ = ("_find",)

    def __init__(self, find: Callable[[], RecordHistory]) -> None:
        self.outcome = None
        self._find: Callable[[], RecordHistory] | None = find

    def found(self) -> RecordHistory:
        """See `Deferred.found`."""
        find = self._find
        if self.outcome is None and find is not None:
            self.outcome = settled(find())
            self._find = None
        assert self.outcome is not None, "it is set before the function is released"
        return self.outcome
