"""The groups of a panel and the order of their objects."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import Any

#: The groups of a panel: DataLab's group, its title and the UUIDs of its objects.
Layout = list[tuple[Any, str, list[str]]]


def members_of(layout: Layout) -> list[str]:
    """Return the UUIDs of all objects of a panel, in order."""
    return list(chain.from_iterable(uuids for _, _, uuids in layout))


def same_start(before: list[str], now: list[str]) -> int:
    """Return the number of entries at the beginning that two lists have in common."""
    shorter = min(len(before), len(now))
    if before[:shorter] == now[:shorter]:  # the usual case, and a fast check
        return shorter
    pairs = zip(before, now, strict=False)
    return next(n for n, (old, new) in enumerate(pairs) if old != new)


def renumbered(before: Layout, now: Layout) -> set[str]:
    """Return the objects and groups of the second layout that may have a new number."""
    if before == now:
        return set()
    groups = [str(group.uuid) for group, _, _ in before]
    groups_now = [str(group.uuid) for group, _, _ in now]
    members, members_now = members_of(before), members_of(now)
    return {
        *groups_now[same_start(groups, groups_now) :],
        *members_now[same_start(members, members_now) :],
    }


def keeps_numbers(before: Layout, now: Layout) -> bool:
    """Return whether the objects and groups of the first layout keep their numbers."""
    groups = [group for group, _, _ in before]
    members, members_now = members_of(before), members_of(now)
    return (
        groups == [group for group, _, _ in now[: len(groups)]]
        and members == members_now[: len(members)]
    )


def placed_elsewhere(
    before: Mapping[str, list[str]], now: Mapping[str, list[str]]
) -> dict[str, str]:
    """Return the groups of the objects that were not in the same group before.

    Args:
        before: The UUIDs of the objects by the UUID of their group.
        now: The same later.
    """
    placed: dict[str, str] = {}
    for group, uuids in now.items():
        members = before.get(group, [])
        if uuids != members:
            former = set(members)
            placed.update((uuid, group) for uuid in uuids if uuid not in former)
    return placed
