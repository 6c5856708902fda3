"""The workspace in which cells run again: its own objects, no file and no DataLab."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.errors import NotReplayableError
from datalab_workspace.history.steps import Edit
from datalab_workspace.model.record import ROI_KEY, Kind, Record
from datalab_workspace.model.sigima_objects import to_object
from datalab_workspace.workspace import Workspace

#: Calls that change something outside the workspace; they do nothing here.
_SILENT = frozenset(
    {"autosave", "browse", "connect", "disconnect", "resync", "select_objects", "show"}
)
#: Calls that ask a person, or another program.
_ASKING = frozenset({"ask_roi", "recover", "run_macro", "wait_for_selection"})


class ScratchBackend(MemoryBackend):
    """The objects that cells find and make.

    An object that nothing can compute again is not made again: where a cell adds it,
    the given object takes its place.

    Args:
        numbers: The numbers of objects among the signals or images, by name. Titles of
            results contain them, so that they must be what they were.

    Attributes:
        given: The objects that the cell which runs adds and that are given, by name.
        added: The UUIDs of the objects that cells have added, by name.
        workspace: The workspace of these objects.
    """

    def __init__(self, numbers: Mapping[str, tuple[Kind, int]]) -> None:
        super().__init__()
        self._numbers = numbers
        self._names = {number: name for name, number in numbers.items()}
        self.given: Mapping[str, Record] = {}
        self.added: dict[str, str] = {}
        self.workspace = ScratchWorkspace(backend=self)

    def offer(self, record: Record, name: str) -> None:
        """Add an object that no cell makes."""
        held = record.copy(views=True)
        held.fields["title"] = name
        with self.workspace._session.transaction() as transaction:  # noqa: SLF001  # its own
            transaction.add(held, name)
        self.added.pop(name)

    def edit_as(self, edit: Edit, name: str) -> None:
        """Set the fields and regions of an object that others set when cells ran."""
        with self.workspace._session.transaction() as transaction:  # noqa: SLF001  # its own
            uuid = transaction.uuid(name)
            fields = {k: v for k, v in edit.fields.items() if k != "title"}
            metadata = {ROI_KEY: edit.roi} if edit.sets_roi and edit.roi else {}
            drop = [ROI_KEY] if edit.sets_roi and not edit.roi else []
            transaction.edit(uuid, fields, metadata, drop)

    def made(self, name: str) -> Record | None:
        """Return the object that a cell has added under a name, as it is now."""
        uuid = self.added.get(name)
        return None if uuid is None or not self.has(uuid) else self.record(uuid)

    def add(
        self, record: Record, *, group: str | None = None, composed: bool = False
    ) -> None:
        """See `Backend.add`."""
        super().add(self._or_given(record), group=group, composed=composed)

    def add_to_group_of(self, record: Record, uuid: str) -> None:
        """See `Backend.add_to_group_of`."""
        super().add_to_group_of(self._or_given(record), uuid)

    def replace(self, uuid: str, record: Record) -> None:
        """See `Backend.replace`."""
        super().replace(uuid, self._or_given(record))

    def _or_given(self, record: Record) -> Record:
        self.added[record.title] = record.uuid
        given = self.given.get(record.title)
        if given is None:
            return record
        held = given.copy(views=True)
        held.uuid, held.fields["title"] = record.uuid, record.title
        return held

    def number_of(self, uuid: str) -> int | None:
        """See `Backend.number_of`; the number that the object had when cells ran."""
        if not self.has(uuid):
            return None
        known = self._numbers.get(str(self.title_of(uuid)))
        return super().number_of(uuid) if known is None else known[1]

    def uuid_at(self, kind: Kind, number: int) -> str | None:
        """See `Backend.uuid_at`."""
        name = self._names.get((kind, number))
        found = (uuid for uuid in self.uuids(kind) if self.title_of(uuid) == name)
        return next(found, None) or super().uuid_at(kind, number)


class ScratchWorkspace(Workspace):
    """A workspace that writes no file, attaches to no DataLab and asks no one."""

    def __getattribute__(self, name: str) -> Any:
        if name in _SILENT:
            return _nothing
        if name in _ASKING:
            return partial(_refuse, name)
        return super().__getattribute__(name)

    def add(self, name: Any, obj: Any = None, **options: Any) -> str:
        """See `Workspace.add`; a given object replaces what it is called with."""
        arguments = (name,) if obj is None else (name, obj)
        added: str = super().add(*arguments, **options)
        backend = self._session.backend
        assert isinstance(backend, ScratchBackend), "no other one is passed"
        given = backend.given.get(added)
        if given is not None:
            _adopt(arguments[-1], given)
        return added

    def save(self, path: Any = None, **_options: Any) -> Path:
        """Write nothing; return the path."""
        return Path(path or "scratch.h5")

    def export(self, names: Any, path: Any, **_options: Any) -> Any:
        """Write nothing; return the path, or one for each object."""
        return Path(path) if isinstance(names, str) else [Path(path) for _ in names]

    def load(self, path: Any, **options: Any) -> list[str]:
        """See `Workspace.load`; an object that is here already stays as it is."""
        return super().load(path, **{**options, "on_conflict": "skip"})

    def read(self, paths: Any, **options: Any) -> Any:
        """See `Workspace.read`; an object that is here already stays as it is."""
        return super().read(paths, **{**options, "on_conflict": "skip"})


def workspace_class(scratch: ScratchWorkspace) -> type[ScratchWorkspace]:
    """Return a class whose instances are all the same workspace.

    It takes the place of `Workspace` where a cell creates one.
    """

    class SameWorkspace(ScratchWorkspace):
        def __init__(self, **_options: Any) -> None:
            self._session = scratch._session  # noqa: SLF001  # of the same class

    SameWorkspace.__name__ = SameWorkspace.__qualname__ = "Workspace"
    return SameWorkspace


def _adopt(obj: Any, given: Record) -> None:
    """Give an object of the cell the data of the given one."""
    data = {"signal": "xydata", "image": "data"}[given.kind]
    if hasattr(obj, data) and hasattr(obj, "metadata"):
        setattr(obj, data, getattr(to_object(given), data))


def _nothing(*_arguments: object, **_options: object) -> None:
    return None


def _refuse(name: str, *_arguments: object, **_options: object) -> None:
    raise NotReplayableError(
        f"it calls workspace.{name}(), which asks a person or another program"
    )
