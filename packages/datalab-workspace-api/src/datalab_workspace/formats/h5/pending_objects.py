"""Objects that stay in a file without a manifest until they are used.

They refer to the file by its path and stamp, so that they can be pickled.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from datalab_workspace.encoding import sidecar
from datalab_workspace.errors import StaleFileError, WorkspaceError
from datalab_workspace.formats.atomic import FileStamp
from datalab_workspace.formats.h5.direct import DirectReader
from datalab_workspace.formats.h5.guard import Guard
from datalab_workspace.formats.h5.hdf5_objects import HDF5Reader
from datalab_workspace.formats.h5.lazy import FileArray
from datalab_workspace.formats.h5.object_parts import ObjectParts, ProjectFile
from datalab_workspace.formats.h5.open_file import opened
from datalab_workspace.formats.raw_io import open_regular
from datalab_workspace.model.record import Kind, Record


class Source:
    """The file of the pending objects, opened once for each object.

    Objects that are read one by one must not expand further than a file that is read at
    once. So one guard counts what all of them take, each object once.

    Args:
        file: The file.
    """

    def __init__(self, file: ProjectFile) -> None:
        self.file = file
        self._guard = self._new_guard()
        self._counted: dict[str, object] = {}  # by path; without a lock, for forks
        self._heaps_are_sound = False

    def __reduce__(self) -> tuple[Any, ...]:
        return _source, (self.file,)

    def parts(self, where: str, address: int) -> ObjectParts:
        """Read all parts of an object.

        Args:
            where: Path of the object in the file.
            address: Address of its header in the file.

        Raises:
            StaleFileError: The file was changed or removed.
            DamagedFileError: The object is damaged.
            UnsafeFileError: See `Guard`.
        """
        token = object()
        is_first = self._counted.setdefault(where, token) is token
        try:
            with self._explain_errors(where):
                guard = self._guard if is_first else self._new_guard()
                parts = self._parts_directly(where, address, guard)
                return self._parts_by_hdf5(where) if parts is None else parts
        except BaseException:
            if is_first:
                del self._counted[where]  # it is refused again if it is tried again
            raise

    def _parts_directly(
        self, where: str, address: int, guard: Guard
    ) -> ObjectParts | None:
        with open_regular(self.file.path) as raw:
            self._check_stamp(FileStamp.of(raw.fileno()), where)
            reader = DirectReader(raw, self.file.stamp.size, guard)
            parts = reader.parts(address, where)
            self._check_stamp(FileStamp.of(raw.fileno()), where)
        return parts

    def _parts_by_hdf5(self, where: str) -> ObjectParts:
        with opened(self.file.path, self.file.limits) as project:
            self._check_stamp(project.stamp, where)
            project.at = where
            check_heaps = project.guard.check_heaps

            def check_once() -> None:
                if not self._heaps_are_sound:
                    check_heaps()
                    self._heaps_are_sound = True

            project.guard.check_heaps = check_once
            group = project.guard.resolve(project.root, where)
            return HDF5Reader(project).parts(group, where)

    def _new_guard(self) -> Guard:
        file = self.file
        name, size = str(file.path), file.stamp.size
        return Guard(name, size, file.limits, _no_heaps, lambda _: None)

    def _check_stamp(self, stamp: FileStamp, where: str) -> None:
        if stamp != self.file.stamp:
            raise self._stale("was changed by another program", where)

    @contextmanager
    def _explain_errors(self, where: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise self._stale("was removed", where) from error
        except WorkspaceError as error:
            if isinstance(error, StaleFileError):
                raise
            self._check_stamp(FileStamp.of(self.file.path), where)
            raise

    def _stale(self, reason: str, where: str) -> StaleFileError:
        return StaleFileError(
            f"{str(self.file.path)!r} {reason}: {where!r}, which was not read before, "
            "is lost; load the file again"
        )


@dataclass(frozen=True)
class PendingObject:
    """The reference of a `PendingRecord` to its object.

    Attributes:
        source: The file.
        kind: Kind of the object.
        uuid: UUID of the object, which may be another than in the file.
        where: Path of the object in the file.
        address: Address of its header in the file.
    """

    source: Source
    kind: Kind
    uuid: str
    where: str
    address: int

    @property
    def fingerprint(self) -> str:
        """The state of the file: nothing else is known without reading the object."""
        stamp = self.source.file.stamp
        return f"{self.where} {stamp.mtime_ns} {stamp.size}"

    def __call__(self) -> Record:
        """Read the object; see `Source.parts` for the errors."""
        parts = self.source.parts(self.where, self.address)
        plain = self.source.file.record(self.kind, self.uuid, self.where, parts)
        return SidecarObject(plain)()


@dataclass(frozen=True, eq=False)
class SidecarObject:
    """An object that may have a sidecar, which is not compared with the data yet.

    Attributes:
        plain: The object without what the sidecar adds.
    """

    plain: Record

    def __call__(self) -> Record:
        """Return the complete object."""
        plain = self.plain
        if sidecar.depends_on_data(plain) and isinstance(plain.data, FileArray):
            plain.data.ensure_checksum()
        return sidecar.join(plain)


def _source(file: ProjectFile) -> Source:
    stamp = file.stamp.as_seen_here(file.path)
    return Source(dataclasses.replace(file, stamp=stamp))


def _no_heaps() -> None:
    """Check nothing: only HDF5 reads the heaps in a way that may not end."""
