"""The groups of DataLab's panels, and the group that the next new object goes to."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from datalab_workspace.live.clients.xmlrpc import GroupRef, XmlRpc
from datalab_workspace.model.project import Group
from datalab_workspace.model.record import Kind

#: Seconds for which a panel with one group is assumed to keep one. A user needs longer
#: to add a second group in the window and return to the notebook.
_RECENT = 2.0


class PanelGroups:
    """The groups that were read since the last look at DataLab.

    DataLab reports the groups of a panel only while its window shows that panel. So
    they are read once, and then updated with the changes of this program.

    DataLab adds an object to the group that is selected in its panel. So the wanted
    group is selected first, by one of its objects: selecting the group itself would
    draw all of its objects.
    """

    def __init__(self) -> None:
        self._known: dict[Kind, list[GroupRef]] = {}
        #: The kinds of the objects at the last look at DataLab, by UUID.
        self.kinds: dict[str, Kind] = {}
        #: The number of the group to which the next object of a kind goes.
        self._target: dict[Kind, int] = {}
        self._single_until: dict[Kind, float] = {}
        self._read_at: dict[Kind, float] = {}

    def expire(self) -> None:
        """Forget the groups that were read more than a moment ago."""
        oldest = time.monotonic() - _RECENT
        for kind in [kind for kind in self._known if self._read_at[kind] < oldest]:
            self.forget(kind)

    def forget(self, kind: Kind | None = None) -> None:
        """Forget the groups of a kind, or all: others may have changed them."""
        for known in [kind] if kind is not None else list(self._known):
            self._known.pop(known, None)

    def forget_all(self) -> None:
        """Forget the groups and their number."""
        self.forget()
        self._single_until.clear()

    def of(self, rpc: XmlRpc, kind: Kind) -> Sequence[GroupRef]:
        """Return the groups of a kind."""
        if kind not in self._known:
            self._keep(kind, rpc.groups(kind, self.kinds))
        return self._known[kind]

    def select_target(self, rpc: XmlRpc, kind: Kind, title: str | None) -> bool:
        """Select the group to which DataLab adds the next object of a kind.

        Args:
            rpc: The client.
            kind: The kind of the object.
            title: Title of the group, which is added if it does not exist; None for
                the first group.

        Returns:
            Whether it is the only group, so that the object will be the last one.
        """
        self._target[kind] = 1
        if title is None:
            return self._select_first(rpc, kind)
        with rpc.panel_kept():
            groups = self.of(rpc, kind)
            group = next((group for group in groups if group.title == title), None)
            if group is None:
                groups = self._keep(kind, rpc.add_group(kind, title))
                group = groups[-1]
        self._target[kind] = group.number
        if len(groups) > 1:
            self._select(rpc, group)
        return len(groups) == 1

    def select_target_of(self, rpc: XmlRpc, kind: Kind, uuid: str) -> bool:
        """Select the group of an object, to which DataLab adds the next one.

        DataLab reports the members of a group by its number, in either panel. So this
        reads no titles and switches no panel.

        Args:
            rpc: The client.
            kind: The kind of the object.
            uuid: UUID of the object.

        Returns:
            Whether the next object will be the last one of its panel.
        """
        if time.monotonic() < self._single_until.get(kind, 0.0):
            self._target[kind] = 1
            return True
        members: list[list[str]] = []
        while (found := rpc.members(kind, len(members) + 1)) is not None:
            members.append(found)
        self._note(kind, single=len(members) == 1)
        number = next((n for n, m in enumerate(members, 1) if uuid in m), 1)
        self._target[kind] = number
        if len(members) > 1:
            self._select(rpc, GroupRef(number, kind, "", tuple(members[number - 1])))
        return number == len(members)

    def select_group_of(self, rpc: XmlRpc, kind: Kind, uuid: str) -> None:
        """Select the group of an object that is about to be replaced."""
        groups = self.of(rpc, kind)
        if len(groups) > 1:
            # Another program may just have removed it.
            group = next((g for g in groups if uuid in g.uuids), groups[0])
            others = tuple(other for other in group.uuids if other != uuid)
            self._select(rpc, replace(group, uuids=others))

    def added(self, uuid: str, kind: Kind) -> None:
        """Note that an object was added to the group that was selected for it."""
        number = self._target.pop(kind, None)
        self._known[kind] = [
            replace(group, uuids=(*group.uuids, uuid))
            if group.number == number
            else group
            for group in self._known.get(kind, ())
        ]
        if not self._known[kind]:
            self.forget(kind)

    def removed(self, uuid: str) -> None:
        """Note that an object was removed."""
        for kind, groups in self._known.items():
            self._known[kind] = [
                replace(group, uuids=tuple(u for u in group.uuids if u != uuid))
                for group in groups
            ]

    def add_missing(self, rpc: XmlRpc, groups: Sequence[Group]) -> None:
        """Add those groups whose titles are new in their panel."""
        with rpc.panel_kept():
            for group in groups:
                known = self.of(rpc, group.kind)
                if group.title not in [other.title for other in known]:
                    self._keep(group.kind, rpc.add_group(group.kind, group.title))

    def _keep(self, kind: Kind, groups: list[GroupRef]) -> list[GroupRef]:
        self._known[kind] = groups
        self._read_at[kind] = time.monotonic()
        self._note(kind, single=len(groups) < 2)
        return groups

    def _select_first(self, rpc: XmlRpc, kind: Kind) -> bool:
        known = self._known.get(kind)
        if known is not None and len(known) > 1:
            self._select(rpc, known[0])
            return False
        if time.monotonic() < self._single_until.get(kind, 0.0):
            return True
        single = rpc.members(kind, 2) is None
        self._note(kind, single=single)
        if not single:
            uuids = tuple(rpc.members(kind, 1) or ())
            self._select(rpc, GroupRef(1, kind, "", uuids))
        return single

    def _note(self, kind: Kind, *, single: bool) -> None:
        self._single_until[kind] = time.monotonic() + _RECENT if single else 0.0

    def _select(self, rpc: XmlRpc, group: GroupRef) -> None:
        if group.uuids:
            rpc.select([group.uuids[-1]], group.kind)
        else:
            rpc.select_group(group.kind, group.number)
