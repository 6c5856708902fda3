"""Snapshots of the objects of a session, taken while its lock is held for a moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datalab_workspace.encoding.arrays import RestoredArray
from datalab_workspace.errors import WorkspaceError
from datalab_workspace.events import ChangeEvent
from datalab_workspace.model.record import Array, PendingRecord
from datalab_workspace.recovery.state import Layout, State
from datalab_workspace.recovery.store import FileReference, Snapshot

if TYPE_CHECKING:
    from datalab_workspace.formats.atomic import FileStamp
    from datalab_workspace.session import Session

#: Objects that are looked at while the lock is held once.
_TOGETHER = 100


class Snapshots:
    """The knowledge of the recorder about a session between its looks.

    Args:
        refer_to_files: Refer to the project file of an object that was loaded and not
            changed; otherwise it is copied if it is in memory.

    Attributes:
        project: The project file of the workspace at the last look.
    """

    def __init__(self, *, refer_to_files: bool = True) -> None:
        self._refers = refer_to_files
        self.project: Path | None = None
        self._postponed: list[str] = []
        # The file that each object was loaded from, and what it contains.
        self._loaded: dict[str, Path] = {}
        self._contents: dict[Path, tuple[tuple[int, ...], frozenset[str]] | None] = {}
        # The objects that were taken with a reference to a file.
        self._referring: set[str] = set()

    def changed(
        self, session: Session, events: Iterable[ChangeEvent], everything: bool
    ) -> list[str]:
        """Return UUIDs of the objects that are new, changed or gone, in order."""
        found = dict.fromkeys(self._postponed)
        self._postponed = []
        for event in events:
            everything |= event.kind == "detached"
            if event.kind == "saved" and event.path is not None:
                found |= dict.fromkeys(self._referring)
                if self._refers:
                    self._refer_to(event.path)
            for change in event.changes:
                found[change.uuid] = None
                self._loaded.pop(change.uuid, None)
                if event.kind == "loaded" and event.path is not None:
                    self._loaded[change.uuid] = event.path
        if everything:
            with session.transaction(None) as transaction:
                groups = transaction.backend.groups()
            found |= dict.fromkeys(uuid for group in groups for uuid in group.uuids)
        return list(found)

    def postpone(self, uuids: Sequence[str]) -> None:
        """Return objects in the next call of `changed`."""
        self._postponed += uuids

    def take(self, session: Session, uuids: Sequence[str]) -> list[Snapshot | str]:
        """Return a snapshot of each object, or its UUID if it is gone."""
        taken: list[Snapshot | str] = []
        for start in range(0, len(uuids), _TOGETHER):
            some = uuids[start : start + _TOGETHER]
            with session.transaction(None) as transaction:
                held = [transaction.backend.held(uuid) for uuid in some]
                stamps = dict(session.project.stamps)
            if self._refers and any(
                found and (uuid in self._loaded or isinstance(found[0], PendingRecord))
                for uuid, found in zip(some, held, strict=True)
            ):
                self._look_at_files(stamps)
            with session.transaction(None):
                self.project = session.project.path
                taken += [self._snapshot(session, uuid) for uuid in some]
        self._note_references(taken)
        return taken

    def _look_at_files(self, stamps: Mapping[Path, FileStamp]) -> None:
        """Read which objects the project files hold, while calls need not wait."""
        for path, stamp in stamps.items():
            known = self._contents.get(path)
            if known is None or known[0] != astuple(stamp):
                self._contents[path] = _content(path)

    def _refer_to(self, saved: Path) -> None:
        """Refer to a file that was just saved, and no longer to what it replaced."""
        known = self._contents[saved] = _content(saved)
        if known is not None:
            self._loaded |= dict.fromkeys(self._referring & known[1], saved)

    def _note_references(self, taken: Iterable[Snapshot | str]) -> None:
        for item in taken:
            if isinstance(item, Snapshot) and (item.file or item.files):
                self._referring.add(item.uuid)
            else:
                self._referring.discard(item if isinstance(item, str) else item.uuid)

    def layout(self, session: Session, state: State) -> Layout | None:
        """Return the groups of the objects of a state, unless it has them already."""
        with session.transaction(None) as transaction:
            groups = transaction.backend.groups()
        names = {u: n for members in state.groups.values() for u, n in members.items()}
        layout: Layout = []
        for group in groups:
            members = [(u, names[u]) for u in group.uuids if u in names]
            if members:
                layout.append((group.kind, group.title, members))
        return None if layout == state.layout() else layout

    def _snapshot(self, session: Session, uuid: str) -> Snapshot | str:
        held = session.backend.held(uuid)
        if held is None or uuid not in session.names.uuids:
            return uuid
        item, group = held
        name = session.names.name_of(uuid)
        if self._refers and (isinstance(item, PendingRecord) or uuid in self._loaded):
            whole = self._in_file(session, uuid)
            if whole is not None:
                dtype = "" if item.dtype is None else item.dtype.str
                return Snapshot(
                    uuid, name, item.kind, group, item.shape, dtype,
                    {"title": item.title}, {}, 0, {}, whole,
                )  # fmt: skip
        if isinstance(item, PendingRecord):
            item = session.backend.record(uuid)  # its arrays stay in the file
        arrays: dict[str, Array] = {}
        files: dict[str, FileReference] = {}
        nbytes = 0
        for key, array in item.arrays.items():
            if isinstance(array, np.ndarray):
                nbytes += array.nbytes
                arrays[key] = array
            elif array is None:
                arrays[key] = None
            else:
                files[key] = _reference(session, array)
        data = item.data
        return Snapshot(
            uuid, name, item.kind, group, item.shape,
            "" if data is None else data.dtype.str,
            dict(item.fields), arrays, nbytes, dict(item.metadata), None, files,
            item.history,
        )  # fmt: skip

    def _in_file(self, session: Session, uuid: str) -> FileReference | None:
        """Return the file that holds an object; None if that is not certain."""
        stamps = session.project.stamps
        # It may have been loaded before the recorder started.
        paths = [self._loaded[uuid]] if uuid in self._loaded else list(stamps)
        for path in paths:
            stamp = astuple(stamps[path]) if path in stamps else ()
            known = self._contents.get(path)
            if known is not None and known[0] == stamp and uuid in known[1]:
                return FileReference(str(path), stamp, uuid)
        return None


def _reference(session: Session, array: Any) -> FileReference:
    """Return the file of an array that has not been read yet."""
    plain = array.plain if isinstance(array, RestoredArray) else array
    path = getattr(plain, "path", Path())
    stamp = session.project.stamps.get(path)
    numbers = () if stamp is None else astuple(stamp)
    return FileReference(str(path), numbers, getattr(plain, "uuid", ""))


def _content(path: Path) -> tuple[tuple[int, ...], frozenset[str]] | None:
    """Return the stamp of a project file and the UUIDs in it; None if it is not one."""
    from datalab_workspace.formats import registry

    try:
        project, stamp = registry.read(path, lazy=True)
    except (OSError, ValueError, WorkspaceError):
        return None  # it has been changed or removed since it was loaded
    if stamp is None:
        return None
    return astuple(stamp), frozenset(item.uuid for item in project.items())
