"""The names of objects: valid names, assigned names and short ids.

The name of an object is its title. If an earlier object has the same title, the name is
``title (2)``, ``title (3)`` and so on. Once assigned, a name is bound to the UUID of
the object until its title is changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Protocol, TypeVar

from datalab_workspace.errors import InvalidNameError
from datalab_workspace.model.metadata_values import as_base
from datalab_workspace.model.record import KINDS, Kind

#: First letter of the short ids of each kind of object.
SHORT_ID_PREFIX: Mapping[str, str] = MappingProxyType({"signal": "s", "image": "i"})
_KIND_OF_PREFIX = {SHORT_ID_PREFIX[kind]: kind for kind in KINDS}
UNTITLED = "Untitled"
# The C0 and C1 control characters and the two Unicode line separators.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SHORT_ID = re.compile(r"[si][0-9]{3,9}\Z")
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
    plain: str = as_base(name, str)
    return plain


def as_name(text: str) -> str:
    """Return `text` as a name, with "\ufffd" in place of forbidden characters."""
    if text and text.isprintable():  # the usual case, and a fast check
        return text
    return _SURROGATE.sub("\ufffd", _CONTROL.sub("\ufffd", text)) or "\ufffd"


def checked_key(key: object) -> str:
    """Return `key` if it can be looked up as the name of an object.

    Raises:
        TypeError: It is not a string.
    """
    if isinstance(key, str):
        return key
    hint = "; add() it first, and use its name" if hasattr(key, "metadata") else ""
    raise TypeError(
        "expected the name, UUID or short id of an object as a string, got "
        f"{type(key).__name__}{hint}"
    )


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


def _names_from_titles(titles: list[str]) -> list[str]:
    """Return the names of many titles; see `name_from_title`."""
    if all(titles) and "".join(titles).isprintable():  # the usual case again
        return titles
    return [name_from_title(title) for title in titles]


def is_renumbered(before: str, after: str) -> bool:
    """Return whether two titles differ at most in short ids, which DataLab rewrites."""
    return _REFERENCE.sub("s000", before) == _REFERENCE.sub("s000", after)


def short_id(kind: str, number: int) -> str:
    """Return the short id, such as ``s001``, of the `number`-th object of a kind.

    The first object of a kind has the number 1.
    """
    return f"{SHORT_ID_PREFIX[kind]}{number:03d}"


def parse_short_id(key: str) -> tuple[Kind, int] | None:
    """Return the kind and the number in a short id; None if `key` is not one."""
    if _SHORT_ID.match(key) is None:
        return None
    kind = _KIND_OF_PREFIX[key[0]]
    number = int(key[1:])
    return (kind, number) if short_id(kind, number) == key else None


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
    wishes = _names_from_titles([item.title for item in ordered])
    used = set(wishes)
    if len(used) == len(ordered) and used.isdisjoint(taken):
        return {item.uuid: wish for item, wish in zip(ordered, wishes, strict=True)}
    names: dict[str, str] = {}
    used = set(taken)
    for item, wanted in zip(ordered, wishes, strict=True):
        if wanted not in used:
            names[item.uuid] = wanted
            used.add(wanted)
    next_number: dict[str, int] = {}
    for item, wanted in zip(ordered, wishes, strict=True):
        if item.uuid not in names:
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
