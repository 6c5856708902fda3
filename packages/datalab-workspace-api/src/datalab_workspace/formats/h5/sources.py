"""Copy arrays from the files that hold them, as they are stored there."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterable
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from h5py import h5d, h5p, h5z

from datalab_workspace.formats.atomic import FileStamp
from datalab_workspace.formats.h5.contents import Filters, StoredArray
from datalab_workspace.formats.h5.lazy import FileArray
from datalab_workspace.formats.h5.open_file import OpenProject, opened, report_damage
from datalab_workspace.formats.raw_io import copy_range, open_regular
from datalab_workspace.progress import Progress

#: The layout of an array that is stored in one piece.
CONTIGUOUS = h5p.create(h5p.DATASET_CREATE)
CONTIGUOUS.set_layout(h5d.CONTIGUOUS)
# Equal projects are equal files, so HDF5 must not note the time.
CONTIGUOUS.set_obj_track_times(False)
# HDF5 allocates the space now; the elements are written later without HDF5.
CONTIGUOUS.set_alloc_time(h5d.ALLOC_TIME_EARLY)
CONTIGUOUS.set_fill_time(h5d.FILL_TIME_NEVER)


class _Chunked(NamedTuple):
    """An array in chunks; `layout` is that of its copy."""

    project: OpenProject
    dataset: Any
    layout: Any


class Sources:
    """The files from which arrays are copied, open until the context ends.

    Args:
        keep_layouts: Store each array as its file does.
    """

    def __init__(self, *, keep_layouts: bool) -> None:
        self._keep_layouts = keep_layouts
        self._stack = contextlib.ExitStack()
        self._files: dict[tuple[Path, FileStamp], FileIO | None] = {}
        self._projects: dict[tuple[Path, FileStamp], OpenProject | None] = {}
        self._chunked: dict[int, _Chunked] = {}

    def __enter__(self) -> Sources:  # noqa: PYI034 (Self is of Python 3.11)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._chunked.clear()
        self._stack.close()

    def layout(self, array: Any) -> Any:
        """Return the layout of an array in its file, to create its copy with.

        Returns:
            A dataset creation property list; None for an array that is in no file, or
            whose layout may change.
        """
        array = file_array(array)
        if array is None or not self._keep_layouts:
            return None
        if array.offset is not None:
            return CONTIGUOUS
        project = self._project(array)
        if project is None:
            return None
        with report_damage(array.path, project):
            dataset = _find(project, array)
            layout = None if dataset is None else _copied_layout(dataset)
        if layout is not None:
            self._chunked[id(array)] = _Chunked(project, dataset, layout)
        return layout

    def common_filters(self, arrays: Iterable[Any]) -> Filters:
        """Return the compression filter of the first array if all are in chunks."""
        stored = [file_array(array) for array in arrays]
        found = [array for array in stored if array is not None]
        if not found or any(array.offset is not None for array in found):
            return None
        layout = self.layout(found[0])
        return None if layout is None else _compression_filter(layout)

    def copy(
        self, array: Any, target: FileIO, offset: int, progress: Progress
    ) -> int | None:
        """Copy the elements of an array that its file stores in one piece.

        They are not compared with their checksum, which the new file has as well.

        Args:
            array: The array to copy.
            target: The new file.
            offset: Position of the elements in the new file.
            progress: Is advanced by the bytes copied.

        Returns:
            The checksum of the array; None if it must be read and written instead.
        """
        array = file_array(array)
        if array is None or array.crc is None or array.offset is None:
            return None
        if not array.strict:
            return None  # another program may have changed the elements
        file = self._file(array)
        if file is None:
            return None
        try:
            copy_range(
                file, array.offset, target, offset, array.nbytes, progress.advance
            )
        except EOFError:
            return None
        unchanged = FileStamp.of(file.fileno()) == array.stamp
        return array.crc if unchanged else None

    def copy_chunks(self, array: Any, dataset: Any, progress: Progress) -> int | None:
        """Copy the chunks of an array without decompressing them.

        Args:
            array: The array to copy.
            dataset: The new low-level dataset, created with the `layout` of the array.
            progress: Is advanced by the size of the array.

        Returns:
            The checksum of the array; None if it must be read and written instead.
        """
        array = file_array(array)
        chunked = self._chunked.get(id(array))
        if array is None or chunked is None:
            return None
        source, limit = chunked.dataset, chunked.project.stamp.size
        with report_damage(array.path, chunked.project):
            shape = source.get_create_plist().get_chunk()
            offsets = _chunk_offsets(source, limit)
        whole = math.prod(
            -(-side // part) for side, part in zip(array.shape, shape, strict=True)
        )
        if shape != dataset.get_create_plist().get_chunk() or len(offsets) != whole:
            return None
        crc: int = array.ensure_checksum()
        for offset in offsets:
            with report_damage(array.path, chunked.project):
                mask, content = source.read_direct_chunk(offset)
            dataset.write_direct_chunk(offset, content, mask)
        progress.advance(array.nbytes)
        return crc

    def _file(self, array: FileArray) -> FileIO | None:
        """Return the file of an array; None if it was changed or removed."""
        key = array.path, array.stamp
        if key not in self._files:
            self._files[key] = None
            with contextlib.suppress(FileNotFoundError):
                file = self._stack.enter_context(open_regular(array.path))
                if FileStamp.of(file.fileno()) == array.stamp:
                    self._files[key] = file
        return self._files[key]

    def _project(self, array: FileArray) -> OpenProject | None:
        """Return the project file of an array; None if it was changed or removed."""
        key = array.path, array.stamp
        if key not in self._projects:
            self._projects[key] = None
            if self._file(array) is not None:
                context = opened(array.path, array.limits)
                project = context.__enter__()
                # It gets no errors: it would report any of them as a damaged file.
                self._stack.callback(context.__exit__, None, None, None)
                if project.stamp == array.stamp:
                    self._projects[key] = project
        return self._projects[key]


def file_array(array: Any) -> FileArray | None:
    """Return the array in a file that `array` stands for, or None."""
    if isinstance(array, StoredArray):
        return array.stored
    return array if isinstance(array, FileArray) else None


def _compression_filter(layout: Any) -> Filters:
    for number in range(layout.get_nfilters()):
        code, _, values, _ = layout.get_filter(number)
        if code == h5z.FILTER_DEFLATE:
            return "gzip", values[0]
        if code == h5z.FILTER_LZF:
            return "lzf", 0
    return None


def _find(project: OpenProject, array: FileArray) -> Any:
    """Return the low-level dataset of an array if it is there and in chunks."""
    guard = project.guard
    member = guard.resolve(project.root, array.where)
    dataset = None if member is None else guard.resolve(member, array.name)
    if dataset is None or not isinstance(dataset, h5d.DatasetID):
        return None
    dtype = guard.check_dataset(dataset, f"{array.where}/{array.name}")
    same = dtype == array.dtype and dataset.shape == array.shape
    chunked = dataset.get_create_plist().get_layout() == h5d.CHUNKED
    return dataset if same and chunked and math.prod(array.shape) else None


def _copied_layout(dataset: Any) -> Any:
    """Return a new property list with the chunks and filters of a dataset."""
    known = dataset.get_create_plist()
    layout = h5p.create(h5p.DATASET_CREATE)
    layout.set_chunk(tuple(map(min, known.get_chunk(), dataset.shape)))
    layout.set_fill_time(h5d.FILL_TIME_NEVER)
    layout.set_obj_track_times(False)
    for number in range(known.get_nfilters()):
        code, flags, values, _ = known.get_filter(number)
        if code == h5z.FILTER_SHUFFLE:
            layout.set_shuffle()  # its parameter is the size of an element
        elif code == h5z.FILTER_FLETCHER32:
            layout.set_fletcher32()
        elif code == h5z.FILTER_DEFLATE:
            layout.set_deflate(min(values[0], 9))
        else:
            layout.set_filter(code, flags)
    return layout


def _chunk_offsets(dataset: Any, limit: int) -> list[tuple[int, ...]]:
    """Return the position of every chunk that is stored.

    Raises:
        ValueError: A chunk is larger than the file.
    """
    offsets = []
    for number in range(dataset.get_num_chunks()):
        info = dataset.get_chunk_info(number)
        if info.size > limit:
            raise ValueError("a chunk is larger than the file")
        offsets.append(info.chunk_offset)
    return offsets
