"""Measured files as items, in about thirty bytes each in addition to their names."""

from __future__ import annotations

import os
from array import array
from pathlib import Path

import numpy as np

from datalab_workspace.batch.items.item import MeasuredFile
from datalab_workspace.batch.items.sources.base import ItemSource, Taken
from datalab_workspace.measured_files.file_list import FileList
from datalab_workspace.measured_files.options import ReadOptions
from datalab_workspace.measured_files.paths import group_titles
from datalab_workspace.model.naming import as_name


class MeasuredFiles(ItemSource):
    """Measured files, which the workers read.

    Their state is noted when the run begins, so that a worker recognises a file that
    was changed during the run.

    Args:
        files: The files.
        options: The options with which they are read.

    Raises:
        OSError: A file cannot be examination.
    """

    def __init__(self, files: FileList, options: ReadOptions) -> None:
        self._files = files
        self._options = options
        self._sizes = array("q")
        self._times = array("q")
        for index in range(len(files)):
            status = os.stat(files.path(index))  # noqa: PTH116 - quick
            self._sizes.append(status.st_size)
            self._times.append(status.st_mtime_ns)
        self._titles = group_titles(files)

    def __len__(self) -> int:
        return len(self._files)

    def label(self, position: int, level: int) -> str | None:
        """See `ItemSource.label`.

        The levels are the stem "scan1", the name "scan1.csv", and the same with one
        folder, "monday/scan1" and "monday/scan1.csv", with two, and so on.
        """
        depth, whole = divmod(level, 2)
        name = self._files.name(position)
        if not whole:
            name = os.path.splitext(name)[0]  # noqa: PTH122 - quick
        if not depth:
            return as_name(name)
        folders = Path(self._files.folder(position)).parts
        if depth > len(folders):
            return None
        return as_name("/".join((*folders[-depth:], name)))

    def group(self, position: int) -> str | None:
        """See `ItemSource.group`; it is the folder, as `Workspace.read` names it."""
        return self._titles[Path(self._files.folder(position))]

    def fingerprint(self, position: int) -> str:
        """See `ItemSource.fingerprint`; it is the state when the run began."""
        return f"{self._sizes[position]} {self._times[position]}"

    def reads(self, path: Path) -> bool:
        """See `ItemSource.reads`."""
        status = path.stat()
        alike = np.frombuffer(self._sizes, np.int64) == status.st_size
        alike &= np.frombuffer(self._times, np.int64) == status.st_mtime_ns
        files = (
            Path(self._files.path(index)) for index in np.flatnonzero(alike).tolist()
        )
        return any(file.samefile(path) for file in files if file.exists())

    def take(self, position: int) -> Taken:
        """See `ItemSource.take`; the identity of a file is its path."""
        file = MeasuredFile(
            Path(self._files.path(position)),
            self._sizes[position],
            self._times[position],
            self._options,
        )
        identity = f"file {file.path.as_posix()}"
        return Taken(file, identity, self.fingerprint(position))
