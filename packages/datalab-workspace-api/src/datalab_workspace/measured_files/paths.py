"""Find the files that a path, a pattern or a folder stands for."""

from __future__ import annotations

import glob
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from datalab_workspace.validation import absolute_path

#: One path, or several: lists may hold lists.
Paths: TypeAlias = "str | os.PathLike[str] | Iterable[Paths]"

_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True)
class FoundFile:
    """A file to read.

    Attributes:
        path: Its absolute path.
        root: The folder that was searched; the file's own folder if it was named.
        named: Whether the caller named it, rather than a folder that holds it.
    """

    path: Path
    root: Path
    named: bool


@dataclass
class Search:
    """The files that paths stand for, each one once.

    Attributes:
        files: The files, in the order in which they are read.
        missing: Why a path stands for no file, by path.
    """

    files: list[FoundFile] = field(default_factory=list)
    missing: dict[str, OSError] = field(default_factory=dict)

    def add(self, found: Iterable[FoundFile]) -> bool:
        """Append files, and return False if there are none."""
        some = False
        present = {file.path for file in self.files}
        for file in found:
            some = True
            if file.path not in present:
                present.add(file.path)
                self.files.append(file)
        return some


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
        problem = _look(absolute_path(path), result)
        if problem is not None:
            result.missing[path] = problem
    return result


def _look(path: Path, result: Search) -> OSError | None:
    if path.is_dir():
        if not result.add(_files_of(path)):
            return FileNotFoundError(f"the folder {str(path)!r} has no files")
        return None
    # A file whose name looks like a pattern is read as a file.
    if path.exists():
        result.add([FoundFile(path, path.parent, named=True)])
        return None
    if not glob.has_magic(str(path)):
        return FileNotFoundError(f"there is no file {str(path)!r}")
    if not result.add(_matches(path)):
        return FileNotFoundError(f"no file matches {str(path)!r}")
    return None


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


def _files_of(folder: Path) -> Iterator[FoundFile]:
    for parent, subfolders, names in os.walk(folder):
        subfolders[:] = sorted(
            (name for name in subfolders if not name.startswith(".")), key=natural
        )
        for name in sorted(names, key=natural):
            if not name.startswith("."):
                yield FoundFile(Path(parent, name), folder, named=False)


def _matches(pattern: Path) -> Iterator[FoundFile]:
    parts = pattern.parts
    first = next(i for i, part in enumerate(parts) if glob.has_magic(part))
    root = Path(*parts[:first])
    for match in sorted(glob.glob(str(pattern), recursive=True), key=natural):  # noqa: PTH207 - Path.glob takes no absolute pattern
        if Path(match).is_file():
            yield FoundFile(Path(match), root, named=True)


def natural(text: str) -> list[tuple[int, int, str]]:
    """Return a key that sorts "run2" before "run10", and "Run3" between them."""
    return [
        (0, int(part), "") if part.isdecimal() else (1, 0, part.casefold())
        for part in _DIGITS.split(text)
        if part
    ]


def group_titles(files: Iterable[FoundFile]) -> dict[Path, str]:
    """Return the title of the group for each folder that has files.

    It is the folder's path below the one that was searched, as DataLab's "Open from
    directory" gives it, or the folder's name. Folders that would get the same title
    get more of their paths.
    """
    titles = {file.path.parent: _below(file.path.parent, file.root) for file in files}
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
