"""The contract of a backend: where objects are kept, and what it can do there."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from datalab_workspace.project import Group
from datalab_workspace.record import FieldValue, Kind, Record


@dataclass(frozen=True)
class Capabilities:
    """What a backend can do; where it can't, the documented error is raised.

    Attributes:
        groups: Objects can be put in a group of choice; otherwise naming a group
            raises `NotImplementedError`.
        in_place_overwrite: Overwriting keeps position, group and UUID.
        any_name: Every name that `check_name` accepts can be given; otherwise
            `InvalidNameError` is raised before anything is sent.
        full_metadata: Every field, annotation and metadata value comes back.
        dtypes: Names of the dtypes that data is kept in, None for every number. Data of
            another dtype is converted to one of them and back, or, where that loses
            anything, raises `UnsupportedDtypeError`.
        shares_views: ``copy=False`` holds and hands out views instead of copies.
    """

    groups: bool = True
    in_place_overwrite: bool = True
    any_name: bool = True
    full_metadata: bool = True
    dtypes: frozenset[str] | None = None
    shares_views: bool = False


class Entry(NamedTuple):
    """What a backend tells of an object without touching its data.

    Attributes:
        uuid: The object's UUID.
        kind: "signal" or "image".
        title: The object's title.
        group: Title of its group.
        shape: (N,) of a signal, (H, W) of an image, () of an empty object.
        dtype: Element type of the data, None of an empty object.
    """

    uuid: str
    kind: Kind
    title: str
    group: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any] | None


class Backend(ABC):
    """Keeps Records by UUID, in groups, in order.

    The rules that users see (names, conflicts, snapshots) are the Workspace's; a
    backend is never handed anything that those rules forbid. It may keep the Records
    it is handed and hand out those it keeps: whoever calls it makes the copies.
    """

    capabilities: Capabilities

    @abstractmethod
    def entries(self) -> Sequence[Entry]:
        """Return all objects: signals, then images, each by group and position."""

    @abstractmethod
    def groups(self) -> Sequence[tuple[Kind, str, Sequence[str]]]:
        """Return kind, title and UUIDs of each group, in the order of `entries`."""

    @abstractmethod
    def record(self, uuid: str, *, full: bool = False) -> Record:
        """Return one object; its arrays may be references.

        Args:
            uuid: UUID of an object that exists.
            full: Bring also what is slow to bring.
        """

    @abstractmethod
    def add(self, record: Record, *, group: str | None = None) -> None:
        """Append an object, under the UUID and title that it bears.

        Args:
            record: The object.
            group: Title of the group of its panel to append it to, made at the end
                where there is none; None for the panel's first group.
        """

    @abstractmethod
    def replace(self, uuid: str, record: Record) -> None:
        """Put `record` in the place of the object `uuid`, which may be of another kind.

        The record bears the same UUID.
        """

    @abstractmethod
    def remove(self, uuids: Sequence[str]) -> None:
        """Remove objects that exist."""

    @abstractmethod
    def edit(
        self, uuid: str, fields: Mapping[str, FieldValue], metadata: Mapping[Any, Any]
    ) -> None:
        """Set fields (the title is one) and metadata of an object that exists."""

    @abstractmethod
    def clear(self) -> None:
        """Remove every object and group."""

    @abstractmethod
    def extend(self, groups: Sequence[Group]) -> None:
        """Append groups of objects as they are.

        Objects join the first group of the same panel and title, where there is one.
        """

    @abstractmethod
    def content(self) -> list[Group]:
        """Return all groups with their objects as Records, for a file."""
