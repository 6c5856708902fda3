"""The file format of DataLab projects."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from datalab_workspace.formats.base import (
    Compression,
    FileFormat,
    ReadResult,
    Verdict,
    WriteResult,
)
from datalab_workspace.formats.h5.signature import has_signature
from datalab_workspace.model.project import Project
from datalab_workspace.runtime import is_installed, require

if TYPE_CHECKING:
    from datalab_workspace.formats.atomic import FileStamp


class ProjectFormat(FileFormat):
    """A DataLab project: an HDF5 file in DataLab's own layout.

    h5py is imported when such a file is read or written.
    """

    name = "datalab-project"
    description = "DataLab project"
    suffixes = (".h5", ".hdf5")
    can_read_lazily = True
    opens_in_datalab = True

    def sniff(self, path: Path) -> bool:
        """Return True for a project, and for an HDF5 file that cannot be opened."""
        if not path.is_file() or not has_signature(path):
            return False
        if not is_installed("h5py"):
            return True  # `read` says that h5py is missing
        from datalab_workspace.formats.h5.open_file import is_other_hdf5

        return not is_other_hdf5(path)

    def read(self, path: Path, *, lazy: bool = False) -> ReadResult:
        """Read a project; see `reader.read_project`."""
        require("h5py", "a project file")
        from datalab_workspace.formats.h5.reader import read_project

        return read_project(path, lazy=lazy)

    def write(
        self,
        path: Path,
        project: Project,
        *,
        compression: Compression = None,
        expected: FileStamp | None = None,
    ) -> WriteResult:
        """Write a project; see `writer.write_project`."""
        self.check_writable()
        from datalab_workspace.formats.h5.writer import write_project

        return write_project(path, project, compression=compression, expected=expected)

    def check_writable(self) -> None:
        """Raise an error if this Python cannot write projects."""
        require("h5py", "a project file", "save to a path that ends in .npz")

    def check_readable(self, path: Path) -> None:
        """Open a project and close it again; see `open_file.opened`."""
        require("h5py", "a project file")
        from datalab_workspace.formats.h5.guard import Limits
        from datalab_workspace.formats.h5.open_file import opened

        with opened(path, Limits()):
            pass

    def verify(self, path: Path) -> Verdict:
        """Compare a project with its checksums; see `verify.verify`."""
        require("h5py", "a project file")
        from datalab_workspace.formats.h5.verify import verify

        return verify(path)
