"""Measured files as items, in about sixty bytes each."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from pathlib import Path

from datalab_workspace.batch.items import MeasuredFile
from datalab_workspace.batch.sources.base import ItemSource
from datalab_workspace.measured_files.options import ReadOptions
from datalab_workspace.measured_files.paths import FoundFile, group_titles
from datalab_workspace.model.naming import as_name


class MeasuredFiles(ItemSource):
    """Measured files, which the workers read.

    Args:
        files: The files.
        options: The options with which they are read.

    Raises:
        OSError: A file cannot be examined.
    """

    def __init__(self, files: Sequence[FoundFile], options: ReadOptions) -> None:
        self._files = files
        self._options = options
        self._sizes = array("q")
        self._times = array("q")
        for file in files:
            status = file.path.stat()
            self._sizes.append(status.st_size)
            self._times.append(status.st_mtime_ns)
        titles = group_titles(files)
        self._titles = titles if len(titles) > 1 else {}

    def __len__(self) -> int:
        return len(self._files)

    def label(self, position: int, level: int) -> str | None:
        """See `ItemSource.label`: the stem, the file name, then its folders."""
        path = self._files[position].path
        if level == 0:
            return as_name(path.stem)
        if level >= len(path.parts):
            return None
        return as_name("/".join(path.parts[-level:]))

    def group(self, position: int) -> str | None:
        """See `ItemSource.group`; there are groups if there are several folders."""
        return self._titles.get(self._files[position].path.parent)

    def identity(self, position: int) -> str:
        """See `ItemSource.identity`; it is the path."""
        return f"file {self._files[position].path.as_posix()}"

    def fingerprint(self, position: int) -> str:
        """See `ItemSource.fingerprint`; it is the state when the run began."""
        return f"{self._sizes[position]} {self._times[position]}"

    def source(self, position: int) -> MeasuredFile:
        """See `ItemSource.source`."""
        return MeasuredFile(
            Path(self._files[position].path),
            self._sizes[position],
            self._times[position],
            self._options,
        )
