"""The registry of file formats: built-in ones, registered ones and entry points.

An installed package adds a format by an entry point of the group `GROUP` whose object
is a subclass of `FileFormat`. Entry points are loaded when they are first needed: to
list all formats, to read a file that no built-in format recognises, or to save to a
suffix that no built-in format has. So a package that is broken cannot keep anybody from
their DataLab projects.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from datalab_workspace.errors import NotAProjectError
from datalab_workspace.forks import follow_forks, usable
from datalab_workspace.formats.base import (
    Compression,
    FileFormat,
    ReadResult,
    WriteResult,
    check_contents,
)
from datalab_workspace.formats.h5.format import ProjectFormat
from datalab_workspace.formats.legacy.format import LegacyFormat
from datalab_workspace.formats.npz.format import NpzFormat
from datalab_workspace.formats.raw_io import check_regular
from datalab_workspace.formats.targets import check_target
from datalab_workspace.model.project import Project
from datalab_workspace.validation import warn_caller

if TYPE_CHECKING:
    from datalab_workspace.formats.atomic import FileStamp

#: The group of the entry points.
GROUP = "datalab_workspace.formats"

_FormatClass = TypeVar("_FormatClass", bound=type[FileFormat])


class Registry:
    """File formats in the order in which they are asked whether a file is theirs.

    Built-in formats come first, then those that were passed to `register`, then those
    of entry points in alphabetical order.
    """

    def __init__(self) -> None:
        self._project = ProjectFormat()
        self._built_in: tuple[FileFormat, ...] = (
            self._project,
            LegacyFormat(),
            NpzFormat(),
        )
        self._registered: list[FileFormat] = []
        self._installed: list[FileFormat] | None = None
        self._reported: set[str] = set()
        # Reentrant: a package may call `register` while its entry point is loaded.
        self._lock = threading.RLock()
        follow_forks(self)

    def after_fork(self) -> None:
        """Release the lock in a forked child if a thread of the parent holds it."""
        self._lock = usable(self._lock, threading.RLock)

    def register(self, file_format: _FormatClass) -> _FormatClass:
        """Add a file format for this process. Can be used as a class decorator.

        A package that is installed declares an entry point instead. Registering the
        same class twice has no effect; a new class of the same module and name
        replaces the old one, so that a notebook cell can be run again.

        Args:
            file_format: A subclass of `FileFormat`.

        Returns:
            The class.

        Raises:
            TypeError: It is not a complete subclass of `FileFormat`.
            ValueError: Its name or one of its suffixes is malformed, or another format
                has the name.

        Example:
            >>> from datalab_workspace.formats import formats, register
            >>> format_class = type(formats()[0])
            >>> register(format_class) is format_class
            True
        """
        made = _make(file_format)
        with self._lock:
            kept = [one for one in self._registered if not _is_same(one, made)]
            if _is_new(made, [*self._built_in, *kept, *(self._installed or ())]):
                self._registered = [*kept, made]
        return file_format

    def formats(self) -> tuple[FileFormat, ...]:
        """Return every available file format, in order of precedence.

        Example:
            >>> from datalab_workspace.formats import formats
            >>> formats()[0].description
            'DataLab project'
        """
        return tuple(self._all())

    def identify(self, path: Path) -> FileFormat:
        """Return the format of a file, judging by its content.

        Args:
            path: The file or folder.

        Raises:
            NotAProjectError: No format recognises the file.
            OSError: There is no such file, or it cannot be opened.
        """
        if not path.is_dir():
            check_regular(path)
        for file_format in self._all():
            if self.recognises(file_format, path):
                return file_format
        # The error of the project format says what the file is instead.
        try:
            self._project.read(path, lazy=True)
        except NotAProjectError as error:
            known = ", ".join(one.description for one in self._all())
            raise NotAProjectError(
                f"{error}; workspace.read(path) reads measured files (known formats: "
                f"{known})"
            ) from None
        return self._project

    def format_for(self, path: Path) -> FileFormat:
        """Return the format in which a workspace is saved to a path.

        That is the format that claims the suffix. A path whose suffix no format claims
        becomes a DataLab project, and a DataLab project stays one under any suffix.
        """
        name = path.name.lower()
        if name.endswith(self._project.suffixes) or not path.suffix:
            return self._project
        if path.is_file() and self._project.sniff(path):
            return self._project
        for file_format in self._all():
            if file_format.can_write and name.endswith(file_format.suffixes):
                return file_format
        return self._project

    def read(self, path: Path, *, lazy: bool = False) -> ReadResult:
        """Read a file of any known format; see `FileFormat.read`.

        Returns:
            The content of the file. The stamp is None if the path would be written in
            another format than it was read in.
        """
        file_format = self.identify(path)
        lazy = lazy and file_format.can_read_lazily
        result = file_format.read(path, lazy=lazy)
        if result.stamp is None or file_format is self._project:
            return result
        if self.format_for(path) is not file_format:
            return ReadResult(result.project)
        return result

    def write(
        self,
        path: Path,
        project: Project,
        *,
        compression: Compression = None,
        expected: FileStamp | None = None,
        overwrite: bool = False,
    ) -> WriteResult:
        """Write a file in the format that fits its path; see `FileFormat.write`.

        Args:
            path: The file.
            project: The project to write.
            compression: The value that the user passed to `Workspace.save`.
            expected: The stamp that an existing file must have; None for any.
            overwrite: The user accepts that a damaged project is replaced.

        Raises:
            NotAProjectError: The file exists and is not one of this format, or the
                suffix of a new file is that of another format.
        """
        file_format = self.format_to_write(path, expected=expected, overwrite=overwrite)
        check_contents(file_format, project)
        return file_format.write(
            path, project, compression=compression, expected=expected
        )

    def format_to_write(
        self, path: Path, *, expected: FileStamp | None, overwrite: bool = False
    ) -> FileFormat:
        """Return the format in which `write` writes a file that it does not refuse.

        Args:
            path: The file.
            expected: See `write`.
            overwrite: See `write`.

        Raises:
            NotAProjectError: See `write`.
            ModuleNotFoundError: The format needs a package that is not installed.
        """
        file_format = self.format_for(path)
        if file_format is self._project:
            self._project.check_writable()
        check_target(self, file_format, path, expected=expected, overwrite=overwrite)
        return file_format

    def recognises(self, file_format: FileFormat, path: Path) -> bool:
        """Return whether a file is of a format; False if the format fails to say so."""
        if file_format in self._built_in:
            return file_format.sniff(path)
        try:
            return bool(file_format.sniff(path))
        except Exception as error:  # noqa: BLE001  any package may fail in any way
            module = type(file_format).__module__
            self._report(file_format.name, f"of {module!r}", error)
            return False

    # -- formats of other packages ----------------------------------------------------

    def _all(self) -> Iterator[FileFormat]:
        """Yield every format; entry points are loaded when their turn comes."""
        yield from self._built_in
        yield from list(self._registered)
        yield from self._load_installed()

    def _load_installed(self) -> list[FileFormat]:
        with self._lock:
            if self._installed is None:
                self._installed = []
                self._load_entry_points(self._installed)
            return list(self._installed)

    def _load_entry_points(self, loaded: list[FileFormat]) -> None:
        from importlib.metadata import entry_points

        for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
            package = entry.dist.name if entry.dist else entry.value
            try:
                made = _make(entry.load())
                is_new = _is_new(made, [*self._built_in, *self._registered, *loaded])
            except Exception as error:  # noqa: BLE001  any package may fail in any way
                self._report(entry.name, f"of the package {package!r}", error)
                continue
            if is_new:
                loaded.append(made)

    def _report(self, name: str, origin: str, error: Exception) -> None:
        if name in self._reported:
            return
        self._reported.add(name)
        warn_caller(
            f"the file format {name!r} {origin} cannot be used: "
            f"{type(error).__name__}: {error}; update or remove that package",
            RuntimeWarning,
        )


def _make(file_format: object) -> FileFormat:
    """Return an instance of a format class after checking what it declares."""
    if not isinstance(file_format, type) or not issubclass(file_format, FileFormat):
        raise TypeError(f"expected a subclass of FileFormat, got {file_format!r:.80}")
    made: FileFormat = file_format()
    for attribute in ("name", "description"):
        value = getattr(made, attribute, None)
        if not isinstance(value, str) or not value:
            raise ValueError(f"{file_format.__qualname__} has no {attribute}")
    for suffix in made.suffixes:
        if suffix[:1] != "." or suffix != suffix.lower():
            raise ValueError(
                f"the suffix {suffix!r} of the format {made.name!r} must begin with a "
                "dot and be in lower case"
            )
    return made


def _is_new(made: FileFormat, others: list[FileFormat]) -> bool:
    """Return False if the class is known already.

    Raises:
        ValueError: Another class has the name.
    """
    for other in others:
        if type(other) is type(made):
            return False
        if other.name == made.name:
            raise ValueError(
                f"the name {made.name!r} is already used by the format of "
                f"{type(other).__module__!r}; choose another name"
            )
    return True


def _is_same(a: FileFormat, b: FileFormat) -> bool:
    """Return True if two formats are of the same class, or of one defined again."""
    return (type(a).__module__, type(a).__qualname__) == (
        type(b).__module__,
        type(b).__qualname__,
    )


_shared = Registry()

register = _shared.register
formats = _shared.formats
identify = _shared.identify
format_for = _shared.format_for
format_to_write = _shared.format_to_write
read = _shared.read
write = _shared.write
