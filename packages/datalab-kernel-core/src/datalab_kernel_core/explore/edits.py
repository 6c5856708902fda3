"""The changes of regions, points and lines that the page requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from datalab_kernel_core.explore.marks import Marks
from datalab_kernel_core.explore.page_coordinates import PageCoordinates
from datalab_kernel_core.explore.page_shapes import from_page, kept_coords
from datalab_kernel_core.explore.regions import TYPES, Entry, Regions
from datalab_workspace.model.record import Record

_TITLE_LENGTH = 500
LISTS: dict[str, Regions | Marks] = {"region": Regions(), "mark": Marks()}


@dataclass(frozen=True)
class Edit:
    """A change of one region, point or line.

    Attributes:
        do: "add", "change", "rename", "invert" or "remove".
        what: "region" or "mark".
        index: Its index in the list of its kind, -1 for a new one.
        key: Its key as the page has seen it.
        shape: The kind of its shape, as in `Shape`.
        coords: Its coordinates on the page.
        title: Its new title.
        outside: Whether a region is the outside of its shape.
    """

    do: str
    what: str
    index: int = -1
    key: str = ""
    shape: str = ""
    coords: tuple[float, ...] = ()
    title: str = ""
    outside: bool = False

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Edit:
        """Return the change in a message.

        Raises:
            KeyError: An entry is missing.
            ValueError: An entry has the wrong type.
        """
        return cls(
            str(content["do"]),
            str(content["what"]),
            int(content.get("index", -1)),
            str(content.get("key", "")),
            str(content.get("shape", "")),
            tuple(map(float, content.get("coords", ()))),
            str(content.get("title", ""))[:_TITLE_LENGTH],
            bool(content.get("outside", False)),
        )


@dataclass(frozen=True)
class Outcome:
    """The result of a change.

    Attributes:
        arguments: The arguments of `Workspace.edit` that carry it out.
        index: The index of the changed entry, -1 if it was removed.
        key: Its new key.
        note: A message to the user, if the entry was changed elsewhere, too.
    """

    arguments: dict[str, Any]
    index: int = -1
    key: str = ""
    note: str = ""


def apply(record: Record, edit: Edit, coordinates: PageCoordinates) -> Outcome:
    """Return the result of a change of an object's regions or annotations.

    A region that was changed or removed elsewhere in the meantime is not overwritten,
    and the user's drawing is not lost: it becomes another region.

    Args:
        record: The object as it is now.
        edit: The change.
        coordinates: The coordinates of the page.

    Raises:
        ValueError: The change is impossible.
    """
    if edit.what not in LISTS:
        raise ValueError(f"expected 'region' or 'mark', got {edit.what!r:.40}")
    several = LISTS[edit.what]
    entries = several.entries(record)
    if edit.do == "add":
        return _added(record, edit, entries, coordinates)
    index = _index(several, entries, edit)
    if index is None:
        if edit.do != "change":
            raise ValueError(
                f"the {several.noun} has been changed or removed elsewhere in the "
                "meantime, so it was left as it is; try again"
            )
        added = _added(record, edit, entries, coordinates)
        note = (
            f"the {several.noun} has been changed or removed elsewhere in the "
            "meantime; what you have drawn was added as another one"
        )
        return Outcome(added.arguments, added.index, added.key, note)
    if edit.do == "remove":
        return Outcome(several.edit([*entries[:index], *entries[index + 1 :]]))
    entries[index] = _changed(record, edit, entries[index], coordinates)
    return Outcome(several.edit(entries), index, several.key(entries[index]))


def _index(several: Regions | Marks, entries: list[Any], edit: Edit) -> int | None:
    """Return the index of the entry that the page means, None if it is gone."""
    keys = [several.key(entry) for entry in entries]
    if 0 <= edit.index < len(keys) and keys[edit.index] == edit.key:
        return edit.index
    return keys.index(edit.key) if edit.key in keys else None


def _added(
    record: Record, edit: Edit, entries: list[Any], coordinates: PageCoordinates
) -> Outcome:
    several = LISTS[edit.what]
    coords = from_page(edit.shape, edit.coords, coordinates)
    new = several.new(record.kind, edit.shape, coords)
    if edit.outside:
        new = _inverted(edit, new)
    if edit.title:
        new = several.named(new, edit.title)
    return Outcome(several.edit([*entries, new]), len(entries), several.key(new))


def _changed(
    record: Record, edit: Edit, entry: Entry, coordinates: PageCoordinates
) -> Entry:
    several = LISTS[edit.what]
    if edit.do == "rename":
        return several.named(entry, edit.title)
    if edit.do == "invert":
        return _inverted(edit, entry)
    if edit.do != "change":
        raise ValueError(f"expected a change of the page, got {edit.do!r:.40}")
    if isinstance(several, Regions):
        kind = next(kind for kind, one in TYPES.items() if one == entry.get("type"))
        coords = kept_coords(kind, entry, edit.coords, coordinates)
    else:
        coords = from_page(edit.shape, edit.coords, coordinates)
    return several.moved(record.kind, entry, coords)


def _inverted(edit: Edit, entry: Entry) -> Entry:
    if edit.what != "region":
        raise ValueError("a point or a line has no outside")
    return Regions().inverted(entry, inverse=edit.outside)
