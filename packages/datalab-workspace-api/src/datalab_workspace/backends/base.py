"""The contract between a workspace and the backend that keeps its objects."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from datalab_workspace.backends.capabilities import Capabilities
from datalab_workspace.backends.object_lookup import ObjectLookup
from datalab_workspace.backends.reports import (
    BackendStatus,
    BroughtHome,
    Entry,
    Observation,
    PanelGroup,
    Reported,
    Resynced,
)
from datalab_workspace.backends.transactions import Transactions
from datalab_workspace.backends.watcher import Watcher
from datalab_workspace.backends.window import NO_WINDOW, Window
from datalab_workspace.encoding.arrays import RestoredArray
from datalab_workspace.errors import LiveUnavailableError
from datalab_workspace.model.description import Summary, WorkspaceMode
from datalab_workspace.model.project import Group, Item
from datalab_workspace.model.record import KINDS, Array, FieldValue, Kind, Record

__all__ = [
    "Backend",
    "BackendStatus",
    "BroughtHome",
    "Capabilities",
    "Entry",
    "Observation",
    "PanelGroup",
    "Reported",
    "Resynced",
    "Watcher",
]


class Backend(ObjectLookup, Transactions, ABC):
    """A store of records, by UUID, in groups, in order.

    The rules that users see (names, conflicts, snapshots) belong to the workspace; a
    backend never receives anything that those rules forbid. It may keep the records
    that it receives and hand out the records that it keeps; the caller makes copies.

    `datalab_workspace.testing.WorkspaceConformance` tests a backend. The page "Write a
    backend" of the documentation has a complete example.

    Example:
        >>> from datalab_workspace.backends import MemoryBackend
        >>> dlw.Workspace(backend=MemoryBackend()).capabilities.groups
        True
    """

    @property
    @abstractmethod
    def capabilities(self) -> Capabilities:
        """The abilities of this backend."""

    @property
    def mode(self) -> WorkspaceMode:
        """The place of the objects, in this process or in DataLab."""
        return WorkspaceMode.STANDALONE

    @property
    def location(self) -> str | None:
        """A description of the place of the objects; None if it is this process."""
        return None

    def status(self) -> BackendStatus:
        """Return the state of the program that holds the objects."""
        return BackendStatus()

    @property
    def refuses_titles_in_use(self) -> bool:
        """Whether `add` raises `NameConflictError` if another object has the title."""
        return False

    def refresh(self, max_age: float = 0.0) -> bool:  # noqa: ARG002
        """Look for changes that others have made; no other method looks.

        Args:
            max_age: Seconds; no look is needed if the last one is so recent.

        Returns:
            Whether the list of objects may differ from before, in content or order. In
            memory no other program changes anything.

        Raises:
            LiveError: The program that holds the objects cannot be asked (a
                `ConnectionError`).
        """
        return False

    @property
    def revision(self) -> object:
        """A value that differs when the known objects differ."""
        return None

    def observed(self) -> Sequence[Observation] | None:
        """Return the changes of others since the last call of this method.

        Returns:
            None if the backend cannot tell; the workspace compares the entries then.
        """
        return None

    @property
    def seen(self) -> bool:
        """Whether `refresh` has looked at least once."""
        return True

    def kind_of(self, uuid: str) -> Kind:
        """Return the kind of an object that exists."""
        return self.record(uuid).kind

    def title_of(self, uuid: str) -> FieldValue:
        """Return the title of an object that exists."""
        return self.record(uuid).fields["title"]

    def fields_of(self, uuid: str) -> Mapping[str, FieldValue]:
        """Return the fields of an object that exists; they must not be changed."""
        return self.record(uuid).fields

    def summary(self, uuid: str) -> Summary:
        """Return the summary of an object, if possible without its data."""
        return Summary.of(self.record(uuid))

    def preview(self, uuid: str) -> tuple[Summary, Record | None]:
        """Return the known facts about an object, without reading or asking for any.

        A backend whose records are not all in memory overrides this.

        Returns:
            A summary, in which unknown counts are None and unknown strings are left
            out; and the record if it is in memory.
        """
        record = self.record(uuid)
        return Summary.of(record), record

    def held(self, uuid: str) -> tuple[Item, str] | None:  # noqa: ARG002
        """Return an object in memory and the title of its group; read nothing.

        Returns:
            None if there is no such object, or if another program holds it.
        """
        return None

    @abstractmethod
    def record(self, uuid: str, *, full: bool = False) -> Record:
        """Return one object; its arrays may be references.

        Args:
            uuid: UUID of an object that exists.
            full: Also fetch the parts that are slow to fetch.
        """

    def records(self, uuids: Sequence[str]) -> Sequence[Record]:
        """Return several objects in full, in as few requests as possible."""
        return [self.record(uuid, full=True) for uuid in uuids]

    def records_without_data(self, uuids: Sequence[str]) -> Sequence[Record]:
        """Return several objects, if possible without their arrays.

        Fields and metadata are those of `record`; the arrays are not used.
        """
        return [self.record(uuid) for uuid in uuids]

    def operand(self, uuid: str) -> Record:
        """Return one object with everything that a computation from it needs."""
        return self.record(uuid, full=True)

    def operands(self, uuids: Sequence[str]) -> Sequence[Record]:
        """Return several objects as `operand` does, in as few requests as possible."""
        return [self.operand(uuid) for uuid in uuids]

    @abstractmethod
    def add(
        self, record: Record, *, group: str | None = None, composed: bool = False
    ) -> None:
        """Append an object, with the UUID and title that it has.

        Args:
            record: The object.
            group: Title of the group to append it to, which is created at the end of
                its panel if it does not exist; None for the first group of the panel.
            composed: The title contains short ids, as DataLab composes titles, and
                DataLab keeps them up to date. Otherwise the title stays as it is.
        """

    def add_to_group_of(self, record: Record, uuid: str) -> None:
        """Append a computed object to the group of an object of its kind.

        A backend that finds the group of an object faster than the titles of all groups
        overrides this.

        Args:
            record: The computed object; its title is composed, see `add`.
            uuid: UUID of an object that exists.
        """
        self.add(record, group=self.group_of(uuid), composed=True)

    @abstractmethod
    def replace(self, uuid: str, record: Record) -> None:
        """Replace the object `uuid` by `record`, which may be of another kind.

        The record has the same UUID.
        """

    def move(self, uuid: str, record: Record, group: str | None) -> None:
        """Replace the object `uuid` by `record`, and move it to the end of a group.

        The record has the same UUID.
        """
        self.remove([uuid])
        self.add(record, group=group)

    @abstractmethod
    def remove(self, uuids: Sequence[str]) -> None:
        """Remove objects that exist."""

    @abstractmethod
    def edit(
        self,
        uuid: str,
        fields: Mapping[str, FieldValue],
        metadata: Mapping[Any, Any],
        drop: Sequence[Any] = (),
    ) -> None:
        """Set fields, including the title, and metadata of an object that exists.

        Entries of the metadata whose keys are in `drop`, if they exist, are removed.
        The object becomes a new record: see `Record.version`.
        """

    def move_to_group(self, uuids: Sequence[str], group: str) -> None:
        """Move objects of one kind to the end of a group, which may be new.

        Raises:
            NotImplementedError: The backend does not declare ``edits_groups``.
        """
        raise NotImplementedError(f"cannot move {len(uuids)} objects to {group!r:.80}")

    def rename_group(self, kind: Kind, title: str, new_title: str) -> None:
        """Give a group that exists another title, which no group has.

        Raises:
            NotImplementedError: The backend does not declare ``edits_groups``.
        """
        raise NotImplementedError(
            f"cannot rename the {kind} group {title!r:.80} to {new_title!r:.80}"
        )

    @abstractmethod
    def clear(self, *, all: bool = False) -> None:
        """Remove every object and group.

        Args:
            all: Also those that were there before this workspace; in memory there are
                none.
        """

    @abstractmethod
    def extend(self, groups: Sequence[Group]) -> None:
        """Append groups of objects as they are.

        The objects join the first group of the same panel and title, if it exists.
        """

    @abstractmethod
    def content(self, uuids: Collection[str] | None = None) -> list[Group]:
        """Return all groups with their objects, for a file.

        The objects are Records, or PendingRecords of a file that was opened lazily.

        Args:
            uuids: Return only these objects, and no groups without any.
        """

    def unread(self, path: Path) -> Sequence[str]:
        """Return UUIDs of the objects with data that is still only in a file.

        A backend that never keeps references to files overrides this.

        Args:
            path: The project file.
        """
        return [
            entry.uuid
            for entry in self.entries()
            if any(
                _file_of(array) == path
                for array in self.record(entry.uuid).arrays.values()
            )
        ]

    def bring_home(self, *, everything: bool) -> BroughtHome:  # noqa: ARG002
        """Return the objects that a workspace keeps when it leaves this backend.

        Args:
            everything: Return all objects; otherwise those that this workspace has
                added or fetched.
        """
        return BroughtHome(self.content())

    def resync(self, *, restore: bool = True) -> Resynced:  # noqa: ARG002
        """Find the program that holds the objects again, and its objects.

        Args:
            restore: If the program was restarted, put back the objects that are known
                here. Objects that were removed before it ended are not put back.

        Raises:
            LiveError: It is not found (a `ConnectionError`).
        """
        return Resynced()

    def select(self, uuids: Sequence[str]) -> None:
        """Select objects in the window; in memory there is none."""

    def selection(self) -> Sequence[str] | None:
        """Return UUIDs of the selected objects; None if there is no window."""
        return None

    def known_selection(self) -> Sequence[str] | None:
        """Return `selection` as it was last seen; None if it must be asked for."""
        return None

    def show(self, uuid: str) -> None:
        """Show an object in the window; in memory there is none."""

    @property
    def window(self) -> Window:
        """The window that shows the objects."""
        return NO_WINDOW

    @property
    def shown(self) -> Kind | None:
        """The panel that the window shows; None if it is not known."""
        return None

    def selections(self) -> Mapping[Kind, Sequence[str] | None]:
        """Return the selected objects of each panel; None for an unknown selection."""
        return dict.fromkeys(KINDS)

    def watch(self, on_change: Callable[[], bool]) -> Watcher | None:  # noqa: ARG002
        """Call a function in a thread whenever others have changed something.

        Args:
            on_change: The function; it returns whether to continue.

        Returns:
            The handle that ends it; None if the backend cannot wait for changes.
        """
        return None

    def compute(
        self, uuid: str, name: str, parameters: Mapping[str, Any] | None
    ) -> Sequence[str]:
        """Compute a feature of an object where that is.

        Args:
            uuid: UUID of an object that exists.
            name: Name of the feature.
            parameters: Values of its parameters by name; None if it has none.

        Returns:
            UUIDs of the objects that were added.

        Raises:
            LiveUnavailableError: The backend does not declare ``computes`` (a
                `ConnectionError`).
        """
        raise LiveUnavailableError(
            f"cannot compute {name!r:.80} from {uuid} with {parameters!r:.80} in "
            "DataLab: this workspace is not attached to one; leave where= out"
        )

    def bulk(self) -> AbstractContextManager[None]:
        """Return a context in which many objects are added quickly."""
        return nullcontext()

    def close(self) -> None:
        """Release connections and the like; the backend is no longer used."""


def _file_of(array: Array) -> Path | None:
    """Return the file that an array will be read from, None if it is in memory."""
    plain = array.plain if isinstance(array, RestoredArray) else array
    path = getattr(plain, "path", None)
    return path if isinstance(path, Path) else None
