"""The rows of a panel: groups and objects that match a search."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from datalab_kernel_core.browse.messages import (
    RowsRequest,
    group_key,
    group_row,
    object_row,
)
from datalab_kernel_core.browse.picture_stamps import PictureStamps
from datalab_workspace.operations.object_list import (
    Outline,
    OutlineEntry,
    OutlineGroup,
)


@dataclass(slots=True)  # a frozen one takes three times as long to make
class _Place:
    """The place of a row: its group, its number there, and the size of the group.

    Attributes:
        group: The group.
        entry: The object; None for the row of the group itself.
        number: Number of the row among its siblings, from 1.
        siblings: The number of its siblings.
    """

    group: OutlineGroup
    entry: OutlineEntry | None
    number: int
    siblings: int

    @property
    def key(self) -> str:
        return group_key(self.group) if self.entry is None else self.entry.uuid


class Rows:
    """The rows of all views of one panel.

    Args:
        outline: The objects of the workspace.
        stamps: The stamps of their pictures.
    """

    def __init__(self, outline: Outline, stamps: PictureStamps) -> None:
        self._outline = outline
        self._stamps = stamps
        self._lock = threading.RLock()
        self._groups: list[tuple[OutlineGroup, list[str]]] | None = None
        self._selected: frozenset[str] = frozenset()
        # The places of the last search, for the pages that follow.
        self._found: tuple[object, list[_Place]] | None = None

    def outdate(self) -> None:
        """Note that objects have changed."""
        with self._lock:
            self._groups = self._found = None

    def window(self, request: RowsRequest) -> dict[str, Any]:
        """Return the rows that are on the screen.

        Returns:
            The rows, with their first number, and the numbers of all rows, of all
            objects, and of those that the search has found.
        """
        with self._lock:
            places = self._places(request)
            first = min(request.first, max(len(places) - 1, 0))
            shown = places[first : first + request.count]
            found = sum(len(p.group.entries) for p in places if p.entry is None)
            return {
                "first": first,
                "total": len(places),
                "objects": sum(len(group.entries) for group, _ in self._known()),
                "found": found,
                "groups": sorted({group.title for group, _ in self._known()})[:200],
                "active": [request.active, self._number_of(request.active, places)],
                "rows": self._contents(shown, request.closed),
            }

    def keys(self, request: RowsRequest, ends: tuple[str, str] | None) -> list[str]:
        """Return the UUIDs of the objects whose rows are between two rows, or of all.

        Args:
            request: The search.
            ends: Keys of the two rows; None for all rows.
        """
        with self._lock:
            places = self._places(request)
            if ends is not None:
                numbers = [self._number_of(key, places) for key in ends]
                known = [number for number in numbers if number is not None]
                places = places[min(known) : max(known) + 1] if known else []
            return [place.key for place in places if place.entry is not None]

    def members(self, key: str) -> list[str]:
        """Return the UUIDs of the objects of a group.

        Raises:
            LookupError: The group no longer exists.
        """
        with self._lock:
            for group, _ in self._known():
                if group_key(group) == key:
                    return [entry.uuid for entry in group.entries]
        raise LookupError("this group is gone")

    def present(self, uuids: Sequence[str]) -> list[str]:
        """Return those of some objects that still exist.

        Raises:
            LookupError: None of them does.
        """
        with self._lock:
            groups = self._known()
        known = {entry.uuid for group, _ in groups for entry in group.entries}
        present = [uuid for uuid in uuids if uuid in known]
        if uuids and not present:
            raise LookupError("the chosen objects are gone")
        return present

    def _known(self) -> list[tuple[OutlineGroup, list[str]]]:
        """Return the groups, and what is searched of each of their objects."""
        if self._groups is None:
            self._groups = [
                (group, [f"{e.name} {e.short_id}".casefold() for e in group.entries])
                for group in self._outline.groups()
            ]
            self._selected = self._outline.selected()
        return self._groups

    def _places(self, request: RowsRequest) -> list[_Place]:
        search = request.words, request.closed
        self._known()
        if self._found is None or self._found[0] != search:
            self._found = search, list(self._search(request))
        return self._found[1]

    def _search(self, request: RowsRequest) -> Iterator[_Place]:
        found = [
            group
            for known, texts in self._known()
            if (group := _matching(known, texts, request.words)) is not None
        ]
        for number, group in enumerate(found, 1):
            yield _Place(group, None, number, len(found))
            if group_key(group) not in request.closed:
                for position, entry in enumerate(group.entries, 1):
                    yield _Place(group, entry, position, len(group.entries))

    def _contents(
        self, places: list[_Place], closed: frozenset[str]
    ) -> list[dict[str, Any]]:
        uuids = [place.key for place in places if place.entry is not None]
        previews = self._outline.previews(uuids)
        rows = []
        for place in places:
            group, entry = place.group, place.entry
            if entry is None:
                is_open = group_key(group) not in closed
                row = group_row(group, len(group.entries), is_open=is_open)
            else:
                row = object_row(
                    entry,
                    previews.get(entry.uuid),
                    self._stamps.of(entry.uuid),
                    selected=entry.uuid in self._selected,
                )
            row["place"] = [place.number, place.siblings]
            rows.append(row)
        return rows

    @staticmethod
    def _number_of(key: str | None, places: list[_Place]) -> int | None:
        if key is None:
            return None
        return next((n for n, place in enumerate(places) if place.key == key), None)


def _matching(
    group: OutlineGroup, texts: list[str], words: tuple[str, ...]
) -> OutlineGroup | None:
    """Return a group with the objects that contain all words, None if none does."""
    title = group.title.casefold()
    wanted = [word for word in words if word not in title]
    if not wanted:
        return group
    entries = tuple(
        entry
        for entry, text in zip(group.entries, texts, strict=True)
        if all(word in text for word in wanted)
    )
    return group._replace(entries=entries) if entries else None
