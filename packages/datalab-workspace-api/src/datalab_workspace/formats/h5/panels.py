"""Find objects in a file with DataLab's layout: by panel, by group, in order."""

from __future__ import annotations

import re
from typing import Any

from h5py import h5a

from datalab_workspace.formats.h5 import layout
from datalab_workspace.formats.h5.attributes import AttributeReader
from datalab_workspace.formats.h5.guard import Guard, is_group
from datalab_workspace.formats.h5.open_file import OpenProject
from datalab_workspace.model.record import UUID_KEY

_NUMBERED = re.compile(r"g?[a-z](\d+)")


def in_order(guard: Guard, group: Any, where: str) -> list[tuple[str, Any]]:
    """Return the groups in a group, in the order of their numbers.

    DataLab writes numbers with at least three digits and HDF5 lists by name, so that
    ``s1000`` would precede ``s999``.

    Args:
        guard: The checks for reading the file.
        group: The low-level group.
        where: Its path in the file.

    Returns:
        The name and the low-level object of each group. If a group has no number, all
        are in the order of the file.
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
    """Find an object in a file that was written again.

    Args:
        project: The open file.
        uuid: UUID of the object.
        where: The former path of the object, used if no object has the UUID.

    Returns:
        The path and the low-level group of the object, or None if it is not found.
    """
    guard = project.guard
    attributes = AttributeReader(guard)
    found = None
    for section in layout.SECTIONS.values():
        panel = guard.child(project.root, section.encode())
        if panel is None or not is_group(panel):
            continue
        for group_name, group in in_order(guard, panel, f"/{section}"):
            for name, member in in_order(guard, group, f"/{section}/{group_name}"):
                path = f"/{section}/{group_name}/{name}"
                if _uuid(attributes, guard, member, path) == uuid:
                    return path, member
                if path == where:
                    found = member
    return None if found is None else (where, found)


def _uuid(attributes: AttributeReader, guard: Guard, group: Any, where: str) -> Any:
    """Return the UUID of an object, or None if it has no UUID."""
    metadata = guard.child(group, layout.METADATA.encode())
    key = UUID_KEY.encode()
    if metadata is None or not is_group(metadata) or not h5a.exists(metadata, key):
        return None
    return attributes.one(metadata, key, f"{where}/{layout.METADATA}")
