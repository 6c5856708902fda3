"""The errors of the items of a run, by the name of the item."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from datalab_workspace.batch.messages import ItemFailure
from datalab_workspace.error_messages import close_matches, either, shortened
from datalab_workspace.result_text import cut

#: The parts of a message that differ from item to item: quoted names, and numbers.
_PARTICULAR = re.compile(r"'[^']*'|\"[^\"]*\"|\d+")
_LINE = 100
#: The names that a line of a group shows.
_NAMES = 3


@dataclass(frozen=True)
class ItemError:
    """The error of one item of a run.

    Attributes:
        item: Name of the item.
        type: Name of the class of the error, such as "ValueError"; "WorkerDied" if the
            worker process ended while it computed the item.
        message: The message of the error.
        traceback: The traceback, from the code of the chain on.

    Example:
        >>> run = workspace.map("fwhm", ["peak", "spot"], on="serial")
        >>> run.errors["spot"].type
        'FeatureNotFoundError'
    """

    item: str
    type: str
    message: str
    traceback: str

    def __str__(self) -> str:
        return f"{self.type}: {self.message}" if self.message else self.type


def error_of(item: str, failure: ItemFailure) -> ItemError:
    """Return the error of an item from the report of its worker."""
    return ItemError(item, failure.type, failure.message, failure.traceback)


@dataclass(frozen=True)
class SimilarErrors:
    """Errors of a run that differ only in names and numbers.

    Attributes:
        first: The first of them.
        items: Names of the items, in order.

    Example:
        >>> run = workspace.map("fwhm", ["peak", "spot"], on="serial")
        >>> run.errors.similar()[0].items
        ('spot',)
    """

    first: ItemError
    items: tuple[str, ...]

    def line(self) -> str:
        """Return the errors as a line: their number, the first error and names.

        Example:
            >>> run = workspace.map("fwhm", ["peak", "spot"], on="serial")
            >>> run.errors.similar()[0].line()
            "1 item: FeatureNotFoundError: 'fwhm' is a feature for signals... (spot)"
        """
        count = len(self.items)
        noun = "item" if count == 1 else "items"
        names = ", ".join(cut(name) for name in self.items[:_NAMES])
        more = ", …" if count > _NAMES else ""
        return f"{count:,} {noun}: {cut(str(self.first), _LINE)} ({names}{more})"


class ItemErrors(Mapping[str, ItemError]):
    """The errors of a run by the name of the item, in the items' order.

    Its string shows similar errors as one line.

    Example:
        >>> run = workspace.map("fwhm", ["peak", "spot"], on="serial")
        >>> [*run.errors]
        ['spot']
    """

    def __init__(self, errors: Iterable[ItemError]) -> None:
        self._errors = {error.item: error for error in errors}

    def __getitem__(self, name: str) -> ItemError:
        """Return the error of an item.

        Raises:
            KeyError: There is no such item, or it has no error. The message names
                close matches.
        """
        if name in self._errors:
            return self._errors[name]
        close = close_matches(str(name), self._errors)
        hint = f"; did you mean {either(map(shortened, close))}?" if close else ""
        raise KeyError(f"no item {shortened(name)} has failed{hint}")

    def __iter__(self) -> Iterator[str]:
        return iter(self._errors)

    def __len__(self) -> int:
        return len(self._errors)

    def similar(self) -> list[SimilarErrors]:
        """Return the errors in groups of similar ones, the largest group first.

        Example:
            >>> run = workspace.map("fwhm", ["peak", "spot"], on="serial")
            >>> len(run.errors.similar())
            1
        """
        groups: dict[tuple[str, str], list[ItemError]] = {}
        for error in self._errors.values():
            key = error.type, _PARTICULAR.sub("…", error.message)
            groups.setdefault(key, []).append(error)
        found = [
            SimilarErrors(group[0], tuple(error.item for error in group))
            for group in groups.values()
        ]
        return sorted(found, key=lambda group: -len(group.items))

    def __repr__(self) -> str:
        return "\n".join(group.line() for group in self.similar()) or "no errors"
