"""Find objects in a file with DataLab's layout: by panel, by group, in order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from operator import itemgetter
from typing import Any, NamedTuple

from h5py import h5a, h5o

from datalab_workspace.formats.h5 import layout
from datalab_workspace.formats.h5.attributes import AttributeReader
from datalab_workspace.formats.h5.guard import Guard, is_group
from datalab_workspace.formats.h5.open_file import OpenProject
from datalab_workspace.model.record import UUID_KEY

_NUMBERED = re.compile(r"g?[a-z](\d+)")


class Link(NamedTuple):
    """A link to a member of a group.

    Attributes:
        name: The name of the member.
        key: The name as the file stores it, in bytes.
        address: Address of the member's header in the file.
    """

    name: str
    key: bytes
    address: int


def in_order(guard: Guard, group: Any, where: str) -> list[Link]:
    """Return the links to the groups in a group, in the order of their numbers.

    DataLab writes numbers with at least three digits and HDF5 lists by name, so that
    ``s1000`` would precede ``s999``.

    Args:
        guard: The checks for reading the file.
        group: The low-level group.
        where: Its path in the file.

    Returns:
        The links. If a group has no number, all are in the order of the file. If all
        members have a number, a link may lead to a dataset.
    """
    links = [
        Link(key.decode(errors="replace"), key, address)
        for key, address in guard.links(group, where)
    ]
    numbers = [_NUMBERED.match(link.name) for link in links]
    if not all(numbers):
        links = [link for link in links if is_group(h5o.open(group, link.key))]
        numbers = [_NUMBERED.match(link.name) for link in links]
    if not all(numbers):
        return links
    order = [int(number[1]) for number in numbers if number]
    ranked = sorted(zip(order, links, strict=True), key=itemgetter(0))
    return [link for _, link in ranked]


def groups_in_order(guard: Guard, group: Any, where: str) -> Iterator[tuple[str, Any]]:
    """Yield the name and the low-level object of each group; see `in_order`."""
    for link in in_order(guard, group, where):
        member = h5o.open(group, link.key)
        if is_group(member):
            yield link.name, member


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
        for group_name, group in groups_in_order(guard, panel, f"/{section}"):
            where_group = f"/{section}/{group_name}"
            for name, member in groups_in_order(guard, group, where_group):
                path = f"{where_group}/{name}"
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
