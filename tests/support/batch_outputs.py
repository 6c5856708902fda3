"""The files that a run writes, to be compared with those of another run."""

from __future__ import annotations

import hashlib
from pathlib import Path

import datalab_workspace as dlw


def digests(folder: Path) -> dict[str, str]:
    """Return the digest of each file that runs wrote to a folder, by name."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
        if path.is_file()
    }


def titles(folder: Path) -> list[str]:
    """Return the names of all objects in the projects of a folder."""
    projects = sorted(folder.glob("*.h5"))
    return [name for project in projects for name in dlw.open(project).list()]
