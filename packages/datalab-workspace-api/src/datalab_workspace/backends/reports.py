"""The reports of a backend: its objects and groups, their changes, its own state."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from datalab_workspace.events import ALL_PARTS, ObjectChangeKind
from datalab_workspace.model.naming import Nameable
from datalab_workspace.model.project import Group
from datalab_workspace.model.record import Kind

__all__ = [
    "BackendStatus",
    "BroughtHome",
    "Entry",
    "Observation",
    "PanelGroup",
    "Reported",
    "Resynced",
]


class PanelGroup(NamedTuple):
    """A group of objects.

    Attributes:
        kind: The kind of its objects.
        title: Its title.
        uuids: UUIDs of its objects, in order.

    Example:
        >>> [len(group.uuids) for group in workspace.backend.groups()]
        [2, 1]
    """

    kind: Kind
    title: str
    uuids: Sequence[str]


class Entry(NamedTuple):
    """One object in the list of a backend, without its data.

    Attributes:
        uuid: The object's UUID.
        kind: "signal" or "image".
        title: The object's title.
        group: Title of its group, "" if that is unknown without asking for it.
        shape: (N,) for a signal, (H, W) for an image, () for an empty object or if it
            is unknown.
        dtype: Element type of the data, None for an empty object or if it is unknown.
        name: The name that the backend assigns, so that all workspaces at one window
            use the same names; each is unique. None leaves it to the workspace.

    Example:
        >>> [entry.title for entry in workspace.backend.entries()]
        ['peak', 'noisy', 'spot']
    """

    uuid: str
    kind: Kind
    title: str
    group: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any] | None
    name: str | None = None


class Reported(NamedTuple):
    """The objects that a backend has reported since a revision.

    Attributes:
        changed: The objects that are new, or that may have another title or name.
        gone: UUIDs of the objects that were removed.

    Example:
        >>> workspace.backend.reported_since(workspace.backend.revision) is None
        True
    """

    changed: Sequence[Nameable]
    gone: Collection[str]


class Observation(NamedTuple):
    """A change of one object that others have made, as a backend reports it.

    Attributes:
        kind: See `ObjectChange.kind`.
        uuid: UUID of the object.
        before: Its name before; None if it was added.
        after: Its name after; None if it was removed.
        parts: The parts that may differ.
        author: UUID of the program that changed it; None if it was DataLab's user.

    Example:
        >>> from datalab_workspace.backends import Observation
        >>> Observation("renamed", "…", "peak", "line").author is None
        True
    """

    kind: ObjectChangeKind
    uuid: str
    before: str | None
    after: str | None
    parts: frozenset[str] = ALL_PARTS
    author: str | None = None


class BackendStatus(NamedTuple):
    """The state of the program that holds the objects of a backend.

    Attributes:
        version: Its version, None if the objects are in this process.
        url: Its URL, None if it has none.
        protocols: Names of the protocols in use; a protocol that does not answer is
            followed by the reason in brackets.
        notes: Other sentences for the user.

    Example:
        >>> workspace.backend.status().protocols
        ()
    """

    version: str | None = None
    url: str | None = None
    protocols: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class BroughtHome(NamedTuple):
    """The objects that a backend hands over when a workspace leaves it.

    Attributes:
        groups: The objects, in groups.
        lost: UUIDs of the objects that could not be fetched.
        reason: Why they could not be fetched.

    Example:
        >>> len(workspace.backend.bring_home(everything=True).groups)
        2
    """

    groups: Sequence[Group]
    lost: Sequence[str] = ()
    reason: str = ""


class Resynced(NamedTuple):
    """The objects that were missing when a backend found its program again.

    Attributes:
        restored: Titles of the objects that were put back, by UUID.
        lost: Titles of the objects that are gone, by UUID.
        reason: Why they are gone.

    Example:
        >>> workspace.backend.resync().lost
        {}
    """

    restored: Mapping[str, str] = {}
    lost: Mapping[str, str] = {}
    reason: str = ""
