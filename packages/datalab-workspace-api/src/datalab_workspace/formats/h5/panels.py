"""Where objects are in a file of DataLab's layout: in panels, in groups, in order."""

from __future__ import annotations

import re
from typing import Any

from h5py import h5a

from datalab_workspace.formats.h5 import layout
from datalab_workspace.formats.h5.attributes import AttributeReader
from datalab_workspace.formats.h5.guard import Guard, is_group
from datalab_workspace.formats.h5.open_file import OpenProject

_NUMBERED = re.compile(r"g?[a-z](\d+)")


def in_order(guard: Guard, group: Any, where: str) -> list[tuple[str, Any]]:
    """Return the groups in a group, in the order of their numbers.

    DataLab numbers with three digits at least, and HDF5 lists by name, so that
    ``s1000`` would come before ``s999``.

    Args:
        guard: Watches over what is read.
        group: The low-level group.
        where: Its path in the file.
    """
    members = [
        (name, member)
        for name, member in guard.members(group, where)
        if is_group(member)
    ]
    numbers = [_NUMBERED.match(name) for name, _ in members]
    if not all(numbers):
        return members
    order = [int(number[1]) for number in numbers if number]
    ranked = sorted(zip(order, members, strict=True), key=lambda pair: pair[0])
    return [member for _, member in ranked]


def find_group(project: OpenProject, uuid: str, where: str) -> tuple[str, Any] | None:
    """Find an object in a file that was written anew.

    Args:
        project: The open file.
        uuid: UUID of the object.
        where: Path where it used to be; taken where no object has the UUID.

    Returns:
        Path and low-level group; None if there is nothing of the kind.
    """
    guard = project.guard
    attributes = AttributeReader(guard)
    there = None
    for section in layout.SECTIONS.values():
        panel = guard.child(project.root, section.encode())
        if panel is None or not is_group(panel):
            continue
        for group_name, group in in_order(guard, panel, f"/{section}"):
            for name, member in in_order(guard, group, f"/{section}/{group_name}"):
                place = f"/{section}/{group_name}/{name}"
                if _uuid(attributes, guard, member, place) == uuid:
                    return place, member
                if place == where:
                    there = member
    return None if there is None else (where, there)


def _uuid(attributes: AttributeReader, guard: Guard, group: Any, where: str) -> Any:
    """Return the UUID of an object, None if it has none."""
    metadata = guard.child(group, layout.METADATA.encode())
    key = layout.UUID_KEY.encode()
    if metadata is None or not is_group(metadata) or not h5a.exists(metadata, key):
        return None
    return attributes.one(metadata, key, f"{where}/{layout.METADATA}")
