"""The requests of a panel for rows, and the rows that it receives.

A message is JSON. All strings that come from objects are short and in one line, and the
page shows them as text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from datalab_kernel_core.display.short_text import shorten, size
from datalab_workspace.model.description import Preview, size_text
from datalab_workspace.operations.object_list import OutlineEntry, OutlineGroup

#: The largest number of rows in one message.
MOST_ROWS = 120
_MOST_CHARACTERS = 1000
_NAME_LENGTH = 160


@dataclass(frozen=True)
class RowsRequest:
    """A request for the rows that are on the screen.

    Attributes:
        words: The words that a row must contain, in lower case.
        closed: Keys of the groups that are closed.
        first: Number of the first row that is wanted.
        count: The number of rows that are wanted.
        active: Key of the row that has the keyboard; its number is reported.
    """

    words: tuple[str, ...] = ()
    closed: frozenset[str] = frozenset()
    first: int = 0
    count: int = 0
    active: str | None = None

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> RowsRequest:
        """Return the request in a message."""
        active = content.get("active")
        return cls(
            tuple(str(content.get("search", ""))[:_MOST_CHARACTERS].casefold().split()),
            frozenset(map(str, content.get("closed", ()))),
            max(int(content.get("first", 0)), 0),
            min(max(int(content.get("count", 0)), 0), MOST_ROWS),
            None if active is None else str(active),
        )


def group_key(group: OutlineGroup) -> str:
    """Return the key of a group's row."""
    return f"{group.kind}:{group.title}"


def group_row(group: OutlineGroup, found: int, *, is_open: bool) -> dict[str, Any]:
    """Return the row of a group.

    Args:
        group: The group.
        found: The number of its objects that the search has found.
        is_open: Whether the rows of its objects follow.
    """
    return {
        "key": group_key(group),
        "level": 1,
        "kind": group.kind,
        "name": shorten(group.title, _NAME_LENGTH),
        "full": group.title[:_MOST_CHARACTERS],
        "count": found,
        "open": is_open,
    }


def object_row(
    entry: OutlineEntry, preview: Preview | None, stamp: str, *, selected: bool
) -> dict[str, Any]:
    """Return the row of an object.

    Args:
        entry: The names of the object.
        preview: What is known about it; None if it is gone.
        stamp: A value that differs when its picture may differ.
        selected: Whether it is selected in DataLab, or by `Workspace.select`.
    """
    row = {
        "key": entry.uuid,
        "level": 2,
        "id": entry.short_id,
        "name": shorten(entry.name, _NAME_LENGTH),
        "full": entry.name[:_MOST_CHARACTERS],
        "stamp": stamp,
        "selected": selected,
    }
    if preview is not None:
        summary = preview.summary
        row["kind"] = summary.kind
        row["shape"] = size_text(summary.shape) if summary.shape else ""
        row["dtype"] = "" if summary.dtype is None else str(summary.dtype)
        row["size"] = size(summary.nbytes)
    return row
