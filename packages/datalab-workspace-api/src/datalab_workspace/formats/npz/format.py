"""The file format of .npz projects."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from datalab_workspace.formats.base import (
    Compression,
    FileFormat,
    ReadResult,
    Verdict,
    WriteResult,
)
from datalab_workspace.formats.npz.layout import MARKER
from datalab_workspace.formats.raw_io import naming
from datalab_workspace.model.project import Project

if TYPE_CHECKING:
    from datalab_workspace.formats.atomic import FileStamp

_SIGNATURE = b"PK\x03\x04"
_NAME_OFFSET = 30


class NpzFormat(FileFormat):
    """A project in a .npz archive, which needs no h5py and which DataLab cannot open.

    It holds everything that a DataLab project holds.
    """

    name = "datalab-workspace-npz"
    description = "project in a .npz archive"
    suffixes = (".npz",)

    def sniff(self, path: Path) -> bool:
        """Return True for such an archive, also for one that is truncated."""
        if not path.is_file():
            return False
        with naming(path), path.open("rb") as file:
            begin = file.read(_NAME_OFFSET + len(MARKER))
            if not begin.startswith(_SIGNATURE):
                return False
            if begin[_NAME_OFFSET:] == MARKER.encode():
                return True
            try:  # another program may have put the members in another order
                return MARKER in zipfile.ZipFile(file).namelist()
            except (zipfile.BadZipFile, ValueError, NotImplementedError):
                return False

    def read(self, path: Path, *, lazy: bool = False) -> ReadResult:
        """Read a project; see `reader.read_project`."""
        del lazy  # nothing is left in the file
        from datalab_workspace.formats.npz.reader import read_project

        return read_project(path)

    def write(
        self,
        path: Path,
        project: Project,
        *,
        compression: Compression = None,
        expected: FileStamp | None = None,
    ) -> WriteResult:
        """Write a project; see `writer.write_project`."""
        from datalab_workspace.formats.npz.writer import write_project

        return write_project(path, project, compression=compression, expected=expected)

    def check_readable(self, path: Path) -> None:
        """Read the directory of the archive; see `reader.opened`."""
        from datalab_workspace.formats.npz.reader import opened

        with opened(path):
            pass

    def verify(self, path: Path) -> Verdict:
        """Read a whole project, which compares all checksums of the archive."""
        from datalab_workspace.formats.npz.reader import verify

        return verify(path)
