"""Find the files that a path, a pattern or a folder stands for."""

from __future__ import annotations

import glob
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import translate
from pathlib import Path
from typing import Any, TypeAlias

from datalab_workspace.measured_files.file_list import FileList
from datalab_workspace.validation import absolute_path

#: One path, or several: lists may hold lists.
Paths: TypeAlias = "str | os.PathLike[str] | Iterable[Paths]"

_DIGITS = re.compile(r"\d+")


@dataclass
class Search:
    """The files that paths stand for, each one once.

    Attributes:
        files: The files, in the order in which they are read.
        missing: Why a path stands for no file, by path.
    """

    files: FileList = field(default_factory=FileList)
    missing: dict[str, OSError] = field(default_factory=dict)


def search(paths: Paths) -> Search:
    """Return the files that paths stand for.

    The files of a pattern and of a folder are sorted as a person sorts them: "run2"
    comes before "run10". A folder stands for its files and those of its subfolders,
    without hidden ones.

    Args:
        paths: A path, a pattern such as ``"~/data/**/*.tif"``, a folder, or several of
            these. ``~`` is expanded.

    Raises:
        TypeError: Something else than a path is among them.
    """
    result = Search()
    for path in flat(paths):
        problem = _look(absolute_path(path), result.files)
        if problem is not None:
            result.missing[path] = problem
    result.files = result.files.without_repeated()
    return result


def _look(path: Path, files: FileList) -> OSError | None:
    before = len(files)
    if path.is_dir():
        _add_files_of(path, files)
        reason = f"the folder {str(path)!r} has no files"
    # A file whose name looks like a pattern is read as a file.
    elif path.exists():
        files.append(path.name, str(path.parent), path.parent, named=True)
    elif glob.has_magic(str(path)):
        _add_matches(path, files)
        reason = f"no file matches {str(path)!r}"
    else:
        reason = f"there is no file {str(path)!r}"
    return FileNotFoundError(reason) if len(files) == before else None


def flat(paths: Any) -> Iterator[str]:
    """Yield each path of `paths`, which may hold lists of paths.

    Raises:
        TypeError: Something else than a path is among them.
    """
    if isinstance(paths, str | os.PathLike):
        text = os.fspath(paths)
        if isinstance(text, str):
            if not text:
                raise ValueError("the path is empty")
            yield text
            return
    elif isinstance(paths, Iterable) and not isinstance(paths, bytes):
        for path in paths:
            yield from flat(path)
        return
    raise TypeError(f"expected a path or several, got {type(paths).__name__}")


def _add_files_of(folder: Path, files: FileList) -> None:
    for parent, subfolders, names in os.walk(folder):
        subfolders[:] = _sorted(n for n in subfolders if not n.startswith("."))
        for name in _sorted(n for n in names if not n.startswith(".")):
            files.append(name, parent, folder, named=False)


def _add_matches(pattern: Path, files: FileList) -> None:
    parts = pattern.parts
    first = next(i for i, part in enumerate(parts) if glob.has_magic(part))
    root = Path(*parts[:first])
    last = "*" if parts[-1] == "**" else parts[-1]
    # A slash at the end lets only folders match.
    folders = os.path.join(*parts[: len(parts) - (parts[-1] != "**")], "")  # noqa: PTH118 - Path drops the slash
    matches = FileList()
    for folder in sorted(set(glob.glob(folders, recursive=True))):  # noqa: PTH207 - Path.glob takes no absolute pattern
        for name in _names_in(folder, last):
            matches.append(name, folder.rstrip(os.sep) or os.sep, root, named=True)
    files.extend(_in_natural_order(matches))


def _names_in(folder: str, pattern: str) -> list[str]:
    """Return the names of the files of a folder that match a pattern."""
    if not glob.has_magic(pattern):
        return [pattern] if Path(folder, pattern).is_file() else []
    matches = re.compile(translate(os.path.normcase(pattern))).match
    try:
        with os.scandir(folder) as entries:
            names = [
                entry.name
                for entry in entries
                if matches(os.path.normcase(entry.name))
                and (pattern.startswith(".") or not entry.name.startswith("."))
                and entry.is_file()
            ]
    except OSError:  # as of `glob`: the pattern stands for what can be seen
        return []
    return _sorted(names)


def _in_natural_order(files: FileList) -> FileList:
    """Return files that are sorted within each folder in the order of their paths."""
    keys = {folder: natural(os.path.join(folder, "")) for folder in files.folders()}  # noqa: PTH118 - Path drops the slash
    if len(keys) < 2:
        return files
    return files.take(
        sorted(
            range(len(files)),
            key=lambda i: keys[files.folder(i)] + natural(files.name(i)),
        )
    )


def _sorted(names: Iterable[str]) -> list[str]:
    """Return names in natural order; that of "run1" and "run01" is always the same."""
    ordered = sorted(names)
    ordered.sort(key=natural)
    return ordered


def natural(text: str) -> str:
    """Return a key that sorts "run2" before "run10", and "Run3" between them.

    A number becomes NUL, the count of its digits and the digits: it precedes every
    other character, and a longer number follows a shorter one.
    """
    return _DIGITS.sub(_number, text.casefold())


def _number(match: re.Match[str]) -> str:
    digits = str(int(match[0]))
    return f"\0{chr(len(digits))}{digits}"


def group_titles(files: FileList) -> dict[Path, str]:
    """Return the title of the group for each folder that has files.

    It is the folder's path below the one that was searched, as DataLab's "Open from
    directory" gives it, or the folder's name. Folders that would get the same title
    get more of their paths.
    """
    titles = {
        Path(folder): _below(Path(folder), root)
        for folder, root in files.folders().items()
    }
    for length in range(2, 100):
        several = _duplicates(titles.values())
        if not several:
            break
        for folder, title in titles.items():
            if title in several:
                titles[folder] = "/".join(folder.parts[-length:])
    return titles


def _below(folder: Path, root: Path) -> str:
    if folder == root or root not in folder.parents:
        return folder.name or str(folder)
    return folder.relative_to(root).as_posix()


def _duplicates(titles: Iterable[str]) -> set[str]:
    return {title for title, count in Counter(titles).items() if count > 1}
