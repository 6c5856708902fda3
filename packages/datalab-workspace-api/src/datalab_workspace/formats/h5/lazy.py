"""Arrays that stay in their file until they are read."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import Any

import numpy as np

from datalab_workspace.errors import DamagedFileError, StaleFileError, WorkspaceError
from datalab_workspace.formats.atomic import FileStamp
from datalab_workspace.formats.h5.array_io import (
    Checksum,
    as_bytes,
    read_blocks,
    read_into,
    split_into_blocks,
)
from datalab_workspace.formats.h5.guard import Limits
from datalab_workspace.formats.h5.open_file import OpenProject, opened, report_damage
from datalab_workspace.formats.h5.panels import find_group
from datalab_workspace.progress import Progress


class FileArray:
    """An array in a project file. The file is open only during a read.

    If the file was changed, the array is searched for under the UUID of its object. It
    is the same array if it has the same checksum.

    Attributes:
        path: The file.
        uuid: UUID of the object that the array belongs to.
        where: Path of the object's group in the file.
        name: Path of the dataset below that group.
        shape: Shape of the array.
        dtype: Dtype of the array.
        crc: CRC-32 of the elements in C order; None if not known yet.
        limits: Limits on how far the content of the file may expand.
    """

    def __init__(
        self,
        path: Path,
        stamp: FileStamp,
        uuid: str,
        where: str,
        name: str,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        *,
        offset: int | None = None,
        crc: int | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.path = path
        self.uuid = uuid
        self.where = where
        self.name = name
        self.shape = shape
        self.dtype = dtype
        self.crc = crc
        self._stamp = stamp
        self._offset = offset
        self.limits = limits or Limits()

    def __repr__(self) -> str:
        return f"<{self.name} of {self.where!r} in {str(self.path)!r}, not read yet>"

    @property
    def stamp(self) -> FileStamp:
        """The stamp that the file had when the array was found in it."""
        return self._stamp

    @property
    def offset(self) -> int | None:
        """Position of the elements in the file; None if HDF5 must read them."""
        return self._offset

    @property
    def nbytes(self) -> int:
        """Size of the array in bytes, in memory."""
        return math.prod(self.shape) * self.dtype.itemsize

    def read(self) -> np.ndarray[Any, Any]:
        """Return the whole array, in new memory.

        Raises:
            StaleFileError: The file was changed or removed, and the array is lost.
            DamagedFileError: The file is damaged.
        """
        with Progress(f"reading {self.where!r}", self.nbytes) as progress:
            with self._file() as file:
                if file is not None:
                    return self._read_contiguous(file, progress)
            return self._assembled(self._blocks_of_dataset(), progress)

    def read_from(
        self, project: OpenProject, progress: Progress
    ) -> np.ndarray[Any, Any]:
        """Return the whole array from its file, which is already open; see `read`."""
        if self._offset is None:
            return self._assembled(self._blocks_of_project(project), progress)
        return self._read_contiguous(project.raw, progress)

    def _read_contiguous(
        self, file: FileIO, progress: Progress
    ) -> np.ndarray[Any, Any]:
        assert self._offset is not None
        array = np.empty(self.shape, self.dtype)
        try:
            crc = read_into(file, self._offset, array, progress.advance)
        except EOFError as error:
            raise self._cut_off(file) from error
        self._check(crc, file)
        return array

    def _assembled(
        self,
        blocks: Iterator[tuple[tuple[Any, ...], np.ndarray[Any, Any]]],
        progress: Progress,
    ) -> np.ndarray[Any, Any]:
        array = None
        for index, block in blocks:
            if array is None:  # only now is the size of the dataset checked
                array = np.empty(self.shape, self.dtype)
            array[index] = block
            progress.advance(block.nbytes)
        assert array is not None
        return array

    def blocks(self) -> Iterator[tuple[tuple[Any, ...], np.ndarray[Any, Any]]]:
        """Yield the index and content of each block, without reading the whole array.

        The memory of a block is used again two blocks later.

        Raises:
            WorkspaceError: As for `read`. A wrong checksum is noticed after the last
                block.
        """
        with self._file() as file:
            if file is None:
                yield from self._blocks_of_dataset()
                return
            assert self._offset is not None
            with Checksum(self.nbytes) as checksum:
                source = read_blocks(file, self._offset, self.shape, self.dtype)
                yield from self._checked_blocks(source, checksum, file)
                self._check(checksum.close(), file)

    def ensure_checksum(self) -> int:
        """Return the checksum; read the array block by block if it is not known."""
        if self.crc is None:
            for _ in self.blocks():
                pass
        assert self.crc is not None
        return self.crc

    # -- the file as it was -----------------------------------------------------------

    @contextmanager
    def _file(self) -> Iterator[FileIO | None]:
        """Open the file; yield None if the array must be read or found by HDF5."""
        try:
            file = FileIO(str(self.path))
        except FileNotFoundError as error:
            raise self._stale("was removed") from error
        with file:
            unchanged = FileStamp.of(file.fileno()) == self._stamp
            yield file if unchanged and self._offset is not None else None

    def _check(self, crc: int, file: FileIO) -> None:
        """Compare the checksum of the bytes that were read with the expected one."""
        if FileStamp.of(file.fileno()) != self._stamp:
            if crc != self.crc:
                raise self._stale("was changed while it was read")
        elif self.crc is None:
            self.crc = crc
        elif crc != self.crc:
            raise self._damaged("its checksum is wrong")

    def _checked_blocks(
        self,
        source: Iterator[tuple[tuple[Any, ...], np.ndarray[Any, Any]]],
        checksum: Checksum,
        file: FileIO,
    ) -> Iterator[tuple[tuple[Any, ...], np.ndarray[Any, Any]]]:
        try:
            for index, block in source:
                checksum.update(as_bytes(block))
                yield index, block
        except EOFError as error:
            raise self._cut_off(file) from error

    # -- through HDF5 -----------------------------------------------------------------

    def _blocks_of_dataset(
        self,
    ) -> Iterator[tuple[tuple[Any, ...], np.ndarray[Any, Any]]]:
        with self._explain_errors(), opened(self.path, self.limits) as project:
            yield from self._blocks_of_project(project)

    def _blocks_of_project(
        self, project: OpenProject
    ) -> Iterator[tuple[tuple[Any, ...], np.ndarray[Any, Any]]]:
        import h5py

        changed = project.stamp != self._stamp
        if changed and self.crc is None:
            raise self._stale("was changed by another program")
        dataset = h5py.Dataset(self._find(project, changed))
        with Checksum(self.nbytes) as checksum:
            for index, _ in split_into_blocks(self.shape, self.dtype.itemsize):
                with report_damage(self.path, project):
                    block = np.ascontiguousarray(dataset[index], self.dtype)
                checksum.update(as_bytes(block))
                yield index, block
            crc = checksum.close()
        if changed and crc != self.crc:
            raise self._stale("was changed by another program")
        if self.crc is not None and crc != self.crc:
            raise self._damaged("its checksum is wrong")
        self.crc = crc
        self._stamp, self._offset = project.stamp, dataset.id.get_offset()

    def _find(self, project: OpenProject, changed: bool) -> Any:
        """Return the low-level dataset in the file as it is now."""
        if changed:
            found = find_group(project, self.uuid, self.where)
            if found is None:
                raise self._missing("the object is missing", changed)
            self.where, member = found
        else:
            member = project.guard.resolve(project.root, self.where)
        dataset = project.guard.resolve(member, self.name)
        if dataset is None:
            raise self._missing("the array is missing", changed)
        dtype = project.guard.check_dataset(dataset, f"{self.where}/{self.name}")
        if dtype != self.dtype or dataset.shape != self.shape:
            raise self._missing("the array has another dtype or shape", changed)
        return dataset

    @contextmanager
    def _explain_errors(self) -> Iterator[None]:
        try:
            yield
        except StaleFileError:
            raise
        except FileNotFoundError as error:
            raise self._stale("was removed") from error
        except WorkspaceError as error:
            if FileStamp.of(self.path) == self._stamp:
                raise
            raise self._stale(f"was changed by another program ({error})") from error

    def _stale(self, reason: str) -> StaleFileError:
        return StaleFileError(
            f"{str(self.path)!r} {reason}: {self.name} of {self.where!r}, which was "
            "not read before, is lost; load the file again"
        )

    def _missing(self, reason: str, changed: bool) -> WorkspaceError:
        if changed:
            return self._stale(f"was changed by another program, {reason}")
        return self._damaged(reason)

    def _cut_off(self, file: FileIO) -> WorkspaceError:
        if FileStamp.of(file.fileno()) == self._stamp:
            return self._damaged("the file ends before it")
        return self._stale("was truncated while it was read")

    def _damaged(self, reason: str) -> DamagedFileError:
        return DamagedFileError(
            f"{str(self.path)!r} is damaged at {self.where}/{self.name}: {reason}"
        )
