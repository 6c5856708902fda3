"""The file format of datalab-kernel 0.2."""

from __future__ import annotations

from pathlib import Path

from datalab_workspace.formats.base import FileFormat, ReadResult
from datalab_workspace.formats.h5.signature import has_signature
from datalab_workspace.runtime import is_installed, require


class LegacyFormat(FileFormat):
    """A file of datalab-kernel 0.2: HDF5 in a layout that DataLab does not open."""

    name = "datalab-kernel-0.2"
    description = "file of datalab-kernel 0.2"

    def sniff(self, path: Path) -> bool:
        """Return True for an HDF5 file with the marker of datalab-kernel 0.2."""
        if not path.is_file() or not has_signature(path):
            return False
        if not is_installed("h5py"):
            return False
        from datalab_workspace.formats.legacy.reader import is_legacy

        return is_legacy(path)

    def read(self, path: Path, *, lazy: bool = False) -> ReadResult:
        """Read all objects of a file; see `reader.read_legacy`."""
        del lazy  # nothing is left in the file
        require("h5py", "a file of datalab-kernel 0.2")
        from datalab_workspace.formats.legacy.reader import read_legacy

        return ReadResult(read_legacy(path))
