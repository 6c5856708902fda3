"""Titles with short ids in them, which DataLab rewrites when objects are renumbered."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, Protocol, TypeAlias, TypeVar

_SHORT_ID = re.compile(r"(?<![0-9A-Za-z])(g?[si][0-9]{3,})(?![0-9A-Za-z])")
_ANYWHERE = re.compile(r"g?[si][0-9]{3,}")
# The forms that DataLab gives to a short id in a title, wherever it stands: another
# number, the sign of a removed object, or a UUID that it no longer recognised.
_REWRITTEN = (
    "(?:g?[si](?:[0-9]{3,}|xxx|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
    "|g?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
)

T = TypeVar("T")
_TITLE = attrgetter("_title")

#: A title, in which UUIDs of objects and groups stand for short ids: strings, and at
#: odd positions the UUID, or the short id of something that does not exist.
Template: TypeAlias = "list[str]"


def titles_of(objects: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the titles of objects by UUID.

    They are read where the objects keep them: by their attributes, the titles of a
    thousand objects would take a millisecond.
    """
    return dict(zip(objects, map(_TITLE, objects.values()), strict=True))


def may_be_rewritten(title: str) -> bool:
    """Return whether DataLab may rewrite a title when objects are renumbered."""
    return _ANYWHERE.search(title) is not None


def is_rewritten(before: str, after: str) -> bool:
    """Return whether DataLab's renumbering may have made one title of another."""
    parts = _ANYWHERE.split(before)
    if len(parts) == 1:
        return False
    pattern = _REWRITTEN.join(map(re.escape, parts))
    return re.fullmatch(pattern, after, re.DOTALL) is not None


class ShortIdOf(Protocol):
    """The short ids of objects and groups by UUID."""

    def get(self, uuid: str, default: str) -> str:
        """Return the short id of an object or group; `default` without one."""


def is_lost(given: str, title: str) -> bool:
    """Return whether DataLab's renumbering has made another title of a given one."""
    return title != given and is_rewritten(given, title)


def differing(before: Mapping[str, T], now: Mapping[str, T]) -> list[str]:
    """Return the UUIDs of the objects with another title than before."""
    if before == now:  # the usual case, and a fast check
        return []
    return [u for u, title in now.items() if before.get(u, title) != title]


def template(title: str, uuid_of: Callable[[str], str | None]) -> Template:
    """Return a title with UUIDs instead of short ids.

    Args:
        title: The title.
        uuid_of: Returns the UUID of the object or group with a short id.
    """
    parts = _SHORT_ID.split(title)
    parts[1::2] = [uuid_of(short) or short for short in parts[1::2]]
    return parts


def fill_in(parts: Template, short_ids: ShortIdOf, prefix: str) -> str:
    """Return the title of a template.

    Args:
        parts: The template.
        short_ids: The short id of each object and group by UUID.
        prefix: The prefix of short ids of the object's kind, "s" or "i".
    """
    filled = list(parts)
    for position in range(1, len(parts), 2):
        uuid = parts[position]
        # A removed object has the sign that DataLab gives it.
        absent = uuid if _ANYWHERE.fullmatch(uuid) else f"{prefix}xxx"
        filled[position] = short_ids.get(uuid, absent)
    return "".join(filled)
