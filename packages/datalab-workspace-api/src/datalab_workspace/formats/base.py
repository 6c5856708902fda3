"""The interface of a file format, and the results of its methods."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, NamedTuple, TypeAlias

from datalab_workspace.errors import UnsupportedObjectError
from datalab_workspace.model.array_reference import ArrayReference
from datalab_workspace.model.project import Project
from datalab_workspace.model.record import KINDS, Kind

if TYPE_CHECKING:
    from datalab_workspace.formats.atomic import FileStamp
    from datalab_workspace.formats.baseline import Baseline

Compression: TypeAlias = "str | tuple[str, int] | None"
#: Arrays in a file, by the UUID of their object and the name of the array.
References: TypeAlias = Mapping[str, Mapping[str, ArrayReference]]


class ReadResult(NamedTuple):
    """The content of a file.

    Attributes:
        project: The objects in their groups.
        stamp: The stamp of the file when it was read. None if `Workspace.save` without
            a path must not write to this file, for example because the format cannot
            hold everything that a workspace holds.

    Example:
        >>> from datalab_workspace.formats import Project, ReadResult
        >>> project, stamp = ReadResult(Project())
        >>> stamp is None
        True
    """

    project: Project
    stamp: FileStamp | None = None


class WriteResult(NamedTuple):
    """A file that was written.

    Attributes:
        stamp: The stamp of the new file. None if the file is an export: the workspace
            then stays modified, and `Workspace.save` without a path goes elsewhere.
        references: The arrays of the new file. Arrays that the workspace has not read
            yet are read from there from now on.
        baseline: The content of the new file, for the next save; None if the format
            always writes everything.

    Example:
        >>> from datalab_workspace.formats import WriteResult
        >>> WriteResult().stamp is None
        True
    """

    stamp: FileStamp | None = None
    references: References = MappingProxyType({})
    baseline: Baseline | None = None


@dataclass
class Verdict:
    """The result of checking a file.

    Attributes:
        path: The file.
        objects: Number of objects in the file.
        checksums: Number of arrays whose checksum was compared; 0 for a file without
            checksums, such as one that DataLab saved.
        covers_all: Everything outside of the arrays was compared with a checksum too.
        problems: What is damaged or cannot be read, and where.
        obstacles: Reasons why DataLab would not open all of the file, or would not
            save it again.

    Example:
        >>> from datalab_workspace.formats import formats
        >>> formats()[0].verify(workspace.save("analysis.h5")).problems
        []
    """

    path: Path
    objects: int = 0
    checksums: int = 0
    covers_all: bool = False
    problems: list[str] = field(default_factory=list)
    obstacles: list[str] = field(default_factory=list)


class FileFormat(ABC):
    """A file format that a workspace loads, and perhaps saves.

    A format has no state: one instance serves every file. The registry creates it
    without arguments. `sniff` and `read` are required. A format that overrides `write`
    can be written.

    Attributes:
        name: Short unique name, for example "two-column-text".
        description: A noun phrase for messages, for example "two-column text file".
        suffixes: Suffixes in lower case with their dot, for example ``(".xy",)``.
            `Workspace.save` writes this format to a path that ends in one of them.
        kinds: The kinds of objects that a file can hold.
        max_objects: The largest number of objects in a file, which then holds at least
            one; None for any number.
        can_read_lazily: `read` accepts ``lazy=True``: it then leaves the data in the
            file, and `write` returns references.
        opens_in_datalab: DataLab opens such a file as its own project.

    Example:
        >>> from datalab_workspace.formats import formats
        >>> [file_format.name for file_format in formats()][:2]
        ['datalab-project', 'datalab-kernel-0.2']
    """

    name: ClassVar[str]
    description: ClassVar[str]
    suffixes: ClassVar[tuple[str, ...]] = ()
    kinds: ClassVar[frozenset[Kind]] = frozenset(KINDS)
    max_objects: ClassVar[int | None] = None
    can_read_lazily: ClassVar[bool] = False
    opens_in_datalab: ClassVar[bool] = False

    @property
    def can_write(self) -> bool:
        """True if the format overrides `write`.

        Example:
            >>> from datalab_workspace.formats import formats
            >>> [file_format.can_write for file_format in formats()[:2]]
            [True, False]
        """
        return type(self).write is not FileFormat.write

    @abstractmethod
    def sniff(self, path: Path) -> bool:
        """Return True if the file is of this format.

        The decision depends on the content, never on the suffix. It must be quick and
        must not trust the file: read a few bytes, not the data.

        Args:
            path: An existing file or folder.

        Raises:
            OSError: The file cannot be opened.

        Example:
            >>> from datalab_workspace.formats import formats
            >>> formats()[0].sniff(workspace.save("analysis.h5"))
            True
        """

    @abstractmethod
    def read(self, path: Path, *, lazy: bool = False) -> ReadResult:
        """Read all objects of a file.

        Args:
            path: A file that `sniff` accepts.
            lazy: Leave the data in the file until it is used. Always False for a
                format without `can_read_lazily`.

        Returns:
            The content of the file; see `ReadResult`.

        Raises:
            NotAProjectError: The file is of another format or of an unknown version.
            DamagedFileError: The file is truncated or corrupt.
            UnsafeFileError: The file refers to other files or declares more data than
                it holds.
            OSError: The file cannot be read.

        Example:
            >>> from datalab_workspace.formats import formats
            >>> project, stamp = formats()[0].read(workspace.save("analysis.h5"))
            >>> [item.title for item in project.items()]
            ['peak', 'noisy', 'spot']
        """

    def write(
        self,
        path: Path,
        project: Project,
        *,
        compression: Compression = None,
        expected: FileStamp | None = None,
    ) -> WriteResult:
        """Write a project to a file, all or nothing.

        Write through `replacing`, so that the path holds the old file or the new one
        at any instant. Raise an error that names the object if the format cannot hold
        something, before anything is written.

        Args:
            path: The file. An existing one is replaced.
            project: The project to write: only objects of `kinds`, at most
                `max_objects`.
            compression: The value that the user passed to `Workspace.save`.
            expected: The stamp that an existing file must have; None for any.

        Returns:
            The stamp of the new file; see `WriteResult`.

        Raises:
            UnsupportedObjectError: The format cannot hold one of the objects.
            UnsupportedMetadataError: The format cannot hold metadata of an object.
            FileChangedError: The stamp of the existing file is not `expected`.
            OSError: The file cannot be written; the old file is unchanged.

        Example:
            >>> from pathlib import Path
            >>> from datalab_workspace.formats import Project, formats
            >>> formats()[0].write(Path("empty.h5"), Project()).references
            {}
        """
        raise NotImplementedError(f"the format {self.name!r} cannot be written")

    def check_readable(self, path: Path) -> None:  # noqa: B027  optional
        """Raise an error if a file is clearly damaged; read little of it.

        `Workspace.save` calls this before it replaces a file that the workspace does
        not know. By default, every file passes.

        Args:
            path: A file that `sniff` accepts.

        Raises:
            DamagedFileError: The file is truncated or corrupt.

        Example:
            >>> from datalab_workspace.formats import formats
            >>> formats()[0].check_readable(workspace.save("analysis.h5"))
        """

    def verify(self, path: Path) -> Verdict:
        """Read a whole file and report its problems.

        Args:
            path: A file that `sniff` accepts.

        Returns:
            The number of objects, and the problems that were found.

        Raises:
            WorkspaceError: The file cannot be read; see `read`.

        Example:
            >>> from datalab_workspace.formats import formats
            >>> formats()[0].verify(workspace.save("analysis.h5")).objects
            3
        """
        return Verdict(path, sum(1 for _ in self.read(path).project.items()))


def check_contents(file_format: FileFormat, project: Project) -> None:
    """Check that a format can hold the objects of a project.

    Raises:
        UnsupportedObjectError: An object is of a kind that the format lacks, or there
            are too many objects, or none.
    """
    count = 0
    for item in project.items():
        count += 1
        if item.kind not in file_format.kinds:
            raise UnsupportedObjectError(
                f"a {file_format.description} cannot hold the {item.kind} "
                f"{item.title!r:.80}; leave it out by names=[...], or save to a path "
                "that ends in .h5"
            )
    most = file_format.max_objects
    if most is not None and not 1 <= count <= most:
        allowed = "1 object" if most == 1 else f"1 to {most} objects"
        raise UnsupportedObjectError(
            f"a {file_format.description} holds {allowed}, not {count}; choose by "
            "names=[...], or save to a path that ends in .h5"
        )
