"""The objects, groups and names that the entries of a recovery folder describe.

The recorder applies each entry to such a state as it writes it, and a reader applies
all of them in order. Both therefore agree on what the entries mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from datalab_workspace.model.record import KINDS, Kind

Panel: TypeAlias = tuple[Kind, str]
#: Kind, title, and UUIDs and names of the objects of each group, in order.
Layout: TypeAlias = "list[tuple[Kind, str, list[tuple[str, str]]]]"


class State:
    """Objects by UUID, in groups, with their names.

    Attributes:
        groups: The names of the objects by UUID, for each group by kind and title.
    """

    def __init__(self) -> None:
        self.groups: dict[Panel, dict[str, str]] = {}
        self._group_of: dict[str, Panel] = {}

    def __contains__(self, uuid: object) -> bool:
        return uuid in self._group_of

    def __len__(self) -> int:
        return len(self._group_of)

    def put(self, uuid: str, name: str, kind: Kind, group: str) -> None:
        """Add an object to the end of a group; leave it in place if it is there."""
        panel = (kind, group)
        before = self._group_of.get(uuid)
        if before is not None and before != panel:
            del self.groups[before][uuid]
        self.groups.setdefault(panel, {})[uuid] = name
        self._group_of[uuid] = panel

    def remove(self, uuid: str) -> None:
        """Remove an object, if it is there."""
        panel = self._group_of.pop(uuid, None)
        if panel is not None:
            del self.groups[panel][uuid]

    def layout(self) -> Layout:
        """Return all groups that have objects, in order."""
        return [
            (kind, title, list(names.items()))
            for wanted in KINDS
            for (kind, title), names in self.groups.items()
            if kind == wanted and names
        ]

    def set_layout(self, layout: Layout) -> None:
        """Arrange everything as in a layout, and remove what is not in it."""
        self.groups = {(kind, title): dict(names) for kind, title, names in layout}
        self._group_of = {
            uuid: panel for panel, names in self.groups.items() for uuid in names
        }

    def apply(self, header: Mapping[str, Any]) -> None:
        """Apply the header of an entry.

        Raises:
            ValueError: The header is not valid.
        """
        try:
            for put in header.get("puts", ()):
                self.put(*checked(put))
            for uuid in header.get("gone", ()):
                self.remove(uuid)
            if "layout" in header:
                self.set_layout(_checked_layout(header["layout"]))
        except (TypeError, LookupError, AttributeError) as error:
            raise ValueError(f"it is not a valid entry: {error}") from error


def checked(put: Mapping[str, Any]) -> tuple[str, str, Kind, str]:
    """Return UUID, name, kind and group of an object in the header of an entry.

    Raises:
        ValueError: The header is not valid.
    """
    uuid, name, kind, group = (put[key] for key in ("uuid", "name", "kind", "group"))
    if kind not in KINDS or not isinstance(uuid, str) or not isinstance(name, str):
        raise ValueError("an object needs a kind, a UUID and a name")
    return uuid, name, kind, str(group)


def _checked_layout(layout: Sequence[Any]) -> Layout:
    for kind, title, names in layout:
        if kind not in KINDS or not isinstance(title, str):
            raise ValueError("a group needs a kind and a title")
        for uuid, name in names:
            if not isinstance(uuid, str) or not isinstance(name, str):
                raise ValueError("an object needs a UUID and a name")  # noqa: TRY004  a damaged file
    return [(kind, title, [(u, n) for u, n in names]) for kind, title, names in layout]
