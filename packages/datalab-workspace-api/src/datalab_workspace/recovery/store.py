"""The writing side of a recovery folder: what it holds, and how large it may become.

Small objects share segments, and a large one has a segment of its own. A segment whose
objects have all been replaced or removed is deleted, but only after what replaced them
has been flushed to the disk: at any moment, the disk holds a complete older state.
"""

from __future__ import annotations

import os
import shutil
import time
import weakref
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from datalab_workspace.history.storage.writer import sent_alone
from datalab_workspace.model.record import FIELDS, Array, FieldValue, Kind, Record
from datalab_workspace.recovery.folder import Owner, OwnFolder
from datalab_workspace.recovery.segments import EntryWriter, Segment
from datalab_workspace.recovery.state import Layout, State

#: Bytes of recovery at most, and the part of the free space that they may take.
LARGEST = 2 << 30
SHARE = 0.1
#: Bytes from which an object has a segment of its own, and its arrays are not written
#: again when only its fields have changed.
LARGE = 1 << 20
#: Bytes after which a new shared segment begins.
_SEGMENT = 64 << 20
#: Bytes that only replaced and removed objects take before they are deleted at once.
_WASTE = 256 << 20


class FileReference(NamedTuple):
    """An object in a project file, which need not be written again.

    Attributes:
        path: The file.
        stamp: Its `FileStamp`, as numbers.
        uuid: UUID of the object in the file.
    """

    path: str
    stamp: tuple[int, ...]
    uuid: str


class Snapshot(NamedTuple):
    """An object as it was at one moment.

    Attributes:
        uuid: UUID of the object.
        name: Its name in the workspace.
        kind: "signal" or "image".
        group: Title of its group.
        shape: Its shape; see `Record.shape`.
        dtype: The dtype of its data, as a string.
        fields: Its fields; only the title if `file` is given.
        arrays: Its arrays that are in memory.
        nbytes: Bytes of these.
        metadata: Its metadata.
        file: The file that holds the whole object, if it is not in memory.
        files: The files that hold arrays which are not in memory, by array.
        history: Its history; see `Record.history`.
    """

    uuid: str
    name: str
    kind: Kind
    group: str
    shape: tuple[int, ...]
    dtype: str
    fields: Mapping[str, FieldValue]
    arrays: Mapping[str, Array]
    nbytes: int
    metadata: Mapping[Any, Any]
    file: FileReference | None = None
    files: Mapping[str, FileReference] | None = None
    history: Any = None


@dataclass(eq=False, slots=True)
class _Held:
    """The parts of one object in the segments.

    Attributes:
        arrays: Each large array that was written, with its entry and its segment.
        segments: The segments that hold the object.
        nbytes: Bytes that it takes in them.
    """

    arrays: dict[str, tuple[weakref.ref[Any], int, Segment]]
    segments: set[Segment]
    nbytes: int


class Store:
    """The recovery folder of this process.

    Args:
        parent: The folder that holds the folders of all kernels.
        owner: The description of this process.
        limit: Bytes that the folder may have at most.
    """

    def __init__(self, parent: Path, owner: Owner, *, limit: int = LARGEST) -> None:
        self.state = State()
        self._folder = OwnFolder(parent, owner)
        self._limit = limit
        self._held: dict[str, _Held] = {}
        # Number of objects of which a segment holds a part.
        self._uses: Counter[Segment] = Counter()
        self._live = 0
        self._segments: list[Segment] = []
        # The segments of small objects; the last one grows.
        self._shared: list[Segment] = []
        self._number = 0
        self._entries = 0

    @property
    def path(self) -> Path:
        """The folder."""
        return self._folder.path

    @property
    def nbytes(self) -> int:
        """Bytes of all segments."""
        return sum(segment.size for segment in self._segments)

    def room(self, wanted: int) -> int:
        """Return the bytes that may still be written.

        Args:
            wanted: Bytes that will be written; waste is deleted if they need it.
        """
        free, present = shutil.disk_usage(self.path).free, self.nbytes
        limit = min(self._limit, int(SHARE * (free + present)))
        if present + wanted > limit or present - self._live > _WASTE:
            self.sync()
        return limit - self.nbytes

    def new_bytes(self, snapshot: Snapshot) -> int:
        """Return the bytes of the arrays of an object that must be written."""
        held = self._held.get(snapshot.uuid)
        if held is None or not held.arrays:
            return snapshot.nbytes
        return snapshot.nbytes - sum(
            array.nbytes
            for name, array in snapshot.arrays.items()
            if array is not None and _is_held(held, name, array)
        )

    def write(
        self,
        snapshots: Sequence[Snapshot],
        gone: Sequence[str] = (),
        *,
        layout: Layout | None = None,
        project: Path | None = None,
    ) -> None:
        """Write one entry.

        Args:
            snapshots: Objects that are new or have changed.
            gone: UUIDs of objects that no longer exist.
            layout: All groups and names, if the others do not imply them.
            project: The project file of the workspace.

        Raises:
            OSError: It cannot be written. The part that was written is removed.
            ValueError: The entry is too large.
        """
        self._entries += 1
        writer = EntryWriter()
        header: dict[str, Any] = {
            "n": self._entries,
            "time": time.time(),
            "project": None if project is None else os.fspath(project),
            "puts": [self._put(writer, snapshot) for snapshot in snapshots],
            "gone": list(gone),
        }
        if layout is not None:
            header["layout"] = layout
        segment = self._segment_for(writer, header)
        size = segment.append(writer.entry(header))
        self.state.apply(header)
        overhead = (size - writer.nbytes) // max(1, len(snapshots))
        for snapshot in snapshots:
            self._note(snapshot, segment, overhead)
        for uuid in gone:
            self._release(self._held.pop(uuid, None))

    def sync(self) -> None:
        """Flush everything to the disk, then delete what is no longer needed.

        Raises:
            OSError: The disk reports an error.
        """
        for segment in self._segments:
            segment.sync()
        _sync_folder(self.path)
        self._folder.touch()
        self._delete_unused()

    def _delete_unused(self) -> None:
        """Delete the segments in which no object has a part."""
        for segment in list(self._segments):
            if not self._uses[segment] and segment not in self._shared[-1:]:
                segment.close()
                segment.path.unlink(missing_ok=True)
                self._segments.remove(segment)
                if segment in self._shared:
                    self._shared.remove(segment)
                del self._uses[segment]

    def in_waste(self) -> list[str]:
        """Return UUIDs of objects to write again so that a segment can be deleted.

        They are those in the oldest shared segment, if there is much waste.
        """
        if len(self._shared) < 2 or self.nbytes - self._live <= max(
            _SEGMENT, self._live
        ):
            return []
        oldest = self._shared[0]
        return [u for u, held in self._held.items() if oldest in held.segments]

    def leave(self) -> None:
        """Close all files and keep them, for example in a forked child."""
        for segment in self._segments:
            segment.close()
        self._folder.leave()

    def remove(self) -> None:
        """Remove the folder."""
        for segment in self._segments:
            segment.close()
        self._folder.remove()

    # -- one entry --------------------------------------------------------------------

    def _put(self, writer: EntryWriter, snapshot: Snapshot) -> dict[str, Any]:
        put: dict[str, Any] = {
            "uuid": snapshot.uuid,
            "name": snapshot.name,
            "kind": snapshot.kind,
            "group": snapshot.group,
            "shape": snapshot.shape,
            "dtype": snapshot.dtype,
            "fields": _without_defaults(snapshot),
            "metadata": writer.encode(snapshot.metadata),
        }
        held = self._held.get(snapshot.uuid)
        arrays, kept = {}, {}
        for name, array in snapshot.arrays.items():
            if held is not None and _is_held(held, name, array):
                kept[name] = held.arrays[name][1]
            elif array is None or array.size or name not in ("xcoords", "ycoords"):
                arrays[name] = writer.encode(array)
        put["arrays"] = arrays
        if kept:
            put["kept"] = kept
        made = _entry(snapshot)
        if made is not None:
            put["made"] = made
        if snapshot.file is not None:
            put["file"] = snapshot.file
        if snapshot.files:
            put["files"] = snapshot.files
        return put

    def _note(self, snapshot: Snapshot, segment: Segment, overhead: int) -> None:
        """Remember where an object is that has been written."""
        before = self._held.get(snapshot.uuid)
        now = _Held({}, {segment}, snapshot.nbytes + overhead)
        for name, array in snapshot.arrays.items():
            if array is None or array.nbytes < LARGE:
                continue
            if before is not None and _is_held(before, name, array):
                now.arrays[name] = before.arrays[name]
                now.segments.add(now.arrays[name][2])
            else:
                now.arrays[name] = weakref.ref(array), self._entries, segment
        self._held[snapshot.uuid] = now
        self._live += now.nbytes
        for used in now.segments:
            self._uses[used] += 1
        self._release(before)

    def _release(self, held: _Held | None) -> None:
        if held is not None:
            self._live -= held.nbytes
            for used in held.segments:
                self._uses[used] -= 1

    # -- segments ---------------------------------------------------------------------

    def _segment_for(self, writer: EntryWriter, header: dict[str, Any]) -> Segment:
        if writer.nbytes >= LARGE:
            return self._new_segment()
        if not self._shared or self._shared[-1].size > _SEGMENT:
            self._shared.append(self._new_segment())
            # The removals in segments that will be deleted are implied by it.
            header.setdefault("layout", self._layout_after(header))
        return self._shared[-1]

    def _layout_after(self, header: dict[str, Any]) -> Layout:
        state = State()
        state.set_layout(self.state.layout())
        state.apply(header)
        return state.layout()

    def _new_segment(self) -> Segment:
        return self._numbered(Segment)

    def _numbered(self, kind: type[Segment]) -> Segment:
        self._number += 1
        segment = kind(self.path, self._number)
        self._segments.append(segment)
        return segment


def _is_held(held: _Held, name: str, array: Array) -> bool:
    """Return whether an array of an object has been written, and large enough."""
    return name in held.arrays and held.arrays[name][0]() is array


def _without_defaults(snapshot: Snapshot) -> dict[str, FieldValue]:
    """Return the fields that a new record would not have by itself.

    Numbers are compared by identity, too: 0.0 is equal to -0.0.
    """
    specs = FIELDS[snapshot.kind]
    return {
        name: value
        for name, value in snapshot.fields.items()
        if name not in specs or value is not specs[name].default
    }


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    with suppress(OSError):  # some file systems refuse it for a folder
        os.fsync(descriptor)
    os.close(descriptor)


def _entry(snapshot: Snapshot) -> dict[str, Any] | None:
    """Return the entry of the history of an object."""
    if snapshot.history is None:
        return None
    record = Record(
        snapshot.kind,
        dict(snapshot.fields),
        dict(snapshot.arrays),
        dict(snapshot.metadata),
        snapshot.uuid,
        history=snapshot.history,
    )
    return sent_alone().entry_of_whole(record)
