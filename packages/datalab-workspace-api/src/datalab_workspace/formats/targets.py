"""Decide whether a save may create or replace a file.

A save replaces only files that it recognises: what another program keeps in a file, a
workspace cannot know, and must not destroy.
"""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING

from datalab_workspace.errors import DamagedFileError, NotAProjectError
from datalab_workspace.export_formats.formats import suffixes
from datalab_workspace.formats.atomic import FileStamp
from datalab_workspace.formats.base import FileFormat
from datalab_workspace.model.record import KINDS

if TYPE_CHECKING:
    from datalab_workspace.formats.registry import Registry

_TABLES = (".csv", ".tsv", ".txt", ".dat", ".asc")
_PICTURES = (".tif", ".tiff", ".png", ".jpg", ".jpeg", ".jp2", ".bmp", ".gif", ".svg")
_OTHERS = (
    *(".npy", ".mat", ".h5sig", ".h5ima", ".nxs", ".nc", ".zarr", ".parquet"),
    *(".fits", ".fit", ".dcm", ".sif", ".spe", ".xls", ".xlsx", ".ods", ".pdf"),
    *(".json", ".xml", ".yaml", ".yml", ".toml", ".html", ".md", ".rst"),
    *(".pkl", ".pickle", ".py", ".ipynb", ".zip", ".gz", ".bz2", ".xz", ".tar"),
    *(".doc", ".docx", ".ppt", ".pptx", ".odt", ".eps", ".webp", ".mp4", ".avi"),
)
#: Suffixes by which people and programs expect another format.
_OF_OTHER_FORMATS = frozenset({*_TABLES, *_PICTURES, *_OTHERS})


def check_target(
    registry: Registry,
    file_format: FileFormat,
    path: Path,
    *,
    expected: FileStamp | None,
    overwrite: bool,
) -> None:
    """Check that a save to a path destroys nothing and gives the file a fitting name.

    Args:
        registry: The known formats.
        file_format: The format in which the file will be written.
        path: The path.
        expected: The stamp of the file when the workspace loaded or saved it; None for
            a file that it does not know.
        overwrite: The user accepts that a damaged project is replaced.

    Raises:
        NotAProjectError: The existing file is not of this format, or the suffix of a
            new file is that of another format.
        DamagedFileError: The existing file is a damaged project.
        OSError: The existing file cannot be read.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        _check_suffix(file_format, path)
        return
    if not stat.S_ISREG(status.st_mode):
        return  # refused by `replacing`
    if not status.st_size:
        _check_suffix(file_format, path)
    elif expected is None or FileStamp.of(path) != expected:
        _check_content(registry, file_format, path, overwrite=overwrite)


def is_of_other_format(path: Path) -> bool:
    """Return whether people and programs expect no project under the suffix of a path.

    Args:
        path: The path. The file need not exist.
    """
    return path.suffix.lower() in _OF_OTHER_FORMATS


def _check_suffix(file_format: FileFormat, path: Path) -> None:
    name = path.name.lower()
    suffix = path.suffix.lower()
    if not is_of_other_format(path) or name.endswith(file_format.suffixes):
        return
    raise NotAProjectError(
        f"{str(path)!r} was not saved: other programs expect another format in a file "
        f"that ends in {suffix}. {_remedy(suffix, path.name)}"
    )


def _remedy(suffix: str, name: str) -> str:
    return (
        "Save the workspace to a path that ends in .h5, or export an object with "
        + _export(suffix, name)
    )


def _export(suffix: str, name: str) -> str:
    if any(suffix in suffixes(kind) for kind in KINDS):
        return f"workspace.export(name, {name!r})"
    return "workspace.export(name, path), which writes " + ", ".join(
        sorted({*suffixes("signal"), *suffixes("image")})
    )


def _check_content(
    registry: Registry, file_format: FileFormat, path: Path, *, overwrite: bool
) -> None:
    if not registry.recognises(file_format, path):
        remedy = "Save to another path, or remove the file first"
        suffix = path.suffix.lower()
        if is_of_other_format(path):
            export = _export(suffix, path.name)
            remedy = (
                f"Save to a path that ends in .h5, or export an object with {export}"
            )
        raise NotAProjectError(
            f"{_described(registry, path)}. It was not replaced. {remedy}"
        )
    if overwrite:
        return
    try:
        file_format.check_readable(path)
    except DamagedFileError as error:
        raise DamagedFileError(
            f"{error}. The file was not replaced: save to another path to keep what "
            "can be recovered from it, or pass overwrite=True"
        ) from error


def _described(registry: Registry, path: Path) -> str:
    try:
        found = registry.identify(path)
    except NotAProjectError as error:
        return str(error).partition(" (known formats:")[0]
    return f"{str(path)!r} is a {found.description}, which cannot be written here"
