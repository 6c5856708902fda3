"""The objects of a workspace as a panel shows them, without asking for anything."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import NamedTuple

from datalab_workspace.model.description import Preview
from datalab_workspace.model.naming import short_ids
from datalab_workspace.model.record import Kind
from datalab_workspace.processing.selection import known_operands
from datalab_workspace.session import Session


class OutlineEntry(NamedTuple):
    """The names of one object.

    Attributes:
        uuid: UUID of the object.
        name: Its name in the workspace.
        short_id: Its number among the signals or images, such as ``s001``.
    """

    uuid: str
    name: str
    short_id: str


class OutlineGroup(NamedTuple):
    """A group that has objects.

    Attributes:
        kind: The panel of the group, "signal" or "image".
        title: Its title; "" if it is unknown.
        entries: Its objects, in order.
    """

    kind: Kind
    title: str
    entries: tuple[OutlineEntry, ...]


class Outline:
    """The objects of a session as they were last seen.

    No method reads a file or asks a running DataLab, unless nothing is known yet. So
    what is slow, such as the shapes of all objects, is only available for a few.

    Args:
        session: The session of the workspace.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def groups(self) -> list[OutlineGroup]:
        """Return all objects by group, in the order of DataLab's panels.

        Raises:
            LiveError: Nothing is known yet, and DataLab does not answer.
        """
        with self._session.transaction(None) as transaction:
            if not transaction.backend.seen:
                transaction.look()
            names, entries = transaction.names, transaction.backend.entries()
            names.sync(entries)
            numbered = short_ids(entries)
            return [
                OutlineGroup(
                    kind,
                    title,
                    tuple(
                        OutlineEntry(entry.uuid, names.name_of(entry.uuid), number)
                        for number, entry in members
                    ),
                )
                for (kind, title), members in groupby(
                    numbered, lambda item: (item[1].kind, item[1].group)
                )
            ]

    def selected(self) -> frozenset[str]:
        """Return UUIDs of the objects that `calc` uses if it is given none."""
        with self._session.transaction(None):
            return frozenset(known_operands(self._session))

    def previews(self, uuids: Iterable[str]) -> dict[str, Preview]:
        """Return the previews of some objects by UUID; those that are gone are absent.

        A preview has neither short id nor group here: counting takes long in large
        workspaces.
        """
        with self._session.transaction(None) as transaction:
            backend, names = transaction.backend, transaction.names
            previews = {}
            # To list the entries would take longer than all of this.
            for uuid in names.uuids & {*uuids}:
                try:
                    known = backend.preview(uuid)
                except KeyError:  # removed, and its name is not yet forgotten
                    continue
                previews[uuid] = Preview(names.name_of(uuid), "", "", *known)
            return previews
