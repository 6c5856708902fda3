"""Write a .npz project, all or nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from datalab_workspace._version import __version__
from datalab_workspace.encoding import record_json
from datalab_workspace.encoding.npy import to_npy
from datalab_workspace.encoding.typed_json import PutArray
from datalab_workspace.encoding.zip_archive import ArchiveWriter, Buffer
from datalab_workspace.formats.atomic import FileStamp, Replacement, replacing
from datalab_workspace.formats.base import Compression, WriteResult
from datalab_workspace.formats.npz import layout
from datalab_workspace.history.storage.writer import HistoryWriter
from datalab_workspace.model.project import Project
from datalab_workspace.model.record import PendingRecord, Record
from datalab_workspace.progress import Progress

_DEFAULT_LEVEL = 1
_BLOCK = 1 << 22
#: Kinds of dtypes that are stored as arrays; others become part of the JSON.
_NUMBERS = "biufc"


def write_project(
    path: Path,
    project: Project,
    *,
    compression: Compression = None,
    expected: FileStamp | None = None,
) -> WriteResult:
    """Write a project to an archive. An existing file is replaced.

    Args:
        path: The file.
        project: The project to write. Unread arrays are read one after the other.
        compression: None, "gzip", or ("gzip", level) with a level from 0 to 9.
        expected: The stamp that an existing file must have; None for any.

    Returns:
        The stamp of the new file.

    Raises:
        UnsupportedMetadataError: Metadata of an object cannot be kept.
        StaleFileError: An array that has not been read yet is missing from its file.
        FileChangedError: The stamp of the existing file is not `expected`.
        ValueError: `compression` has another value.
        OSError: The file cannot be written; see `replacing`. After any error the old
            file is unchanged.
    """
    level = _level(compression)
    size = sum(map(_size, project.items()))
    with (
        replacing(path, expected=expected, size=size if level is None else 0) as new,
        Progress(f"saving {path.name!r}", size) as progress,
        ArchiveWriter(_Output(new), level) as archive,
    ):
        _Writer(archive, progress, project.history).write(project)
    return WriteResult(new.stamp)


def _level(compression: Compression) -> int | None:
    if compression in (None, "none"):
        return None
    name, level = (
        compression
        if isinstance(compression, tuple) and len(compression) == 2
        else (compression, _DEFAULT_LEVEL)
    )
    if name != "gzip" or level not in range(10):
        raise ValueError(
            f'compression is {compression!r}; a .npz project takes None, "gzip" or '
            '("gzip", 0 … 9)'
        )
    return int(level)


def _size(item: Record | PendingRecord) -> int:
    if isinstance(item, Record):
        return item.nbytes
    count = int(np.prod(item.shape)) * (2 if item.kind == "signal" else 1)
    return count * (0 if item.dtype is None else item.dtype.itemsize)


class _Output:
    """The new file, which writes everything that it is given."""

    def __init__(self, new: Replacement) -> None:
        self._new = new
        self.seekable = new.file.seekable
        self.tell = new.file.tell
        self.seek = new.file.seek
        self.write = new.write


class _Writer:
    """A writer of the members of one archive."""

    def __init__(
        self, archive: ArchiveWriter, progress: Progress, history: HistoryWriter | None
    ) -> None:
        self._archive = archive
        self._history = history or HistoryWriter(None)
        self._progress = progress
        self._names: set[str] = set()

    def write(self, project: Project) -> None:
        """Write the arrays, then the JSON that refers to them."""
        self._archive.add(layout.MARKER, [layout.MARKER_CONTENT])
        numbers = dict.fromkeys(layout.LETTERS, 0)
        groups = []
        for group in project.groups:
            objects = []
            for item in group.items:
                numbers[group.kind] += 1
                folder = f"{layout.LETTERS[group.kind]}{numbers[group.kind]:03}"
                record = item.resolve() if isinstance(item, PendingRecord) else item
                objects.append(self._object(record, folder))
            groups.append(
                {"kind": group.kind, "title": group.title, "objects": objects}
            )
        content = {
            "version": layout.VERSION,
            "writer": f"datalab-workspace-api {__version__}",
            "groups": groups,
            "foreign": list(self._foreign(project)),
            "notebooks": list(self._notebooks(project)),
        }
        text = json.dumps(content, separators=(",", ":")).encode()
        self._archive.add(layout.PROJECT, [text])

    def _object(self, record: Record, folder: str) -> dict[str, Any]:
        return record_json.encode(
            record,
            lambda part: self._put_array(f"{folder}/{part}"),
            arrays=record.arrays,
            history=self._history,
        )

    def _put_array(self, stem: str) -> PutArray:
        def put(array: np.ndarray[Any, Any]) -> str | None:
            if array.dtype.kind not in _NUMBERS:
                return None
            name = self._free(stem)
            self._archive.add(f"{name}.npy", list(_pieces(to_npy(array))))
            self._progress.advance(array.nbytes)
            return name

        return put

    def _free(self, stem: str) -> str:
        name, number = stem, 1
        while name in self._names:
            number += 1
            name = f"{stem}-{number}"
        self._names.add(name)
        return name

    def _foreign(self, project: Project) -> Iterator[str]:
        for number, content in enumerate(project.foreign, 1):
            name = f"foreign/{number}.h5"
            self._archive.add(name, [content])
            yield name

    def _notebooks(self, project: Project) -> Iterator[dict[str, Any]]:
        for number, notebook in enumerate(project.notebooks, 1):
            name = f"notebooks/{number}.ipynb"
            self._archive.add(name, [notebook.content.encode()])
            extra = dict(notebook.extra)
            yield {"title": notebook.title, "content": name, "extra": extra}


def _pieces(parts: list[Buffer]) -> Iterator[Buffer]:
    """Yield buffers in pieces that do not keep an interrupt waiting for long."""
    for part in parts:
        view = memoryview(part)
        for start in range(0, len(view), _BLOCK):
            yield view[start : start + _BLOCK]
