"""Choose the files of a search that are read."""

from __future__ import annotations

from dataclasses import dataclass

from datalab_workspace.error_messages import list_names
from datalab_workspace.measured_files import formats
from datalab_workspace.measured_files.file_list import FileList, FoundFile
from datalab_workspace.measured_files.options import ReadOptions, check_use


@dataclass(frozen=True)
class Selection:
    """The files of a search, by whether they are read.

    Attributes:
        files: The files to read: those that the caller named, and of a folder those
            that some reader takes.
        refused: Files of a folder that are measured files, but that no reader takes.
        suffixes: The suffixes of `files`, in lower case.
    """

    files: FileList
    refused: list[FoundFile]
    suffixes: frozenset[str]


def select(found: FileList, options: ReadOptions) -> Selection:
    """Return the files to read.

    Raises:
        FileNotFoundError: A folder has none.
        ValueError: An option concerns none of the files.
    """
    readable: dict[str, bool] = {}
    chosen: list[int] = []
    refused: list[FoundFile] = []
    suffixes: set[str] = set()
    for index in range(len(found)):
        suffix = found.suffix(index)
        if suffix not in readable:
            readable[suffix] = formats.is_readable(suffix, options)
        if found.named(index) or readable[suffix]:
            chosen.append(index)
            suffixes.add(suffix)
        elif formats.is_measured(suffix):
            refused.append(found[index])
    if len(found) and not chosen and not refused:
        names = [file.path.name for file in found[:6]]
        raise FileNotFoundError(
            f"{str(found[0].root)!r} has no file that can be read: it has "
            f"{list_names(names, 5)}"
        )
    if chosen:
        tables = formats.TABLES | formats.MORE_TABLES
        check_use(options, tables=bool(suffixes & tables), raw=".raw" in suffixes)
    files = found if len(chosen) == len(found) else found.take(chosen)
    return Selection(files, refused, frozenset(suffixes))
