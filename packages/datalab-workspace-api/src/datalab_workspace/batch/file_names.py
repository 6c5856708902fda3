"""The names of the files of a run: its outputs, and the folder next to them."""

from __future__ import annotations

import re
from pathlib import Path

from datalab_workspace.runtime import is_installed

#: The suffix of projects that need no h5py.
ARCHIVE = ".npz"
#: The suffix of the folder of a run, after the name of its output.
_FOLDER = ".run"
#: The file that each folder of a run has.
PROPERTIES = "run.json"


def run_folder(out: Path) -> Path:
    """Return the path of the folder of the run that writes an output."""
    return out.with_name(f"{out.name}{_FOLDER}")


def output_of(folder: Path) -> Path | None:
    """Return the output of a run from its folder; None if the name is another one."""
    if folder.suffix != _FOLDER:
        return None
    return folder.with_name(folder.name.removesuffix(_FOLDER))


def project_suffix() -> str:
    """Return the suffix of projects that this environment can write."""
    return ".h5" if is_installed("h5py") else ARCHIVE


def csv_name(out: Path) -> str:
    """Return the name of the CSV file next to a summary project."""
    return f"{out.stem}.csv"


def objects_name(out: Path, number: int) -> str:
    """Return the name of a project of objects; `number` counts from 1."""
    return f"{out.stem}-objects-{number:03d}{out.suffix}"


def is_further_file(out: Path, name: str) -> bool:
    """Return whether a run may write a file of this name, in addition to `out`."""
    stem, suffix = re.escape(out.stem), re.escape(out.suffix)
    objects = re.fullmatch(rf"{stem}-objects-\d{{3,}}{suffix}", name)
    return name == csv_name(out) or objects is not None
