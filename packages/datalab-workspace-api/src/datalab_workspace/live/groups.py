"""Groups in DataLab: which there are, and to which an object is added."""

from __future__ import annotations

import time
from collections.abc import Sequence

from datalab_workspace.live.clients.xmlrpc import GroupRef, XmlRpc
from datalab_workspace.model.record import Kind

#: Seconds for which a panel with one group is taken to have one. Who makes a second one
#: in the window and comes back to the notebook takes longer.
_RECENT = 2.0


class GroupTargets:
    """Where in DataLab's panels objects are added.

    What is added goes to the group that is selected in its panel. So the group of
    choice is selected before, by one of its objects: selecting the group itself would
    have all of its objects drawn.
    """

    def __init__(self) -> None:
        self._single_until: dict[Kind, float] = {}

    def forget(self) -> None:
        """Forget how many groups there are."""
        self._single_until.clear()

    def select_target_group(self, rpc: XmlRpc, kind: Kind, title: str | None) -> bool:
        """Have the next object of a kind go to a group.

        Args:
            rpc: The client.
            kind: The kind of the object.
            title: Title of the group, made where there is none; None for the first.

        Returns:
            Whether the group is the only one, so that the object will be the last.
        """
        if title is None:
            return self._select_first_group(rpc, kind)
        groups = rpc.groups(kind)
        group = next((group for group in groups if group.title == title), None)
        if group is None:
            groups = rpc.add_group(kind, title)
            group = groups[-1]
        self._select(rpc, kind, group.number, group.uuids)
        self._note(kind, single=len(groups) == 1)
        return len(groups) == 1

    def select_group_of(self, rpc: XmlRpc, kind: Kind, uuid: str) -> None:
        """Have the next object go to the group of one that is to be replaced."""
        groups = rpc.groups(kind)
        if len(groups) > 1:
            group = next(group for group in groups if uuid in group.uuids)
            others = [other for other in group.uuids if other != uuid]
            self._select(rpc, kind, group.number, others)

    def of(self, rpc: XmlRpc, kind: Kind) -> list[GroupRef]:
        """Return the groups of a kind."""
        groups = rpc.groups(kind)
        self._note(kind, single=len(groups) < 2)
        return groups

    def _select_first_group(self, rpc: XmlRpc, kind: Kind) -> bool:
        if time.monotonic() < self._single_until.get(kind, 0.0):
            return True
        single = rpc.members(kind, 2) is None
        self._note(kind, single=single)
        if not single:
            self._select(rpc, kind, 1, rpc.members(kind, 1) or ())
        return single

    def _note(self, kind: Kind, *, single: bool) -> None:
        self._single_until[kind] = time.monotonic() + _RECENT if single else 0.0

    def _select(
        self, rpc: XmlRpc, kind: Kind, number: int, uuids: Sequence[str]
    ) -> None:
        if uuids:
            rpc.select([uuids[-1]], kind)
        else:
            rpc.select_group(kind, number)
