"""What DataLab holds, in its order, and the UUID by which each object is known.

The Web API lists objects quickly, but tells no UUIDs; XML-RPC tells them slowly. So the
list of the Web API tells whether anything has changed, and XML-RPC is asked where it
has. Without XML-RPC, objects are followed by their targets and titles.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import numpy as np

from datalab_workspace.live.clients.webapi import Listed, can_route
from datalab_workspace.model.naming import SHORT_ID_PREFIX
from datalab_workspace.model.record import Kind

#: What DataLab takes for the id of an object or group, wherever in a title it stands.
SHORT_ID = re.compile("[si][0-9]{3}")
#: Bytes of data that XML-RPC carries slowly.
_LARGE = 1 << 20
#: What DataLab takes for a UUID, wherever in a title it stands.
UUID = re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b")


@dataclass(frozen=True)
class Known:
    """What is known of an object in DataLab.

    Attributes:
        uuid: Its UUID; where DataLab does not tell it, one of ours.
        kind: "signal" or "image".
        title: Its title.
        shape: As `Record.shape`; () where it is not known.
        dtype: As `Record.dtype`; None where it is not known.
        texts: Labels and units, as far as they are known.
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
        """Size of the data in bytes, as far as shape and dtype tell."""
        if self.dtype is None:
            return 0
        rows = 2 if self.kind == "signal" else 1
        return rows * int(np.prod(self.shape)) * self.dtype.itemsize

    def may_be_retitled(self) -> bool:
        """Tell whether DataLab may rewrite its title when objects come and go."""
        return may_be_rewritten(self.title)

    def may_be_computed(self) -> bool:
        """Tell whether it is worth while to find out what it was computed of.

        DataLab's titles tell, unless they were changed; large objects come slowly.
        """
        return self.nbytes <= _LARGE or SHORT_ID.search(self.title) is not None

    def as_listed(self, listed: Listed) -> Known:
        """Return the same object with what a list tells of it."""
        if listed.kind != self.kind:  # where that of another one of its title is told
            return Known(self.uuid, self.kind, listed.name)
        return Known(
            self.uuid,
            self.kind,
            listed.name,
            listed.shape,
            listed.dtype,
            listed.texts,
            listed=True,
        )


def may_be_rewritten(title: str) -> bool:
    """Tell whether DataLab finds in a title what it replaces."""
    return bool(SHORT_ID.search(title) or UUID.search(title))


def rewritten(title: str, kind: Kind) -> str:
    """Return what DataLab makes of a title in which it finds UUIDs."""
    return UUID.sub(f"{SHORT_ID_PREFIX[kind]}xxx", title)


class Catalogue:
    """The objects in DataLab: signals, then images, in DataLab's order."""

    def __init__(self, items: Iterable[Known] = ()) -> None:
        self.items = tuple(items)
        self._by_uuid = {item.uuid: item for item in self.items}
        self._titles = Counter(item.title for item in self.items)

    def __contains__(self, uuid: str) -> bool:
        return uuid in self._by_uuid

    def __getitem__(self, uuid: str) -> Known:
        return self._by_uuid[uuid]

    def get(self, uuid: str) -> Known | None:
        """Return what is known of an object; None of one that is not there."""
        return self._by_uuid.get(uuid)

    def has_title(self, title: str) -> bool:
        """Tell whether an object, of whatever kind, has a title."""
        return title in self._titles

    def address(self, uuid: str) -> str | None:
        """Return the title by which the Web API addresses an object.

        Returns:
            None where the title is such as no request can hold, or is that of another
            object, too.
        """
        item = self._by_uuid[uuid]
        alone = item.listed and self._titles[item.title] == 1
        return item.title if alone and can_route(item.title) else None

    def agrees(self, listed: Sequence[Listed]) -> bool:
        """Tell whether a list is of these objects, under these titles."""
        return [item.title for item in self.items] == [item.name for item in listed]

    def updated(self, listed: Sequence[Listed]) -> Catalogue:
        """Return the same objects with what a list that agrees tells of them."""
        return Catalogue(
            item.as_listed(told) for item, told in zip(self.items, listed, strict=True)
        )

    def with_told(self, listed: Iterable[Listed]) -> Catalogue:
        """Return the same objects with what a list, in any order, tells of them."""
        told = {item.name: item for item in reversed([*listed])}
        items = []
        for item in self.items:
            about = told.pop(item.title, None)
            items.append(
                Known(item.uuid, item.kind, item.title)
                if about is None
                else item.as_listed(about)
            )
        return Catalogue(items)

    def follow(
        self, listed: Sequence[Listed], gone: Collection[str], new: Known | None
    ) -> Catalogue | None:
        """Return the catalogue after a change of ours, whatever became of the titles.

        Args:
            listed: What there is now.
            gone: UUIDs of objects that were removed.
            new: An object that was added, or put in the place of one that is `gone`.

        Returns:
            None where the list cannot have come about by that change alone.
        """
        left = [item for item in self.items if item.uuid not in gone]
        titles = () if new is None else (new.title, rewritten(new.title, new.kind))
        targets = [
            place
            for place, told in enumerate(listed)
            if new is not None and told.kind == new.kind and told.name in titles
        ]
        for place in reversed(targets) if new is not None else [None]:
            rest = [told for number, told in enumerate(listed) if number != place]
            if [item.kind for item in left] == [told.kind for told in rest]:
                items = [
                    item.as_listed(told) for item, told in zip(left, rest, strict=True)
                ]
                if place is not None and new is not None:
                    items.insert(place, new.as_listed(listed[place]))
                return Catalogue(items)
        return None

    def by_titles(self, listed: Sequence[Listed]) -> Catalogue:
        """Return the catalogue of a list, with objects recognised by their titles.

        Objects that are not recognised get UUIDs of their own, as do those which cannot
        be told apart.
        """
        known: dict[tuple[Kind, str], list[str]] = {}
        for item in self.items:
            known.setdefault((item.kind, item.title), []).append(item.uuid)
        items = []
        for told in listed:
            same = known.get((told.kind, told.name))
            uuid = same.pop(0) if same else str(uuid4())
            items.append(Known(uuid, told.kind, "").as_listed(told))
        return Catalogue(items)

    def appended(self, new: Known) -> Catalogue:
        """Return the catalogue with an object at the end of its kind."""
        signals = [item for item in self.items if item.kind == "signal"]
        images = [item for item in self.items if item.kind == "image"]
        (signals if new.kind == "signal" else images).append(new)
        return Catalogue([*signals, *images])

    def replaced(self, new: Known) -> Catalogue:
        """Return the catalogue with something else known of an object."""
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
