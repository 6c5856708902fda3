"""Compare a project with the file that it comes from.

The result says how to turn a copy of the file into the new one: which objects to write,
to move and to remove. HDF5 lists the members of a group in the order in which they were
linked, and DataLab shows them in that order. A member that is moved or created becomes
the last one. So all members behind the first one that is out of order are moved.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from datalab_workspace.encoding.metadata import to_plain_text
from datalab_workspace.formats.h5 import layout
from datalab_workspace.formats.h5.contents import Contents
from datalab_workspace.model.project import Group, Item, Project
from datalab_workspace.model.record import KINDS, Kind

#: More moves would take longer than the copy of the file.
_MOST_MOVES = 200
#: A project of few objects is patched even if all of them have changed.
_FEW = 16
_NUMBER = re.compile(r"g?[a-z](\d+):")


@dataclass(eq=False, slots=True)
class Member:
    """An object or a group of the new file.

    Attributes:
        title: Its title, as HDF5 can hold it.
        old: Its number in the old file, from 0; None if it is new there.
        old_name: Its name in the old file.
        renamed: Its old name does not contain its title.
        came: It comes from another group of the old file.
        name: Its name in the new file.
        moves: It must be created or moved, after all members before it.
    """

    title: str
    old: int | None
    old_name: str = ""
    renamed: bool = False
    came: bool = False
    name: str = ""
    moves: bool = True


@dataclass(eq=False, slots=True)
class ObjectMember(Member):
    """An object of the new file.

    Attributes:
        item: The object.
        changed: It must be written.
        parent: The number of its group in the old file.
    """

    item: Any = None
    changed: bool = True
    parent: int = -1


@dataclass(eq=False, slots=True)
class GroupMember(Member):
    """A group of the new file.

    Attributes:
        group: The group.
        objects: Its objects, in order.
    """

    group: Group = field(default_factory=lambda: Group("signal", ""))
    objects: list[ObjectMember] = field(default_factory=list)

    @property
    def path(self) -> str:
        """The path of its HDF5 group in the new file."""
        return f"/{layout.SECTIONS[self.group.kind]}/{self.name}"


@dataclass(eq=False)
class Changes:
    """The difference between a project and the file that it comes from.

    Attributes:
        groups: The groups of the new file: of signals, then of images.
        removed: The objects that are only in the old file, each by its row and the
            number of its group.
        removed_groups: The numbers of the groups that are only in the old file.
        objects: The objects of the new file, in order.
    """

    groups: list[GroupMember]
    removed: list[tuple[int, int]]
    removed_groups: list[int]

    def __post_init__(self) -> None:
        self.objects = [one for group in self.groups for one in group.objects]


def compare(contents: Contents, project: Project) -> Changes | None:
    """Compare a project with the file that it comes from.

    Args:
        contents: The content of the file.
        project: The project.

    Returns:
        The difference; None if the whole file should be written.
    """
    if contents.index is None or project.foreign != contents.foreign:
        return None
    if project.notebooks != contents.notebooks:
        return None
    if contents.has_other_mode(project.history):
        return None
    uuids = [item.uuid for item in project.items()]
    if len(set(uuids)) < len(uuids):
        return None  # which is an error
    return _Comparison(contents, project).changes()


class _Comparison:
    """The comparison of one project with the file that it comes from."""

    def __init__(self, contents: Contents, project: Project) -> None:
        assert contents.index is not None
        self._project = project
        self._contents = contents
        self._columns = contents.index.columns
        self._versions = contents.versions
        self._titles, self._names = self._columns["title"], self._columns["name"]
        self._groups = self._columns["groups"]
        self._rows = {uuid: row for row, uuid in enumerate(self._columns["uuid"])}
        #: The number of the group of each object.
        self._parents = [
            number for number, group in enumerate(self._groups) for _ in range(group[3])
        ]

    def changes(self) -> Changes | None:
        """Return the difference; see `compare`."""
        groups: list[GroupMember] = []
        for kind in KINDS:
            members = self._members(kind)
            if not self._name(kind, members):
                return None
            groups += members
        self._mark_histories([one for group in groups for one in group.objects])
        kept = {group.old for group in groups}
        found = {member.old for group in groups for member in group.objects}
        changes = Changes(
            groups,
            [(row, n) for row, n in enumerate(self._parents) if row not in found],
            [number for number in range(len(self._groups)) if number not in kept],
        )
        return changes if self._is_small(changes) else None

    def _mark_histories(self, members: Sequence[ObjectMember]) -> None:
        """Mark the objects as changed whose histories are not those in the file."""
        history, before = self._project.history, self._contents.history
        if history is None:
            return
        kept = {member.item.uuid for member in members if not member.changed}
        changed = self._rows.keys() - kept
        uses = self._contents.uses if changed else {}
        for member in members:
            if member.changed or member.old is None:
                continue
            used = uses.get(member.old, {})
            member.changed = history.differs(member.item, before) or any(
                uuid in changed and not history.holds(uuid, crc)
                for uuid, crc in used.items()
            )

    def _is_small(self, changes: Changes) -> bool:
        moves = written = 0
        for member in changes.objects:
            moves += member.moves
            written += member.changed
        most = max(_FEW, len(self._versions) // 4)
        few_moves = moves <= max(_MOST_MOVES, written)
        return few_moves and written + len(changes.removed) <= most

    def _members(self, kind: Kind) -> list[GroupMember]:
        """Return the groups of a panel, each with its number in the old file."""
        groups = [group for group in self._project.groups if group.kind == kind]
        free = {n: g[1] for n, g in enumerate(self._groups) if g[0] == kind}
        numbers: list[int | None] = []
        for group in groups:
            number = next((n for n, t in free.items() if t == group.title), None)
            numbers.append(number)
            if number is not None:
                del free[number]
        for position, group in enumerate(groups):
            # A group that has another title is recognised by its first object.
            row = self._rows.get(group.items[0].uuid) if group.items else None
            if numbers[position] is None and row is not None:
                number = self._parents[row]
                if free.pop(number, None) is not None:
                    numbers[position] = number
        return list(map(self._member, groups, numbers))

    def _member(self, group: Group, number: int | None) -> GroupMember:
        member = GroupMember(str(to_plain_text(group.title)), number, group=group)
        if number is not None:
            _, title, path, _ = self._groups[number]
            member.old_name = path.rpartition("/")[2]
            member.renamed = title != group.title
        member.objects = [self._object(item, group, number) for item in group.items]
        return member

    def _object(self, item: Item, group: Group, number: int | None) -> ObjectMember:
        row = self._rows.get(item.uuid)
        if (
            row is not None
            and item.version is self._versions[row]
            and self._parents[row] == number
        ):  # nearly all objects
            return self._unchanged(row, item, number)
        if row is None or self._groups[self._parents[row]][0] != group.kind:
            return ObjectMember(str(to_plain_text(item.title)), None, item=item)
        name, parent = self._names[row], self._parents[row]
        member = ObjectMember("", row, name, came=parent != number, item=item)
        member.parent = parent
        if item.version is self._versions[row]:
            member.title = self._titles[row]
            member.changed = False
        else:
            member.title = str(to_plain_text(item.title))
            title = layout.safe_title(member.title)
            member.renamed = name.partition(": ")[2] != title
        return member

    def _unchanged(self, row: int, item: Item, number: int) -> ObjectMember:
        title, name = self._titles[row], self._names[row]
        return ObjectMember(title, row, name, item=item, changed=False, parent=number)

    def _name(self, kind: Kind, groups: list[GroupMember]) -> bool:
        """Name the groups of a panel and their objects; return False if impossible."""
        count = sum(len(group.objects) for group in groups)
        known = (m.old_name for group in groups for m in group.objects if m.old_name)
        digits = _digits(next(known, ""), count)
        number = 0
        for group in groups:
            last = _choose_names(kind[0], group.objects, digits, number)
            if last is None:
                return False
            number = last
        known = (group.old_name for group in groups if group.old_name)
        digits = _digits(next(known, ""), len(groups))
        return _choose_names(f"g{kind[0]}", groups, digits, 0) is not None


def number_in(name: str) -> int:
    """Return the number in a name; -1 for a name that DataLab does not write."""
    match = _NUMBER.match(name)
    return int(match[1]) if match else -1


def _digits(name: str, count: int) -> int:
    """Return the number of digits in names: those of a known name, or enough."""
    match = _NUMBER.match(name)
    return len(match[1]) if match else max(3, len(str(count)))


def _choose_names(
    letters: str, members: Sequence[Member], digits: int, number: int
) -> int | None:
    """Choose the names of the members of one HDF5 group, and those that must move.

    A member with a new title keeps its name if a new one would move too many.

    Args:
        letters: What precedes the number in a name.
        members: The members, in order.
        digits: The number of digits in a name.
        number: The number after which those of new members begin.

    Returns:
        The last number; None if it has more digits.
    """
    stay = _in_order(members, rename=True)
    if len(members) - stay > _MOST_MOVES:
        stay = _in_order(members, rename=False)
    for member in members[:stay]:
        member.name, member.moves = member.old_name, False
    if stay:
        number = number_in(members[stay - 1].name)
    for member in members[stay:]:
        known = -1 if member.came else number_in(member.old_name)
        number = known if known > number else number + 1
        title = layout.safe_title(member.title)
        member.name = f"{letters}{number:0{digits}d}: {title}"
    return number if 0 <= number < 10**digits else None


def _in_order(members: Sequence[Member], *, rename: bool) -> int:
    """Return the number of members at the beginning that keep their place."""
    last = -1
    for count, member in enumerate(members):
        old = member.old
        if old is None or old <= last or member.came or (rename and member.renamed):
            return count
        last = old
    return len(members)
