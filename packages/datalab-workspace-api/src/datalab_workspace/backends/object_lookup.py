"""The part of a backend that lists its objects and finds one among them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence

from datalab_workspace.backends.reports import Entry, PanelGroup, Reported
from datalab_workspace.model.naming import Nameable
from datalab_workspace.model.record import Kind


class ObjectLookup(ABC):
    """The objects of a backend in their order, and the position of each.

    Only `entries` and `groups` are necessary. A backend overrides the others if it can
    answer them without a look at all objects, so that a loop over many is not slow.
    """

    @abstractmethod
    def entries(self) -> Sequence[Entry]:
        """Return all objects: signals, then images, each by group and position."""

    def nameables(self) -> Iterable[Nameable]:
        """Return all objects as far as their names depend on them, as in `entries`."""
        return self.entries()

    def reported_since(self, revision: object) -> Reported | None:  # noqa: ARG002
        """Return the objects that were added, changed or removed since a revision.

        Returns:
            None if the backend does not know, or leaves the names to the `NameBook`.
        """
        return None

    def uuids(self, kind: Kind | None = None) -> Sequence[str]:
        """Return the UUIDs of the objects, of one kind or both, as in `entries`."""
        return [e.uuid for e in self.entries() if kind in (None, e.kind)]

    def count(self, kind: Kind | None = None) -> int:
        """Return the number of objects, of one kind or both."""
        return len(self.uuids(kind))

    def has(self, uuid: str) -> bool:
        """Return whether there is an object with a UUID."""
        return uuid in self.uuids()

    @abstractmethod
    def kind_of(self, uuid: str) -> Kind:
        """Return the kind of an object that exists."""

    @abstractmethod
    def groups(self, kind: Kind | None = None) -> Sequence[PanelGroup]:
        """Return the groups, of one kind or both, in the order of `entries`."""

    def number_of(self, uuid: str) -> int | None:
        """Return the number of an object in its panel, from 1.

        A backend that knows it without a look at all objects overrides this.

        Returns:
            None if there is no such object.
        """
        if not self.has(uuid):
            return None
        return self.uuids(self.kind_of(uuid)).index(uuid) + 1

    def group_of(self, uuid: str) -> str | None:
        """Return the title of an object's group; see `number_of`."""
        groups = self.groups(self.kind_of(uuid))
        return next((group.title for group in groups if uuid in group.uuids), None)

    def uuid_at(self, kind: Kind, number: int) -> str | None:
        """Return the UUID of the object with a number; see `number_of`.

        Returns:
            None if the panel has fewer objects.
        """
        uuids = self.uuids(kind)
        return uuids[number - 1] if 0 < number <= len(uuids) else None
