"""How a workspace and project files meet: conflicts, all or nothing, nothing lost."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from datalab_workspace.backends.base import Backend
from datalab_workspace.encoding.arrays import RestoredArray
from datalab_workspace.errors import ObjectNotFoundError
from datalab_workspace.model.description import WorkspaceMode
from datalab_workspace.model.naming import NameBook, assign_names
from datalab_workspace.model.project import Group, Item, Project
from datalab_workspace.model.record import (
    Array,
    ArrayReference,
    PendingRecord,
    Record,
)
from datalab_workspace.operations.merge import Merge, OnConflict, in_short

if TYPE_CHECKING:
    from datalab_workspace.formats.atomic import FileStamp


class ProjectLink:
    """Which project files a workspace loaded and saved, and what they held besides.

    Attributes:
        path: The file that `save` goes to when it is given none.
        modified: Something changed since that file was loaded or saved.
    """

    def __init__(self, backend: Backend, names: NameBook) -> None:
        self._backend = backend
        self._names = names
        self.forget()

    def move(self, backend: Backend, names: NameBook) -> None:
        """Go on with objects that are kept elsewhere."""
        self._backend, self._names = backend, names

    def forget(self) -> None:
        """Forget all files, and the macros and history that they held."""
        self.path: Path | None = None
        self.modified = False
        self._stamps: dict[Path, FileStamp] = {}
        self._foreign: list[bytes] = []

    # -- save -------------------------------------------------------------------------

    def save(
        self,
        path: str | os.PathLike[str] | None,
        uuids: set[str] | None,
        compression: str | tuple[str, int] | None,
        overwrite: bool,
    ) -> Path:
        """See `Workspace.save`."""
        from datalab_workspace.formats import registry

        target = self._target(path)
        known = self._stamps.get(target)
        groups = self._backend.content(uuids)
        if uuids is not None and self._backend.mode is WorkspaceMode.STANDALONE:
            self._check_partial(target, uuids)
        foreign = self._foreign if uuids is None or known is not None else []
        stamp, references = registry.write(
            target,
            Project(groups, foreign),
            compression=compression,
            expected=None if overwrite or not target.exists() else known,
        )
        if stamp is not None:
            self._stamps[target] = stamp
        if uuids is None and stamp is not None:
            self.path, self.modified = target, False
        if uuids is None or known is not None:
            _repoint(groups, references)
        return target

    def _target(self, path: str | os.PathLike[str] | None) -> Path:
        if path is not None:
            return _absolute(path)
        if self.path is None:
            raise ValueError(
                "there is no file to save to yet; call save(path) with the path of one"
            )
        return self.path

    def _check_partial(self, target: Path, uuids: set[str]) -> None:
        left_out = [
            self._names.name_of(entry.uuid)
            for entry in self._backend.entries()
            if entry.uuid not in uuids
            and any(
                _source(array) == target
                for array in self._backend.record(entry.uuid).arrays.values()
            )
        ]
        if left_out:
            raise ValueError(
                f"saving only some objects to {str(target)!r} would destroy the data "
                f"of {in_short(left_out)}, which has not been read from that file yet; "
                "save to another file, or save all"
            )

    # -- load -------------------------------------------------------------------------

    def load(
        self,
        path: str | os.PathLike[str],
        names: Iterable[str] | None,
        on_conflict: OnConflict,
        lazy: bool,
    ) -> list[str]:
        """See `Workspace.load`."""
        from datalab_workspace.formats import registry

        merge = Merge(self._backend, self._names, on_conflict)
        source = _absolute(path)
        project, stamp = registry.read(source, lazy=lazy or names is not None)
        file_names = assign_names(project.items(), {})
        groups = project.groups
        if names is not None:
            groups = _only(groups, _chosen(file_names, list(names), source))
            if not lazy:
                groups = [_read(group) for group in groups]
        before = len(self._backend.entries())
        merge.prepare(groups, file_names, f"loading {str(source)!r}")
        merge.carry_out()
        self._foreign += [f for f in project.foreign if f not in self._foreign]
        if stamp is not None:
            self._stamps[source] = stamp
        if stamp is not None and names is None and not merge.skipped:
            # Saving there without being asked for a path would lose nothing.
            self.path = source
            self.modified = before + len(merge.names) > len(merge.merged)
        else:
            self.modified |= merge.changes
        return merge.merged


def _absolute(path: str | os.PathLike[str]) -> Path:
    text = os.fspath(path)
    if not isinstance(text, str):
        raise TypeError(f"a path is a text or a Path, not {type(text).__name__}")
    if not text:
        raise ValueError("the path is empty")
    # Resolved now, so that a later os.chdir does not move it; resolve() would
    # replace a symbolic link by its target in what the user sees. Unlike Path's,
    # this expanduser() leaves a user that does not exist to be a folder that doesn't.
    return Path(os.path.abspath(os.path.expanduser(text)))  # noqa: PTH100, PTH111


def _only(groups: Iterable[Group], uuids: Iterable[str]) -> list[Group]:
    wanted = set(uuids)
    kept = (
        Group(g.kind, g.title, [item for item in g.items if item.uuid in wanted])
        for g in groups
    )
    return [group for group in kept if group.items]


def _chosen(file_names: Mapping[str, str], names: list[str], source: Path) -> list[str]:
    uuid_of = {name: uuid for uuid, name in file_names.items()}
    for name in names:
        if name not in uuid_of:
            raise ObjectNotFoundError.among(name, list(uuid_of), str(source))
    return [uuid_of[name] for name in names]


def _read(group: Group) -> Group:
    items: list[Item] = []
    for item in group.items:
        record = item.resolve() if isinstance(item, PendingRecord) else item
        for name in record.arrays:
            record.arrays[name] = record.array(name)
        items.append(record)
    return Group(group.kind, group.title, items)


def _source(array: Array) -> Path | None:
    plain = array.plain if isinstance(array, RestoredArray) else array
    path = getattr(plain, "path", None)
    return path if isinstance(path, Path) else None


def _repoint(
    groups: Iterable[Group], references: Mapping[str, Mapping[str, ArrayReference]]
) -> None:
    """Point the arrays that have not been read yet into the file just written."""
    for group in groups:
        for item in group.items:
            if not isinstance(item, Record):
                continue
            for name, array in item.arrays.items():
                written = references.get(item.uuid, {}).get(name)
                if written is None:
                    continue
                if isinstance(array, RestoredArray):
                    item.arrays[name] = RestoredArray(written, array.spec)
                elif isinstance(array, ArrayReference):
                    item.arrays[name] = written
