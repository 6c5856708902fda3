"""A draft of the window's state, which the operations of a transaction change.

Nothing in DataLab changes until the whole draft is applied. For this reason, an
operation that fails leaves nothing behind.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from datalab_kernel.desktop.companion import titles
from datalab_kernel.desktop.companion.exchange import ProtocolError
from datalab_kernel.desktop.companion.objects import clone, uuid_of
from datalab_workspace.errors import InvalidNameError
from datalab_workspace.model.name_book import NameBook
from datalab_workspace.model.naming import (
    SHORT_ID_PREFIX,
    check_name,
)
from datalab_workspace.model.record import KINDS, Kind


class Titled(NamedTuple):
    """An object that can be named."""

    uuid: str
    kind: str
    title: str
    name: str | None = None


@dataclass(eq=False)
class DraftGroup:
    """A group of the draft.

    Attributes:
        group: DataLab's group; None for a new one.
        title: Its title.
        members: UUIDs of its objects, in order.
        titled: A client has given it its title.
    """

    group: Any
    title: str
    members: list[str]
    titled: bool = False


@dataclass(eq=False)
class Draft:
    """The state that a transaction gives the window.

    Attributes:
        groups: The groups of each panel, in order.
        objects: DataLab's objects by UUID, and new ones.
        kinds: The kind of each object.
        names: The names of all objects.
        added: UUIDs of the new objects, in order.
        changed: For objects that exist, the object whose values they take.
        given: Titles that clients gave, by UUID.
        retitled: Other titles to set, which DataLab may rewrite later.
        templates: Titles that DataLab keeps up to date, by UUID.
        unnamed: Titles of the objects that have no name yet, by UUID.
        inserted: UUIDs of the objects that were put into a group, in order; they may
            have been discarded since.
        discarded: UUIDs of the objects that were removed, in order; they may have been
            inserted again.
        selection: UUIDs to select, for each panel whose selection changes.
        shown: The panel to show; None for the one that is shown.
    """

    groups: dict[Kind, list[DraftGroup]]
    objects: dict[str, Any]
    kinds: dict[str, Kind]
    names: NameBook
    added: list[str] = field(default_factory=list)
    changed: dict[str, Any] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)
    retitled: dict[str, str] = field(default_factory=dict)
    templates: dict[str, titles.Template] = field(default_factory=dict)
    unnamed: dict[str, str] = field(default_factory=dict)
    inserted: list[str] = field(default_factory=list)
    discarded: dict[str, None] = field(default_factory=dict)
    selection: dict[Kind, list[str]] = field(default_factory=dict)
    shown: Kind | None = None

    def check(self, uuids: list[str]) -> None:
        """Raise an error if an object does not exist.

        Raises:
            ProtocolError: It names those that do not exist.
        """
        if absent := [uuid for uuid in uuids if uuid not in self.objects]:
            raise missing(absent, "there is no object with the UUID")

    def group_of(self, uuid: str) -> DraftGroup:
        """Return the group of an object that exists."""
        groups = self.groups[self.kinds[uuid]]
        return next(group for group in groups if uuid in group.members)

    def find_group(self, kind: Kind, title: str) -> DraftGroup | None:
        """Return the first group of a title; None if there is none."""
        return next((g for g in self.groups[kind] if g.title == title), None)

    def existing_group(self, kind: Kind, title: str) -> DraftGroup:
        """Return the first group of a title.

        Raises:
            ProtocolError: There is none.
        """
        group = self.find_group(kind, title)
        if group is None:
            raise missing([title], f"the {kind} panel has no group with the title")
        return group

    def make_group(self, kind: Kind, title: str) -> DraftGroup:
        """Return the first group of a title, a new one if there is none."""
        group = self.find_group(kind, title)
        if group is None:
            group = DraftGroup(None, title, [], titled=True)
            self.groups[kind].append(group)
        return group

    def first_group(self, kind: Kind) -> DraftGroup:
        """Return the first group of a panel, a new one without title if needed."""
        return (self.groups[kind] or [self.make_group(kind, "")])[0]

    def insert(self, obj: Any, kind: Kind, group: DraftGroup, index: int) -> str:
        """Put an object that is not in the draft into a group; return its UUID."""
        uuid = uuid_of(obj)
        group.members.insert(index, uuid)
        self.objects[uuid] = obj
        self.kinds[uuid] = kind
        self.inserted.append(uuid)
        return uuid

    def discard(self, uuid: str) -> None:
        """Remove an object and its name."""
        self.group_of(uuid).members.remove(uuid)
        del self.objects[uuid], self.kinds[uuid]
        self.discarded[uuid] = None
        self.names.release(uuid)
        tables = (self.changed, self.given, self.retitled, self.templates, self.unnamed)
        for table in tables:
            table.pop(uuid, None)
        if uuid in self.added:
            self.added.remove(uuid)

    def editable(self, uuid: str) -> Any:
        """Return the object whose values an object will have, to be changed."""
        if uuid in self.added:
            return self.objects[uuid]
        if uuid not in self.changed:
            self.changed[uuid] = clone(self.objects[uuid])
        return self.changed[uuid]

    def bind(self, uuid: str, name: str) -> None:
        """Give a free name to an object.

        Raises:
            ProtocolError: Another object has the name, or it cannot be one.
        """
        try:
            check_name(name)
        except InvalidNameError as error:
            raise ProtocolError(422, "refused", str(error)) from error
        holder = self.names.uuid_of(name)
        if holder not in (None, uuid):
            raise ProtocolError(
                409,
                "name",
                f"the name {name!r:.80} is used by the object {holder}",
                name=name,
                holder=holder,
            )
        self.names.bind(uuid, name)

    def bind_by_title(self, uuid: str, title: str) -> None:
        """Let an object have a name by its title, see `name_the_rest`."""
        self.unnamed[uuid] = title

    def name_the_rest(self) -> None:
        """Give names to the objects that were added without one.

        They are named together: a duplicate takes no name that is the title of another.
        """
        new = [Titled(u, self.kinds[u], title) for u, title in self.unnamed.items()]
        for uuid, name in self.names.choose(new).items():
            self.names.bind(uuid, name)
        self.unnamed.clear()

    def give_title(self, uuid: str, title: str, *, composed: bool = False) -> None:
        """Set the title of an object.

        Args:
            uuid: The object.
            title: The title.
            composed: DataLab keeps the short ids in it up to date.
        """
        self.given.pop(uuid, None)
        self.templates.pop(uuid, None)
        if composed:
            self.templates[uuid] = titles.template(title, self._with_short_id)
        else:
            self.given[uuid] = title

    def _with_short_id(self, short_id: str) -> str | None:
        """Return the UUID of the object that has a short id now."""
        prefix, number = short_id.rstrip("0123456789"), 0
        for kind in KINDS:
            if prefix != SHORT_ID_PREFIX[kind]:
                continue
            number = int(short_id[len(prefix) :])
            for group in self.groups[kind]:
                if 0 < number <= len(group.members):
                    return group.members[number - 1]
                number -= len(group.members)
        return None


def missing(names: list[str], what: str) -> ProtocolError:
    """Return the error of things that do not exist."""
    detail = f"{what} {', '.join(f'{name!r:.80}' for name in names[:5])}"
    return ProtocolError(404, "missing", detail, missing=names)
