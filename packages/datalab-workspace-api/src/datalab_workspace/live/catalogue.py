"""The catalogue of the objects in DataLab, in its order, with their UUIDs.

The Web API lists objects quickly, but without UUIDs; XML-RPC reports those, slowly. So
the Web API's list shows whether anything has changed, and XML-RPC is used only then.
Without XML-RPC, objects are recognised by their positions and titles.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import numpy as np

from datalab_workspace.errors import ObjectNotFoundError
from datalab_workspace.live.clients.webapi import Listed, can_route
from datalab_workspace.model.naming import SHORT_ID_PREFIX
from datalab_workspace.model.record import Kind, Record

#: DataLab treats each match in a title as the short id of an object or group.
SHORT_ID = re.compile("[si][0-9]{3}")
#: Bytes of data above which XML-RPC is slow.
_LARGE = 1 << 20
#: DataLab treats each match in a title as the UUID of an object.
UUID = re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b")


@dataclass(frozen=True)
class CatalogueEntry:
    """The known properties of an object in DataLab.

    Attributes:
        uuid: Its UUID; if DataLab does not report it, a made-up one.
        kind: "signal" or "image".
        title: Its title.
        shape: As `Record.shape`; () if it is not known.
        dtype: As `Record.dtype`; None if it is not known.
        texts: The known labels and units.
        listed: The Web API lists it under its title.
    """

    uuid: str
    kind: Kind
    title: str
    shape: tuple[int, ...] = ()
    dtype: np.dtype[Any] | None = None
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    listed: bool = False

    @property
    def nbytes(self) -> int:
        """Size of the data in bytes; 0 if shape and dtype are not known."""
        if self.dtype is None:
            return 0
        rows = 2 if self.kind == "signal" else 1
        return rows * int(np.prod(self.shape)) * self.dtype.itemsize

    def title_may_change(self) -> bool:
        """Return whether DataLab may rewrite its title when objects come and go."""
        return may_be_rewritten(self.title)

    def may_be_result(self) -> bool:
        """Return whether its metadata should be read to find its sources.

        Reading a large object takes long, and the title of a result usually shows that
        it is one.
        """
        return self.nbytes <= _LARGE or SHORT_ID.search(self.title) is not None

    def with_data_of(self, record: Record) -> CatalogueEntry:
        """Return the entry after its data was replaced by that of a record."""
        return replace(self, shape=record.shape, dtype=record.dtype, texts={})

    def described_by(self, listed: Listed) -> CatalogueEntry:
        """Return the same object with the description in DataLab's list."""
        if listed.kind != self.kind:  # it describes another object of that title
            return CatalogueEntry(self.uuid, self.kind, listed.name)
        return CatalogueEntry(
            self.uuid,
            self.kind,
            listed.name,
            listed.shape,
            listed.dtype,
            listed.texts,
            listed=True,
        )


def may_be_rewritten(title: str) -> bool:
    """Return whether DataLab finds short ids or UUIDs in a title, and replaces them."""
    return bool(SHORT_ID.search(title) or UUID.search(title))


def rewritten(title: str, kind: Kind) -> str:
    """Return the title that DataLab makes from one in which it finds UUIDs."""
    return UUID.sub(f"{SHORT_ID_PREFIX[kind]}xxx", title)


class Catalogue:
    """The objects in DataLab: signals, then images, in DataLab's order."""

    def __init__(self, items: Iterable[CatalogueEntry] = ()) -> None:
        self.items = tuple(items)
        self._by_uuid = {item.uuid: item for item in self.items}
        self._titles = Counter(item.title for item in self.items)

    def __contains__(self, uuid: str) -> bool:
        return uuid in self._by_uuid

    def __getitem__(self, uuid: str) -> CatalogueEntry:
        if uuid not in self._by_uuid:  # another program has just removed it
            raise ObjectNotFoundError(
                f"the object {uuid} was removed from DataLab by another program; call "
                "list() to see the objects that are left"
            )
        return self._by_uuid[uuid]

    def get(self, uuid: str) -> CatalogueEntry | None:
        """Return an object; None if it does not exist."""
        return self._by_uuid.get(uuid)

    def has_title(self, title: str) -> bool:
        """Return whether an object of any kind has a title."""
        return title in self._titles

    def address(self, uuid: str) -> str | None:
        """Return the title by which the Web API addresses an object.

        Returns:
            None if no request can contain the title, or another object has it, too.
        """
        item = self._by_uuid[uuid]
        alone = item.listed and self._titles[item.title] == 1
        return item.title if alone and can_route(item.title) else None

    def has_titles_of(self, listed: Sequence[Listed]) -> bool:
        """Return whether a list contains the same titles in the same order."""
        return [item.title for item in self.items] == [item.name for item in listed]

    def described_in_order(self, listed: Sequence[Listed]) -> Catalogue:
        """Return the same objects with the descriptions of a list in their order."""
        return Catalogue(
            item.described_by(entry)
            for item, entry in zip(self.items, listed, strict=True)
        )

    def described_by_title(self, listed: Iterable[Listed]) -> Catalogue:
        """Return the same objects with the descriptions of a list in any order."""
        by_title = {item.name: item for item in reversed([*listed])}
        items = []
        for item in self.items:
            found = by_title.pop(item.title, None)
            items.append(
                CatalogueEntry(item.uuid, item.kind, item.title)
                if found is None
                else item.described_by(found)
            )
        return Catalogue(items)

    def follow(
        self,
        listed: Sequence[Listed],
        gone: Collection[str],
        new: CatalogueEntry | None,
    ) -> Catalogue | None:
        """Return the catalogue after a change of this program.

        DataLab may have rewritten any title.

        Args:
            listed: The list of objects now.
            gone: UUIDs of the objects that were removed.
            new: The object that was added, or replaces one of those removed.

        Returns:
            None if other programs have changed something at the same time.
        """
        left = [item for item in self.items if item.uuid not in gone]
        titles = () if new is None else (new.title, rewritten(new.title, new.kind))
        candidates = [
            place
            for place, entry in enumerate(listed)
            if new is not None and entry.kind == new.kind and entry.name in titles
        ]
        for place in reversed(candidates) if new is not None else [None]:
            rest = [entry for number, entry in enumerate(listed) if number != place]
            if [item.kind for item in left] == [entry.kind for entry in rest]:
                items = [
                    item.described_by(entry)
                    for item, entry in zip(left, rest, strict=True)
                ]
                if place is not None and new is not None:
                    items.insert(place, new.described_by(listed[place]))
                return Catalogue(items)
        return None

    def recognised_by_title(self, listed: Sequence[Listed]) -> Catalogue:
        """Return the catalogue of a list, with objects recognised by their titles.

        Objects that are not recognised get new UUIDs.
        """
        known: dict[tuple[Kind, str], list[str]] = {}
        for item in self.items:
            known.setdefault((item.kind, item.title), []).append(item.uuid)
        items = []
        for entry in listed:
            same = known.get((entry.kind, entry.name))
            uuid = same.pop(0) if same else str(uuid4())
            items.append(CatalogueEntry(uuid, entry.kind, "").described_by(entry))
        return Catalogue(items)

    def appended(self, new: CatalogueEntry) -> Catalogue:
        """Return the catalogue with an object at the end of its kind."""
        signals = [item for item in self.items if item.kind == "signal"]
        images = [item for item in self.items if item.kind == "image"]
        (signals if new.kind == "signal" else images).append(new)
        return Catalogue([*signals, *images])

    def replaced(self, new: CatalogueEntry) -> Catalogue:
        """Return the catalogue with another entry for the same object."""
        return Catalogue(new if i.uuid == new.uuid else i for i in self.items)

    def without(self, uuids: Collection[str]) -> Catalogue:
        """Return the catalogue without some objects."""
        return Catalogue(item for item in self.items if item.uuid not in uuids)

    def retitled(self, titles: Mapping[str, str]) -> Catalogue:
        """Return the catalogue with other titles, by UUID."""
        return Catalogue(
            replace(item, title=titles.get(item.uuid, item.title))
            for item in self.items
        )
