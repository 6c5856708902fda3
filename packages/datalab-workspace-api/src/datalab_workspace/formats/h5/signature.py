"""The signature that makes a file an HDF5 file, found without h5py."""

from __future__ import annotations

from pathlib import Path

from datalab_workspace.formats.raw_io import naming

SIGNATURE = b"\x89HDF\r\n\x1a\n"
_FIRST_OFFSET = 512


def has_signature(path: Path) -> bool:
    """Return True if a file looks like HDF5, even if it was truncated.

    The signature is at the beginning, or behind a user block, whose size is 512 bytes
    or that times a power of two (HDF5 File Format Specification 3.0, section II.A).

    Raises:
        OSError: The file cannot be opened.
    """
    with naming(path), path.open("rb") as file:
        begin = file.read(len(SIGNATURE))
        if begin and SIGNATURE.startswith(begin):
            return True
        offset = _FIRST_OFFSET
        while begin:
            file.seek(offset)
            begin = file.read(len(SIGNATURE))
            if begin == SIGNATURE:
                return True
            offset *= 2
    return False
