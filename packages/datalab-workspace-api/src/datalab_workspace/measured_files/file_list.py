"""A list of files that may be very long."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, SupportsIndex, overload

from datalab_workspace.model.repeated_strings import repeated


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


class _Folder(NamedTuple):
    """A folder that has files of the list.

    Attributes:
        path: The path of the folder.
        root: See `FoundFile`.
        named: See `FoundFile`.
    """

    path: str
    root: Path
    named: bool


class FileList(Sequence[FoundFile]):
    """Files, each of which needs twelve bytes in addition to its name."""

    def __init__(self) -> None:
        self._folders: list[_Folder] = []
        self._numbers: dict[_Folder, int] = {}
        self._folder_of = array("I")
        self._names = bytearray()
        self._ends = array("Q")

    def append(self, name: str, folder: str, root: Path, *, named: bool) -> None:
        """Append the file `name` of a folder; see `FoundFile`."""
        self._folder_of.append(self._number(_Folder(folder, root, named)))
        self._names += os.fsencode(name)
        self._ends.append(len(self._names))

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, index: SupportsIndex) -> FoundFile: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[FoundFile]: ...
    def __getitem__(
        self, index: SupportsIndex | slice
    ) -> FoundFile | Sequence[FoundFile]:
        if isinstance(index, slice):
            return self.take(range(len(self))[index])
        number = range(len(self))[index]
        folder = self._folders[self._folder_of[number]]
        return FoundFile(Path(self.path(number)), folder.root, folder.named)

    def name(self, index: int) -> str:
        """Return the name of a file, without folders."""
        begin = self._ends[index - 1] if index else 0
        return os.fsdecode(bytes(self._names[begin : self._ends[index]]))

    def folder(self, index: int) -> str:
        """Return the path of the folder of a file."""
        return self._folders[self._folder_of[index]].path

    def named(self, index: int) -> bool:
        """Return whether the caller named a file; see `FoundFile`."""
        return self._folders[self._folder_of[index]].named

    def path(self, index: int) -> str:
        """Return the path of a file."""
        return os.path.join(self.folder(index), self.name(index))  # noqa: PTH118 - quick

    def suffix(self, index: int) -> str:
        """Return the suffix of a file in lower case, such as ".csv"."""
        return os.path.splitext(self.name(index))[1].lower()  # noqa: PTH122 - quick

    def folders(self) -> dict[str, Path]:
        """Return the folder that was searched for each folder that has files."""
        return {folder.path: folder.root for folder in self._folders}

    def take(self, indices: Iterable[int]) -> FileList:
        """Return a list of some of the files, in the given order."""
        taken = FileList()
        for index in indices:
            folder = self._folders[self._folder_of[index]]
            taken.append(self.name(index), folder.path, folder.root, named=folder.named)
        return taken

    def extend(self, files: FileList) -> None:
        """Append the files of another list."""
        numbers = [self._number(folder) for folder in files._folders]
        self._folder_of.extend(map(numbers.__getitem__, files._folder_of))
        begin = len(self._names)
        self._names += files._names
        self._ends.extend(begin + end for end in files._ends)

    def without_repeated(self) -> FileList:
        """Return the list without the files that are already in it."""
        again = repeated(len(self), self.path)
        if not again:
            return self
        seen: set[str] = set()
        left_out: set[int] = set()
        for index in again:
            path = self.path(index)
            if path in seen:
                left_out.add(index)
            seen.add(path)
        return self.take(i for i in range(len(self)) if i not in left_out)

    def _number(self, folder: _Folder) -> int:
        number = self._numbers.get(folder)
        if number is None:
            number = self._numbers[folder] = len(self._folders)
            self._folders.append(folder)
        return number
