"""Read a .npz project, all or nothing, within bounds."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np

from datalab_workspace.encoding import record_json, shallow_json
from datalab_workspace.encoding.npy import from_npy
from datalab_workspace.encoding.zip_archive import Archive
from datalab_workspace.errors import (
    DamagedFileError,
    NotAProjectError,
    UnsafeFileError,
    UnsupportedObjectError,
)
from datalab_workspace.formats.atomic import FileStamp
from datalab_workspace.formats.base import ReadResult, Verdict
from datalab_workspace.formats.memory import Budget
from datalab_workspace.formats.npz import layout
from datalab_workspace.formats.raw_io import naming, open_regular
from datalab_workspace.model.notebooks import StoredNotebook
from datalab_workspace.model.project import Group, Project
from datalab_workspace.model.record import (
    ARRAYS,
    FIELDS,
    KINDS,
    PRIMARY_ARRAY,
    Record,
    checked_field,
)
from datalab_workspace.progress import Progress
from datalab_workspace.runtime import NEWER_VERSION, is_installed

_MOST_MEMBERS = 1_000_000
_ROWS = (2, 3, 4)


def read_project(path: Path, *, expansion: int | None = None) -> ReadResult:
    """Read a project from an archive. The checksums of all members are compared.

    Args:
        path: The file.
        expansion: The largest number of bytes by which the content may exceed the size
            of the file; None for half of the free memory.

    Raises:
        NotAProjectError: The archive is not a project, or of an unknown version.
        DamagedFileError: The archive is truncated or corrupt.
        UnsafeFileError: The archive declares more data than it holds, or more than
            fits into memory.
        OSError: The file cannot be read.
    """
    with opened(path, expansion=expansion) as archive:
        return archive.read()


def verify(path: Path) -> Verdict:
    """Read a whole project and report what is damaged; see `FileFormat.verify`."""
    verdict = Verdict(path)
    try:
        with opened(path) as archive:
            project = archive.read().project
            verdict.checksums = archive.members_read
    except DamagedFileError as error:
        verdict.problems.append(str(error))
    else:
        verdict.objects = sum(1 for _ in project.items())
    return verdict


@contextlib.contextmanager
def opened(path: Path, *, expansion: int | None = None) -> Iterator[_Archive]:
    """Open an archive; see `read_project` for arguments and errors."""
    with naming(path), open_regular(path) as file:
        stamp = FileStamp.of(file.fileno())
        budget = Budget(str(path), stamp.size, expansion)
        try:
            archive = Archive(file, most=_MOST_MEMBERS, largest=budget.allowance)
            yield _Archive(path, stamp, archive, budget)
        except (NotAProjectError, UnsafeFileError):
            raise
        except (ValueError, TypeError, LookupError, RecursionError) as error:
            raise _damaged(path, error) from error
        except DamagedFileError as error:
            raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> DamagedFileError:
    return DamagedFileError(f"{str(path)!r} is damaged: {error}")


class _Archive:
    """A project in an open archive."""

    def __init__(
        self, path: Path, stamp: FileStamp, archive: Archive, budget: Budget
    ) -> None:
        self._path = path
        self._stamp = stamp
        self._archive = archive
        self._budget = budget
        self._used: set[str] = set()

    @property
    def members_read(self) -> int:
        """Number of members that were read and whose checksum was compared."""
        return len(self._used)

    def read(self) -> ReadResult:
        """Return the project."""
        content = self._content()
        uuids: set[str] = set()
        with Progress(f"loading {self._path.name!r}", self._stamp.size) as progress:
            groups = [
                self._group(group, uuids, progress) for group in content["groups"]
            ]
        foreign = [bytes(self._member(name)) for name in content["foreign"]]
        for image in foreign:
            _check_section(image)
        notebooks = list(map(self._notebook, content.get("notebooks", ())))
        return ReadResult(Project(groups, foreign, notebooks), self._stamp)

    def _content(self) -> Any:
        if layout.MARKER not in self._archive:
            raise NotAProjectError(
                f"{str(self._path)!r} is a zip archive, and not a project"
            )
        content = shallow_json.loads(bytes(self._member(layout.PROJECT)))
        if content["version"] != layout.VERSION:
            raise NotAProjectError(
                f"{str(self._path)!r} is a project of version "
                f"{content['version']!r:.20}; {NEWER_VERSION}"
            )
        return content

    def _member(self, name: str) -> memoryview:
        """Return the content of a member that has not been read yet."""
        if name in self._used:
            raise self._budget.error(name, "is in the project twice")
        self._used.add(name)
        declared, stored = self._archive.sizes(name)
        self._budget.claim(name, declared, stored, name)
        return self._archive.read(name)

    def _notebook(self, data: Any) -> StoredNotebook:
        title, extra = data["title"], data["extra"]
        if not _is_notebook(title, extra):
            raise ValueError("a notebook needs a title, and other values are scalars")
        return StoredNotebook(title, str(self._member(data["content"]), "utf-8"), extra)

    def _group(self, data: Any, uuids: set[str], progress: Progress) -> Group:
        if data["kind"] not in KINDS or not isinstance(data["title"], str):
            raise ValueError("a group needs a kind and a title")
        group = Group(data["kind"], data["title"])
        for entry in data["objects"]:
            record = self._record(entry)
            if record.kind != group.kind or record.uuid in uuids:
                raise ValueError(
                    f"the object {record.title!r:.80} is in the wrong panel, or its "
                    "UUID occurs twice"
                )
            uuids.add(record.uuid)
            group.items.append(record)
            progress.advance(record.nbytes)
        return group

    def _record(self, data: Any) -> Record:
        record = record_json.decode(data, self._array)
        UUID(record.uuid)
        try:
            for name, value in record.fields.items():
                spec = FIELDS[record.kind].get(name)
                record.fields[name] = checked_field(value, spec, name)
        except UnsupportedObjectError as error:
            raise ValueError(str(error)) from error
        for name, array in record.arrays.items():
            _check_array(record, name, array)
        return record

    def _array(self, name: Any) -> np.ndarray[Any, Any]:
        return from_npy(self._member(f"{name}.npy"), str(name))


def _is_notebook(title: Any, extra: Any) -> bool:
    """Return whether these can be the title and the extra values of a notebook."""
    return (
        isinstance(title, str)
        and isinstance(extra, dict)
        and all(isinstance(value, str | int | float) for value in extra.values())
    )


def _check_array(record: Record, name: str, array: Any) -> None:
    """Raise `ValueError` if the object of an array cannot have its type or shape."""
    is_data = name == PRIMARY_ARRAY[record.kind]
    if array is None and is_data:
        return
    if array is None or array.dtype.kind not in "biufc":
        raise ValueError(f"{name!r:.40} of {record.title!r:.80} is not numeric")
    if is_data:
        fits = array.ndim == 2 and (record.kind == "image" or array.shape[0] in _ROWS)
    else:
        fits = array.ndim == 1 or name not in ARRAYS[record.kind]
    if not fits:
        raise ValueError(
            f"{name} of {record.title!r:.80} cannot have the shape {array.shape}"
        )


def _check_section(image: bytes) -> None:
    """Check a section of DataLab, an HDF5 file, before it is copied to a project.

    Without h5py, no project can be written.
    """
    if is_installed("h5py"):
        from datalab_workspace.formats.h5.opaque_sections import check

        check(image)
