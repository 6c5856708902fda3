"""The contract of a backend: where objects are kept, and what it can do there."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from datalab_workspace.errors import LiveUnavailableError
from datalab_workspace.model.description import Summary, WorkspaceMode
from datalab_workspace.model.project import Group
from datalab_workspace.model.record import FieldValue, Kind, Record


@dataclass(frozen=True)
class Capabilities:
    """What a backend can do; where it can't, the documented error is raised.

    Attributes:
        groups: Objects can be put in a group of choice; otherwise naming a group
            raises `NotImplementedError`.
        in_place_overwrite: Overwriting keeps position, group and UUID.
        any_name: Every name that `check_name` accepts can be given; otherwise
            `InvalidNameError` is raised before anything is sent.
        noncharacters: So can those with U+FFFE or U+FFFF; otherwise likewise.
        full_metadata: Every field, annotation and metadata value comes back.
        dtypes: Names of the dtypes that data is kept in, None for every number. Data of
            another dtype is converted to one of them and back, or, where that loses
            anything, raises `UnsupportedDtypeError`.
        shares_views: ``copy=False`` holds and hands out views instead of copies.
        tells_apart: Objects of the same title can be told apart, and one that another
            program retitles keeps its name; otherwise the former raises
            `AmbiguousObjectError`, and the latter is another object.
        window: Objects are shown in a window; what its user has selected there is what
            `selection` tells.
    """

    groups: bool = True
    in_place_overwrite: bool = True
    any_name: bool = True
    noncharacters: bool = True
    full_metadata: bool = True
    dtypes: frozenset[str] | None = None
    shares_views: bool = False
    tells_apart: bool = True
    window: bool = False


class PanelGroup(NamedTuple):
    """A group of objects.

    Attributes:
        kind: The kind of its objects.
        title: Its title.
        uuids: UUIDs of its objects, in order.
    """

    kind: Kind
    title: str
    uuids: Sequence[str]


class Entry(NamedTuple):
    """What a backend tells of an object without touching its data.

    Attributes:
        uuid: The object's UUID.
        kind: "signal" or "image".
        title: The object's title.
        group: Title of its group, "" where that is not known without asking for it.
        shape: (N,) of a signal, (H, W) of an image, () of an empty object, or where
            it is not known.
        dtype: Element type of the data, None of an empty object, or likewise.
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

    @property
    @abstractmethod
    def capabilities(self) -> Capabilities:
        """What can be done with objects here."""

    @property
    def mode(self) -> WorkspaceMode:
        """Where the objects are."""
        return WorkspaceMode.STANDALONE

    @property
    def refuses_titles_in_use(self) -> bool:
        """Whether `add` raises `NameConflictError` where others took the title."""
        return False

    def refresh(self, max_age: float = 0.0) -> bool:  # noqa: ARG002
        """Find out what others have changed; nothing else here does so.

        Args:
            max_age: Seconds; nothing need be done if it was done so recently.

        Returns:
            Whether there may be other objects than before, or the same in another
            order. In memory nobody else changes anything.

        Raises:
            LiveError: DataLab cannot be asked.
        """
        return False

    @property
    def seen(self) -> bool:
        """Whether it has been looked at once what there is."""
        return True

    @abstractmethod
    def entries(self) -> Sequence[Entry]:
        """Return all objects: signals, then images, each by group and position."""

    @abstractmethod
    def kind_of(self, uuid: str) -> Kind:
        """Return the kind of an object that exists."""

    @abstractmethod
    def title_of(self, uuid: str) -> FieldValue:
        """Return the title of an object that exists."""

    @abstractmethod
    def groups(self, kind: Kind | None = None) -> Sequence[PanelGroup]:
        """Return the groups, of one kind or both, in the order of `entries`."""

    def summary(self, uuid: str) -> Summary:
        """Return what can be told of an object without its data."""
        return Summary.of(self.record(uuid))

    @abstractmethod
    def preview(self, uuid: str) -> tuple[Summary, Record | None]:
        """Return what is known of an object, without reading or asking for anything.

        Returns:
            An summary, of which counts that are not known are None and texts that are
            not are left out; and the record where it is in memory.
        """

    @abstractmethod
    def record(self, uuid: str, *, full: bool = False) -> Record:
        """Return one object; its arrays may be references.

        Args:
            uuid: UUID of an object that exists.
            full: Bring also what is slow to bring.
        """

    def operand(self, uuid: str) -> Record:
        """Return one object with all that its data mean, to compute something of it."""
        return self.record(uuid, full=True)

    @abstractmethod
    def add(
        self, record: Record, *, group: str | None = None, composed: bool = False
    ) -> None:
        """Append an object, under the UUID and title that it bears.

        Args:
            record: The object.
            group: Title of the group of its panel to append it to, made at the end
                where there is none; None for the panel's first group.
            composed: The title is made of short ids, as DataLab composes it, which
                keeps those in it up to date; otherwise it stays as it is.
        """

    @abstractmethod
    def replace(self, uuid: str, record: Record) -> None:
        """Put `record` in the place of the object `uuid`, which may be of another kind.

        The record bears the same UUID.
        """

    @abstractmethod
    def move(self, uuid: str, record: Record, group: str | None) -> None:
        """Put `record` in the place of the object `uuid`, and at the end of a group.

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
    def clear(self, *, all: bool = False) -> None:
        """Remove every object and group.

        Args:
            all: Also those that were there before, which in memory none was.
        """

    @abstractmethod
    def extend(self, groups: Sequence[Group]) -> None:
        """Append groups of objects as they are.

        Objects join the first group of the same panel and title, where there is one.
        """

    @abstractmethod
    def content(self, uuids: Collection[str] | None = None) -> list[Group]:
        """Return all groups with their objects as Records, for a file.

        Args:
            uuids: Return only these objects, and no groups without any.
        """

    def select(self, uuids: Sequence[str]) -> None:  # noqa: B027  in memory
        """Select objects where a user sees them; in memory nobody does."""

    def selection(self) -> Sequence[str] | None:
        """Return UUIDs of what a user selected; None where nobody can."""
        return None

    def show(self, uuid: str) -> None:  # noqa: B027  likewise
        """Have a user see an object; in memory nobody does."""

    def screenshot(self) -> bytes:
        """Return a picture of the window that shows the objects, as a PNG file.

        Raises:
            LiveUnavailableError: There is no window.
            LiveError: DataLab does not answer, or its picture cannot be read here.
        """
        raise LiveUnavailableError(
            f"the workspace is {self.mode} and has no window; attach it to a running "
            "DataLab with connect() first"
        )

    def compute(
        self, uuid: str, name: str, parameters: Mapping[str, Any] | None
    ) -> Sequence[str]:
        """Compute a feature of an object where that is, and return what it added."""
        raise LiveUnavailableError(
            f"where='datalab' would compute {name!r:.80} with {parameters!r:.80} of "
            f"{uuid} in a running DataLab, but this workspace is attached to none; "
            "leave it out to compute here"
        )

    def bulk(self) -> AbstractContextManager[None]:
        """Return a context in which many objects are added."""
        return nullcontext()

    def close(self) -> None:  # noqa: B027  likewise
        """Let go of what is held; the backend is not used any more."""
