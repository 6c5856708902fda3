"""The book of names: the name of each object, and what this program means by a name."""

from __future__ import annotations

import re
from collections.abc import (
    Callable,
    Iterable,
    KeysView,
    Mapping,
    Sequence,
)
from typing import TypeAlias

from datalab_workspace.errors import ObjectNotFoundError, ReusedNameError
from datalab_workspace.model.naming import (
    Nameable,
    Titled,
    assign_names,
    checked_key,
    is_renumbered,
    name_from_title,
    parse_short_id,
)
from datalab_workspace.model.record import Kind

#: Returns the UUID of the object with a number in its panel, from 1; None if there is
#: no such object.
UuidAt: TypeAlias = "Callable[[Kind, int], str | None]"

_NUMBER = re.compile(r" \([0-9]+\)")


class NameBook:
    """The assigned names, each bound to the UUID of an object.

    It also remembers which object this program means by each name that it has used. If
    others change the names afterwards, such a name never means another object without
    notice.

    Args:
        shared: Others may change titles and remove objects. The name of an object then
            follows its title.
    """

    def __init__(self, *, shared: bool = False) -> None:
        self._shared = shared
        self._name_of: dict[str, str] = {}
        self._uuid_of: dict[str, str] = {}
        self._title_of: dict[str, str] = {}
        # UUID of the object that this program means by a name, even if it is gone.
        self._meant: dict[str, str] = {}

    def __contains__(self, name: object) -> bool:
        return name in self._uuid_of

    @property
    def uuids(self) -> KeysView[str]:
        """The UUIDs that have a name."""
        return self._name_of.keys()

    def name_of(self, uuid: str) -> str:
        """Return the name bound to `uuid`."""
        return self._name_of[uuid]

    def uuid_of(self, name: str) -> str | None:
        """Return the UUID that `name` is bound to; None if no object has the name."""
        return self._uuid_of.get(name)

    def has_name_of_title(self, uuid: str, title: str) -> bool:
        """Return whether the name of an object follows from a title."""
        name, wanted = self._name_of.get(uuid, ""), name_from_title(title)
        number = name.removeprefix(wanted)
        return number == "" or _NUMBER.fullmatch(number) is not None

    # -- changes made by this program -------------------------------------------------

    def bind(self, uuid: str, name: str, title: str | None = None) -> None:
        """Bind `name` to `uuid` and release the previous name of `uuid`.

        Args:
            uuid: UUID of the object.
            name: A name that no other object has.
            title: Title of the object; None if it is the name.
        """
        if uuid in self._name_of:
            self.release(uuid)
        self._assign(uuid, name, name if title is None else title)
        self._meant[name] = uuid

    def bind_all(self, names: Mapping[str, str], titles: Iterable[str]) -> None:
        """Bind many names at once; see `bind`.

        Args:
            names: Names that no other object has, by UUID.
            titles: Titles of the objects, in the order of `names`.
        """
        for uuid in self._name_of.keys() & names.keys():
            self.release(uuid)
        uuid_of = dict(zip(names.values(), names, strict=True))
        self._name_of.update(names)
        self._uuid_of.update(uuid_of)
        self._title_of.update(zip(names, titles, strict=True))
        self._meant.update(uuid_of)

    def release(self, uuid: str) -> None:
        """Remove the name of `uuid`, if it has one; it may then mean another object."""
        name = self._withdraw(uuid)
        if name is not None and self._meant.get(name) == uuid:
            del self._meant[name]

    def choose(self, objects: Iterable[Titled]) -> dict[str, str]:
        """Return names for new objects by UUID, see `assign_names`; bind none."""
        return assign_names(objects, self._uuid_of)

    def copy(self) -> NameBook:
        """Return an independent copy."""
        copied = NameBook(shared=self._shared)
        copied._name_of = dict(self._name_of)
        copied._uuid_of = dict(self._uuid_of)
        copied._title_of = dict(self._title_of)
        copied._meant = dict(self._meant)
        return copied

    def differing(self, other: NameBook) -> list[str]:
        """Return the UUIDs of the objects that have no or another name in a book."""
        names = other._name_of
        if self._name_of.items() <= names.items():  # the usual case, and a fast check
            return []
        return [u for u, name in self._name_of.items() if names.get(u) != name]

    # -- changes made by others -------------------------------------------------------

    def sync(self, objects: Iterable[Nameable]) -> None:
        """Name the new objects, and follow those that others removed or retitled.

        Args:
            objects: All objects of the workspace, in order.
        """
        present = list(objects)
        for gone in self._name_of.keys() - {item.uuid for item in present}:
            if self._shared:
                self._withdraw(gone)
            else:
                self.release(gone)
        changed = [item for item in present if self._is_changed(item)]
        if self._shared:
            self._title_of.update(
                (item.uuid, item.title)
                for item in present
                if item.uuid in self._name_of
            )
        if not changed:
            return
        # Objects that were here before keep their rank before new ones.
        changed.sort(key=lambda item: item.uuid not in self._name_of)
        for item in changed:
            self._withdraw(item.uuid)
        given = {item.uuid: item.name for item in changed if item.name is not None}
        evicted = {self._uuid_of[n] for n in given.values() if n in self._uuid_of}
        for uuid in evicted:
            self._withdraw(uuid)
        rest = [item for item in changed if item.uuid not in given]
        rest += [item for item in present if item.uuid in evicted]
        taken = {*self._uuid_of, *given.values()}
        names = given | assign_names(rest, dict.fromkeys(taken))
        for item in [*changed, *(i for i in rest if i.uuid in evicted)]:
            self._assign(item.uuid, names[item.uuid], item.title)

    def follow(self, changed: Sequence[Nameable], gone: Iterable[str]) -> bool:
        """Follow some objects only, whose names the backend assigns itself.

        Args:
            changed: The objects that are new, or may have another title or name.
            gone: UUIDs of the objects that others removed.

        Returns:
            False if that is not enough, and nothing is done: `sync` all objects then.
        """
        names = {item.uuid: item.name for item in changed}
        known = {*names, *gone}
        others = {self._uuid_of.get(name or "") for name in names.values()} - known
        if None in names.values() or others - {None}:
            return False
        for uuid in gone:
            if self._shared:
                self._withdraw(uuid)
            else:
                self.release(uuid)
        renamed = [i for i in changed if self._name_of.get(i.uuid) != i.name]
        for item in renamed:
            self._withdraw(item.uuid)
        for item in changed:
            self._assign(item.uuid, str(item.name), item.title)
        return True

    def _is_changed(self, item: Nameable) -> bool:
        name = self._name_of.get(item.uuid)
        if name is None or item.name is not None:
            return name is None or name != item.name
        title = self._title_of[item.uuid]
        return (
            self._shared
            and title != item.title
            and not is_renumbered(title, item.title)
        )

    def _assign(self, uuid: str, name: str, title: str) -> None:
        self._name_of[uuid] = name
        self._uuid_of[name] = uuid
        self._title_of[uuid] = title

    def _withdraw(self, uuid: str) -> str | None:
        """Remove the name of `uuid` and return it; None if it had none."""
        name = self._name_of.pop(uuid, None)
        if name is not None:
            del self._uuid_of[name], self._title_of[uuid]
        return name

    # -- the meaning of names ---------------------------------------------------------

    def hand_out(self, uuid: str) -> str:
        """Return the name bound to `uuid`, for the user of this program.

        If the user does not know the name yet, it means this object from now on.
        """
        name = self._name_of[uuid]
        self._meant.setdefault(name, uuid)
        return name

    def hand_out_all(self, uuids: Sequence[str]) -> list[str]:
        """Return the names bound to several UUIDs; see `hand_out`."""
        names = [self._name_of[uuid] for uuid in uuids]
        meant = self._meant
        for name, uuid in zip(names, uuids, strict=True):
            if name not in meant:
                meant[name] = uuid
        return names

    def meaning_of(self, name: str) -> str | None:
        """Return the UUID that this program means by a name; None if it has no use."""
        return self._meant.get(name)

    def set_meaning(self, name: str, uuid: str | None) -> None:
        """Let a name mean another object; None if it was never used."""
        if uuid is None:
            self._meant.pop(name, None)
        else:
            self._meant[name] = uuid

    def meanings(self) -> dict[str, str]:
        """Return the UUID that this program means by each name that it has used."""
        return dict(self._meant)

    def restore_meanings(self, meanings: Mapping[str, str]) -> None:
        """Let names mean what they meant when `meanings` was called."""
        self._meant = dict(meanings)

    def forget_removed(self) -> None:
        """Free the names that were used for objects that no longer exist."""
        self._meant = {
            n: uuid for n, uuid in self._meant.items() if uuid in self._name_of
        }

    def check_meaning(self, name: str, uuid: str) -> None:
        """Raise an error if this program has used a name for another object.

        Args:
            name: The name.
            uuid: UUID of the object that has it now.

        Raises:
            ReusedNameError: It was used for another object (a `KeyError`).
        """
        meant = self._meant.get(name, uuid)
        if meant != uuid:
            raise ReusedNameError.of(name, self._name_of.get(meant), uuid)

    def resolve(self, key: object, uuid_at: UuidAt) -> str:
        """Return the UUID of the object that `key` refers to.

        Args:
            key: A name, a UUID or a short id, tried in this order.
            uuid_at: Returns the object with a number in its panel, from 1, or None. It
                is called only if `key` looks like a short id.

        Returns:
            The UUID.

        Raises:
            ObjectNotFoundError: No object has the name, UUID or short id.
            ReusedNameError: This program used the name for another object, and others
                have changed the names since (both are a `KeyError`).
            TypeError: `key` is not a string.
        """
        name = checked_key(key)
        uuid = self.find(name, uuid_at)
        if uuid is None:
            if name in self._meant:
                raise self._lost(name)
            raise ObjectNotFoundError.among(name, list(self._uuid_of))
        self.check_meaning(name, uuid)
        if name in self._uuid_of:
            self._meant[name] = uuid
        return uuid

    def find(self, key: str, uuid_at: UuidAt) -> str | None:
        """Return the UUID of the object that `key` refers to; None if there is none.

        Args:
            key: See `resolve`.
            uuid_at: See `resolve`.
        """
        if key in self._uuid_of:
            return self._uuid_of[key]
        if key in self._name_of:
            return key
        numbered = parse_short_id(key)
        return None if numbered is None else uuid_at(*numbered)

    def _lost(self, name: str) -> ObjectNotFoundError:
        """Return the error for a name whose object others have renamed or removed."""
        now = self._name_of.get(self._meant[name])
        if now is not None:
            return ObjectNotFoundError(
                f"{name!r:.80} was renamed {now!r:.80} in DataLab's window; use the "
                "new name"
            )
        missing = ObjectNotFoundError.among(name, list(self._uuid_of))
        return ObjectNotFoundError(f"{missing}; it was removed in DataLab's window")
