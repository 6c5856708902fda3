"""The names of objects: valid names, assigned names and short ids.

The name of an object is its title. If an earlier object has the same title, the name is
``title (2)``, ``title (3)`` and so on. Once assigned, a name is bound to the UUID of
the object until its title is changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Protocol, TypeVar

from datalab_workspace.errors import (
    InvalidNameError,
    ObjectNotFoundError,
    ReusedNameError,
)

#: First letter of the short ids of each kind of object.
SHORT_ID_PREFIX: Mapping[str, str] = MappingProxyType({"signal": "s", "image": "i"})
UNTITLED = "Untitled"
# The C0 and C1 control characters and the two Unicode line separators.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SHORT_ID = re.compile(r"[si][0-9]{3,}$")
# The short ids in titles, which DataLab keeps up to date: "sxxx" is that of a removed
# object, and some become a UUID.
_REFERENCE = re.compile(
    "[si](?:[0-9]{3}|xxx)|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
)
_NUMBER = re.compile(r" \([0-9]+\)")
_SURROGATE = re.compile("[\ud800-\udfff]")


class Titled(Protocol):
    """An object that can be named: it has a UUID, a kind and a title."""

    @property
    def uuid(self) -> str:
        """UUID of the object."""

    @property
    def kind(self) -> str:
        """Kind of the object, "signal" or "image"."""

    @property
    def title(self) -> str:
        """Title of the object."""


class Nameable(Titled, Protocol):
    """An object in the list of a backend, which may assign its name itself."""

    @property
    def name(self) -> str | None:
        """Name that the backend assigns; None leaves it to the `NameBook`."""


T = TypeVar("T", bound=Titled)


def check_name(name: object) -> str:
    """Return `name` if it can be the name of an object.

    Args:
        name: Any string that is not empty and contains no control character.

    Returns:
        The name, as a plain `str`.

    Raises:
        InvalidNameError: The string is empty, or contains a control character or half
            of a surrogate pair.
        TypeError: `name` is not a string.
    """
    if not isinstance(name, str):
        raise TypeError(
            f"expected a string for the name, got {_in_one_line(name)}; "
            "did you mean add(name, object)?"
        )
    if not name:
        raise InvalidNameError("a name cannot be empty; choose another one")
    if control := _CONTROL.search(name):
        raise InvalidNameError(
            f"the name {name!r:.80} contains the control character "
            f"{control.group()!r}, which DataLab cannot display; remove it"
        )
    if _SURROGATE.search(name):
        raise InvalidNameError(
            f"the name {name!r:.80} contains half of a surrogate pair, which cannot "
            "be stored in a file; decode the string with the right encoding"
        )
    return str(name)


def _in_one_line(value: object) -> str:
    kind = type(value).__name__
    text = repr(value)
    # The repr of an array or a sigima object has many lines.
    return kind if "\n" in text or len(text) > 60 else f"{kind} ({text})"


def name_from_title(title: str) -> str:
    """Return `title` with the characters replaced that a name cannot contain."""
    if title and title.isprintable():  # the usual case, and a fast check
        return title
    return _SURROGATE.sub("\ufffd", _CONTROL.sub(" ", title)) or UNTITLED


def is_renumbered(before: str, after: str) -> bool:
    """Return whether two titles differ at most in short ids, which DataLab rewrites."""
    return _REFERENCE.sub("s000", before) == _REFERENCE.sub("s000", after)


def short_id(kind: str, number: int) -> str:
    """Return the short id, such as ``s001``, of the `number`-th object of a kind.

    The first object of a kind has the number 1.
    """
    return f"{SHORT_ID_PREFIX[kind]}{number:03d}"


def short_ids(objects: Iterable[T]) -> Iterator[tuple[str, T]]:
    """Yield each object with its short id, numbered as in DataLab.

    Args:
        objects: All objects of a workspace, in the order of DataLab's panels.

    Yields:
        The short id and the object.
    """
    count = dict.fromkeys(SHORT_ID_PREFIX, 0)
    for item in objects:
        count[item.kind] += 1
        yield short_id(item.kind, count[item.kind]), item


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
    def uuids(self) -> Collection[str]:
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
        self.release(uuid)
        self._assign(uuid, name, name if title is None else title)
        self._meant[name] = uuid

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

    def resolve(self, key: object, objects: Callable[[], Iterable[Titled]]) -> str:
        """Return the UUID of the object that `key` refers to.

        Args:
            key: A name, a UUID or a short id, tried in this order.
            objects: Returns all objects of the workspace, in order. It is called only
                if `key` looks like a short id.

        Returns:
            The UUID.

        Raises:
            ObjectNotFoundError: No object has the name, UUID or short id.
            ReusedNameError: This program used the name for another object, and others
                have changed the names since (both are a `KeyError`).
        """
        uuid = self._find(key, objects) if isinstance(key, str) else None
        if not isinstance(key, str) or (uuid is None and key not in self._meant):
            raise ObjectNotFoundError.among(key, list(self._uuid_of))
        if uuid is None:
            raise self._lost(key)
        self.check_meaning(key, uuid)
        if key in self._uuid_of:
            self._meant[key] = uuid
        return uuid

    def _find(self, key: str, objects: Callable[[], Iterable[Titled]]) -> str | None:
        if key in self._uuid_of:
            return self._uuid_of[key]
        if key in self._name_of:
            return key
        if _SHORT_ID.match(key):
            for candidate, item in short_ids(objects()):
                if candidate == key:
                    return item.uuid
        return None

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


def assign_names(
    objects: Iterable[Titled], taken: Mapping[str, object]
) -> dict[str, str]:
    """Choose the names of new objects.

    A unique title always becomes the name, even if an earlier duplicate could have had
    that name: the titles ``["A", "A", "A (2)"]`` give the names A, A (3) and A (2).

    Args:
        objects: The objects to name, in order.
        taken: Names that other objects already have.

    Returns:
        The name of each object by UUID, in the order of `objects`.
    """
    ordered = list(objects)
    names: dict[str, str] = {}
    used = set(taken)
    for item in ordered:
        wanted = name_from_title(item.title)
        if wanted not in used:
            names[item.uuid] = wanted
            used.add(wanted)
    next_number: dict[str, int] = {}
    for item in ordered:
        if item.uuid not in names:
            wanted = name_from_title(item.title)
            names[item.uuid] = name = free_name(wanted, used, next_number)
            used.add(name)
    return {item.uuid: names[item.uuid] for item in ordered}


def free_name(
    wanted: str, used: Iterable[str], next_number: dict[str, int] | None = None
) -> str:
    """Return the first of ``wanted``, ``wanted (2)``, ``wanted (3)``… not in use.

    Args:
        wanted: The preferred name.
        used: Names in use. Pass a set or a mapping if there are many.
        next_number: The first number to try for each name. It is updated, so that the
            time to name many duplicates is proportional to their number.

    Returns:
        A name that is not in `used`.
    """
    if wanted not in used:
        return wanted
    number = (next_number or {}).get(wanted, 2)
    while f"{wanted} ({number})" in used:
        number += 1
    if next_number is not None:
        next_number[wanted] = number + 1
    return f"{wanted} ({number})"
