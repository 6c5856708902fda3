"""Project files as other programs leave them."""

from __future__ import annotations

from pathlib import Path

import h5py

MANIFEST = "datalab_workspace"


def drop_manifest(path: Path) -> Path:
    """Drop what DataLab drops when it saves: the manifest and its mark."""
    with h5py.File(path, "r+") as file:
        del file[MANIFEST]
        del file.attrs[MANIFEST]
    return path
