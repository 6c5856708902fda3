"""Choose the files of an export from a path, a folder or a template."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from datalab_workspace.error_messages import list_names
from datalab_workspace.errors import ExportError
from datalab_workspace.export_formats.file_names import file_names
from datalab_workspace.export_formats.formats import check_suffix
from datalab_workspace.validation import absolute_path

_FIELD = "{name}"


@dataclass(frozen=True)
class Target:
    """A file to write, and the objects that go into it.

    Attributes:
        path: The absolute path of the file.
        names: The names of the objects.
    """

    path: Path
    names: tuple[str, ...]

    @property
    def suffix(self) -> str:
        """The suffix in lower case, with its dot."""
        return self.path.suffix.lower()


def choose_targets(
    names: Sequence[str], path: str | os.PathLike[str], file_format: str | None
) -> list[Target]:
    """Return the files to write.

    Args:
        names: The names of the objects.
        path: A file; a folder, which ends in a separator, exists, or comes with a
            format; or a template such as "out/{name}.tif".
        file_format: The suffix of files in a folder, with or without its dot.

    Raises:
        ExportError: The path has no suffix, or not that of a format.
        TypeError: The path is not a string or a Path.
        ValueError: The path is empty.
    """
    absolute = absolute_path(path)
    text = os.fspath(path)
    suffix = _suffix(file_format)
    if _FIELD in absolute.name:
        _check(absolute.suffix.lower(), suffix)
        parts = [absolute.name.replace(_FIELD, name) for name in file_names(names)]
        return _one_each(names, [absolute.with_name(part) for part in parts])
    if _is_folder(text, absolute, suffix):
        if suffix is None:
            raise ExportError(
                f"{text!r} is a folder; say in which format to export, for example "
                "format='csv'"
            )
        check_suffix(suffix)
        return _one_each(names, [absolute / (n + suffix) for n in file_names(names)])
    _check(absolute.suffix.lower(), suffix)
    return [Target(absolute, tuple(names))]


def check_paths(targets: Sequence[Target], *, overwrite: bool) -> None:
    """Raise an error if an export would replace files, or if it has no folder.

    Raises:
        FileExistsError: Some of the files exist, and `overwrite` is False.
        FileNotFoundError: The folder does not exist, and neither does its parent.
        IsADirectoryError: There is a folder in place of a file.
    """
    for target in targets:
        if target.path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "it is a folder", str(target.path))
    existing = [str(target.path) for target in targets if os.path.lexists(target.path)]
    if existing and not overwrite:
        raise FileExistsError(
            errno.EEXIST,
            "nothing was exported, because the file exists; pass overwrite=True to "
            "replace it"
            if len(existing) == 1
            else f"nothing was exported, because {len(existing)} files exist "
            f"({list_names(existing[1:], 5)} and this one); pass overwrite=True to "
            "replace them",
            existing[0],
        )
    folder = targets[0].path.parent
    if not folder.parent.is_dir():
        raise FileNotFoundError(
            errno.ENOENT, "there is no such folder", str(folder.parent)
        )


def _one_each(names: Sequence[str], paths: Sequence[Path]) -> list[Target]:
    return [Target(path, (name,)) for name, path in zip(names, paths, strict=True)]


def _is_folder(text: str, path: Path, suffix: str | None) -> bool:
    separators = tuple(filter(None, (os.sep, os.altsep)))
    return (
        text.endswith(separators)
        or path.is_dir()
        or (suffix is not None and not path.suffix)
    )


def _suffix(file_format: str | None) -> str | None:
    if file_format is None:
        return None
    if not isinstance(file_format, str):
        raise TypeError(
            f"expected a suffix such as 'csv' for format, got "
            f"{type(file_format).__name__}"
        )
    suffix = f".{file_format.lower().removeprefix('.')}"
    check_suffix(suffix)
    return suffix


def _check(suffix: str, wanted: str | None) -> None:
    if wanted is not None and suffix != wanted:
        raise ExportError(
            f"the path ends in {suffix!r}, but format={wanted!r}; leave out format"
        )
    check_suffix(suffix)
