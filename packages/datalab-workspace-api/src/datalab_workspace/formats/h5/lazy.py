"""Arrays that stay in their file until they are read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from datalab_workspace.errors import (
    DamagedFileError,
    DamagedFileWarning,
    StaleFileError,
    WorkspaceError,
)
from datalab_workspace.formats.atomic import FileStamp
from datalab_workspace.formats.h5.array_io import (
    Checksum,
    as_bytes,
    read_blocks,
    read_into,
)
from datalab_workspace.formats.h5.chunks import (
    bands,
    chunk_shape,
    read_blocks_along_chunks,
    read_region,
    rows_along_chunks,
)
from datalab_workspace.formats.h5.guard import Limits
from datalab_workspace.formats.h5.open_file import OpenProject, opened, report_damage
from datalab_workspace.formats.h5.panels import find_group
from datalab_workspace.formats.h5.regions import RegionReader
from datalab_workspace.formats.raw_io import naming, open_regular
from datalab_workspace.model.array_reference import ArrayReference
from datalab_workspace.model.index_regions import Region, is_whole, region_shape
from datalab_workspace.progress import Progress
from datalab_workspace.validation import warn_caller


class _Place(NamedTuple):
    """The place of an array in one state of its file; threads replace it as a whole.

    Attributes:
        stamp: The state of the file.
        where: Path of the object's group in the file.
        offset: Position of the elements; None if HDF5 must read them.
    """

    stamp: FileStamp
    where: str
    offset: int | None


class FileArray(ArrayReference):
    """An array in a project file. The file is open only during a read.

    Reading the whole array verifies its checksum. An index reads only the region that
    it selects, and the chunks that the region touches; a part cannot be verified.

    If the file was changed, the array is searched for under the UUID of its object. It
    is the same array if it has the same checksum, for which it is read once as a whole.

    Attributes:
        path: The file.
        uuid: UUID of the object that the array belongs to.
        where: Path of the object's group in the file.
        name: Path of the dataset below that group.
        shape: Shape of the array.
        dtype: Dtype of the array.
        crc: CRC-32 of the elements in C order; None if not known yet.
        limits: Limits on how far the content of the file may expand.
        strict: A wrong checksum is an error. Otherwise another program may have changed
            the array: `read` warns and returns what the file contains.

    Args:
        offset: Position of the elements in the file; None if HDF5 must find them.
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
        strict: bool = True,
    ) -> None:
        self.path = path
        self.uuid = uuid
        self.name = name
        self.shape = shape
        self.dtype = dtype
        self.crc = crc
        self._place = _Place(stamp, where, offset)
        self.limits = limits or Limits()
        self.strict = strict

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        stamp = self._place.stamp.as_seen_here(self.path)
        self._place = self._place._replace(stamp=stamp)

    def __repr__(self) -> str:
        return f"<{self.name} of {self.where!r} in {str(self.path)!r}, not read yet>"

    @property
    def where(self) -> str:
        """Path of the object's group in the file."""
        return self._place.where

    @property
    def stamp(self) -> FileStamp:
        """The stamp that the file had when the array was found in it."""
        return self._place.stamp

    @property
    def offset(self) -> int | None:
        """Position of the elements in the file; None if HDF5 must find them."""
        return self._place.offset

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
            with self._explain_errors(), opened(self.path, self.limits) as project:
                return self._read_dataset(project, progress)

    def read_region(self, region: Region) -> np.ndarray[Any, Any]:
        """Return a part of the array; see `ArrayReference.read_region`.

        The checksum is not verified, because it belongs to the whole array.

        Raises:
            StaleFileError: The file was changed or removed, and the array is lost.
            DamagedFileError: The file is damaged.
        """
        if is_whole(region, self.shape):
            return self.read()
        part = np.zeros(region_shape(region), self.dtype)
        if not part.size:
            return part
        with Progress(f"reading {self.where!r}", part.nbytes) as progress:
            with self._file() as file:
                if file is not None:
                    return self._read_part(file, region, progress)
            with self._explain_errors(), opened(self.path, self.limits) as project:
                if project.stamp != self.stamp:
                    for _ in self._blocks_of_project(project):
                        pass  # only its checksum shows that it is the same array
                dataset, _ = self._locate(project)
                with report_damage(self.path, project):
                    read_region(dataset, region, part)
        return part

    def rows_at_once(self) -> int:
        """Return the number of rows that iterating reads at once, in whole chunks."""
        if self.offset is not None:
            return super().rows_at_once()
        with self._explain_errors(), opened(self.path, self.limits) as project:
            dataset, _ = self._locate(project)
            chunk = chunk_shape(dataset)
        if chunk is None:
            return super().rows_at_once()
        return rows_along_chunks(self.shape, self.dtype.itemsize, chunk)

    def read_from(
        self, project: OpenProject, progress: Progress
    ) -> np.ndarray[Any, Any]:
        """Return the whole array from its file, which is already open; see `read`."""
        if self.offset is None:
            return self._read_dataset(project, progress)
        return self._read_contiguous(project.raw, progress)

    def _read_contiguous(
        self, file: FileIO, progress: Progress
    ) -> np.ndarray[Any, Any]:
        assert self.offset is not None
        array = np.empty(self.shape, self.dtype)
        try:
            crc = read_into(file, self.offset, array, progress.advance)
        except EOFError as error:
            raise self._cut_off(file) from error
        self._check(crc, file, strict=self.strict)
        return array

    def _read_part(
        self, file: FileIO, region: Region, progress: Progress
    ) -> np.ndarray[Any, Any]:
        assert self.offset is not None
        reader = RegionReader(file, self.dtype, progress.advance)
        try:
            part = reader.read(self.offset, self.shape, region)
        except EOFError as error:
            raise self._cut_off(file) from error
        if FileStamp.of(file.fileno()) != self.stamp:
            raise self._stale("was changed while it was read")
        return part

    def blocks(self) -> Iterator[tuple[tuple[Any, ...], np.ndarray[Any, Any]]]:
        """Yield the index and content of each block, without reading the whole array.

        The memory of a block is used again two blocks later.

        Raises:
            WorkspaceError: As for `read`. A wrong checksum is noticed after the last
                block, and is always an error.
        """
        with self._file() as file:
            if file is None:
                with self._explain_errors(), opened(self.path, self.limits) as project:
                    yield from self._blocks_of_project(project)
                return
            assert self.offset is not None
            with Checksum(self.nbytes) as checksum:
                source = read_blocks(file, self.offset, self.shape, self.dtype)
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
            file = open_regular(self.path)
        except FileNotFoundError as error:
            raise self._stale("was removed") from error
        with naming(self.path), file:
            unchanged = FileStamp.of(file.fileno()) == self.stamp
            yield file if unchanged and self.offset is not None else None

    def _check(self, crc: int, file: FileIO, *, strict: bool = True) -> None:
        """Compare the checksum of the bytes that were read with the expected one."""
        if FileStamp.of(file.fileno()) != self.stamp:
            if crc != self.crc:
                raise self._stale("was changed while it was read")
        else:
            self._accept(crc, self._place, strict=strict)

    def _accept(self, crc: int, place: _Place, *, strict: bool = True) -> None:
        """Compare the checksum of all elements, and note where they are."""
        wrong = self.crc is not None and crc != self.crc
        if wrong and place.stamp != self.stamp:
            raise self._stale("was changed by another program")
        if wrong and self.strict:
            raise self._damaged("its checksum is wrong")
        if wrong:
            changed = (
                f"{str(self.path)!r}: {f'{self.where}/{self.name}'!r} was changed by "
                "another program, or is damaged"
            )
            if strict:
                raise DamagedFileError(
                    f"{changed}; restore the file, or get() the object to accept it"
                )
            warn_caller(f"{changed}; it is used as it is", DamagedFileWarning)
        self.crc, self._place = crc, place

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

    def _read_dataset(
        self, project: OpenProject, progress: Progress
    ) -> np.ndarray[Any, Any]:
        dataset, where = self._locate(project)
        array = np.zeros(self.shape, self.dtype)
        with Checksum(self.nbytes) as checksum:
            chunk = chunk_shape(dataset)
            for region in bands(self.shape, self.dtype.itemsize, chunk):
                band = array[region] if region else array
                with report_damage(self.path, project):
                    read_region(dataset, region, band)
                checksum.update(as_bytes(band))
                progress.advance(band.nbytes)
            crc = checksum.close()
        place = _Place(project.stamp, where, dataset.get_offset())
        self._accept(crc, place, strict=self.strict)
        return array

    def _blocks_of_project(
        self, project: OpenProject
    ) -> Iterator[tuple[tuple[Any, ...], np.ndarray[Any, Any]]]:
        dataset, where = self._locate(project)
        with Checksum(self.nbytes) as checksum:
            blocks = read_blocks_along_chunks(dataset, self.dtype)
            while True:
                with report_damage(self.path, project):
                    found = next(blocks, None)
                if found is None:
                    break
                checksum.update(as_bytes(found[1]))
                yield found
            crc = checksum.close()
        self._accept(crc, _Place(project.stamp, where, dataset.get_offset()))

    def _locate(self, project: OpenProject) -> tuple[Any, str]:
        """Return the low-level dataset, and the path of its object in the file now."""
        changed = project.stamp != self.stamp
        if changed and self.crc is None:
            raise self._stale("was changed by another program")
        where = self.where
        if changed:
            found = find_group(project, self.uuid, where)
            if found is None:
                raise self._missing("the object is missing", changed)
            where, member = found
        else:
            member = project.guard.resolve(project.root, where)
        return self._find(project, member, where, changed=changed), where

    def _find(
        self, project: OpenProject, member: Any, where: str, *, changed: bool
    ) -> Any:
        """Return the low-level dataset in the group of the object."""
        dataset = project.guard.resolve(member, self.name)
        if dataset is None:
            raise self._missing("the array is missing", changed)
        dtype = project.guard.check_dataset(dataset, f"{where}/{self.name}")
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
            if FileStamp.of(self.path) == self.stamp:
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
        if FileStamp.of(file.fileno()) == self.stamp:
            return self._damaged("the file ends before it")
        return self._stale("was truncated while it was read")

    def _damaged(self, reason: str) -> DamagedFileError:
        return DamagedFileError(
            f"{str(self.path)!r} is damaged at {self.where}/{self.name}: {reason}"
        )
