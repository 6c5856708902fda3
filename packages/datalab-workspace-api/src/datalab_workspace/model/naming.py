"""Names of objects: which texts are names, and which object each name means.

An object's name is its title, unless an object before it has the same title: then it is
``title (2)``, ``title (3)``… A name, once given, is bound to the object's UUID.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Protocol, TypeVar

from datalab_workspace.errors import InvalidNameError, ObjectNotFoundError

#: First letter of the short ids of each kind of object.
SHORT_ID_PREFIX: Mapping[str, str] = MappingProxyType({"signal": "s", "image": "i"})
UNTITLED = "Untitled"
# C0 and C1 controls, and the two separators that break a line.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SHORT_ID = re.compile(r"[si][0-9]{3,}$")
_SURROGATE = re.compile("[\ud800-\udfff]")


class Titled(Protocol):
    """What an object must tell to be given a name."""

    @property
    def uuid(self) -> str:
        """UUID of the object."""

    @property
    def kind(self) -> str:
        """Kind of the object: "signal" or "image"."""

    @property
    def title(self) -> str:
        """Title of the object."""


T = TypeVar("T", bound=Titled)


def check_name(name: object) -> str:
    """Return `name` if it can be the name of an object.

    Args:
        name: Any text that is not empty and holds no control character.

    Returns:
        The name, as a plain `str`.

    Raises:
        InvalidNameError: The text is empty, or holds a control character or half of a
            surrogate pair.
        TypeError: `name` is no text.
    """
    if not isinstance(name, str):
        raise TypeError(
            f"a name is a text, not {_in_one_line(name)}; "
            "did you mean add(name, object)?"
        )
    if not name:
        raise InvalidNameError("a name cannot be empty")
    if control := _CONTROL.search(name):
        raise InvalidNameError(
            f"the name {name!r:.80} holds the control character "
            f"{control.group()!r}, which DataLab cannot show; leave it out"
        )
    if _SURROGATE.search(name):
        raise InvalidNameError(
            f"the name {name!r:.80} holds half of a surrogate pair, "
            "which no file can hold; decode the text with its right encoding"
        )
    return str(name)


def _in_one_line(value: object) -> str:
    kind = type(value).__name__
    text = repr(value)
    # Arrays and objects spread over many lines, of which the first says little.
    return kind if "\n" in text or len(text) > 60 else f"{kind} ({text})"


def name_from_title(title: str) -> str:
    """Return the name that `title` asks for: itself, made fit to be a name."""
    if title and title.isprintable():  # most are, and this is faster to tell
        return title
    return _SURROGATE.sub("\ufffd", _CONTROL.sub(" ", title)) or UNTITLED


def short_id(kind: str, number: int) -> str:
    """Return the short id of the `number`-th object (from 1) of a kind: ``s001``."""
    return f"{SHORT_ID_PREFIX[kind]}{number:03d}"


def short_ids(objects: Iterable[T]) -> Iterator[tuple[str, T]]:
    """Number `objects`, given in the order of their panels, as DataLab does.

    Args:
        objects: All objects of a workspace.

    Yields:
        The short id and the object.
    """
    count = dict.fromkeys(SHORT_ID_PREFIX, 0)
    for item in objects:
        count[item.kind] += 1
        yield short_id(item.kind, count[item.kind]), item


class NameBook:
    """The names that were given, and to which UUID each is bound."""

    def __init__(self) -> None:
        self._name_of: dict[str, str] = {}
        self._uuid_of: dict[str, str] = {}

    def __contains__(self, name: object) -> bool:
        return name in self._uuid_of

    def name_of(self, uuid: str) -> str:
        """Return the name bound to `uuid`."""
        return self._name_of[uuid]

    def uuid_of(self, name: str) -> str | None:
        """Return the UUID that `name` is bound to, None if nothing bears it."""
        return self._uuid_of.get(name)

    def bind(self, uuid: str, name: str) -> None:
        """Bind `name` to `uuid`, releasing the name that it had."""
        self.release(uuid)
        self._name_of[uuid] = name
        self._uuid_of[name] = uuid

    def release(self, uuid: str) -> None:
        """Forget the name of `uuid`, if it has one."""
        name = self._name_of.pop(uuid, None)
        if name is not None:
            del self._uuid_of[name]

    def clear(self) -> None:
        """Forget every name."""
        self._name_of.clear()
        self._uuid_of.clear()

    def sync(self, objects: Iterable[Titled]) -> None:
        """Name the objects that have no name yet and release those that are gone.

        Args:
            objects: All objects of the workspace in their order.
        """
        present = list(objects)
        for gone in self._name_of.keys() - {item.uuid for item in present}:
            self.release(gone)
        new = [item for item in present if item.uuid not in self._name_of]
        for uuid, name in assign_names(new, self._uuid_of).items():
            self.bind(uuid, name)

    def resolve(self, key: object, objects: Callable[[], Iterable[Titled]]) -> str:
        """Return the UUID of the object that `key` means.

        Args:
            key: A name, a UUID or a short id; tried in this order.
            objects: Returns all objects of the workspace in their order; called
                only where `key` may be a short id.

        Returns:
            The UUID.

        Raises:
            ObjectNotFoundError: Nothing bears the name, UUID or short id.
        """
        if isinstance(key, str):
            if key in self._uuid_of:
                return self._uuid_of[key]
            if key in self._name_of:
                return key
            if _SHORT_ID.match(key):
                for candidate, item in short_ids(objects()):
                    if candidate == key:
                        return item.uuid
        raise ObjectNotFoundError.among(key, list(self._uuid_of))


def assign_names(
    objects: Iterable[Titled], taken: Mapping[str, object]
) -> dict[str, str]:
    """Choose the names of objects that have none.

    A title that no object before bears is the name, even where a duplicate before it
    could have been called so: ``["A", "A", "A (2)"]`` are named A, A (3) and A (2).

    Args:
        objects: The objects to be named, in order.
        taken: Names in use by others.

    Returns:
        Name by UUID, in the order of `objects`.
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
    """Return `wanted`, or the first of ``wanted (2)``, ``wanted (3)``… not in use.

    Args:
        wanted: The name that would be best.
        used: Names in use; a set or a mapping, where there are many.
        next_number: Numbers from which to try, by name; kept up to date, so that
            naming many duplicates takes time in proportion to their number.

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
