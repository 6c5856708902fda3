"""Save a workspace to project files, and load project files into it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datalab_workspace.encoding.arrays import RestoredArray
from datalab_workspace.errors import (
    ObjectNotFoundError,
    list_names,
)
from datalab_workspace.model.array_reference import ArrayReference
from datalab_workspace.model.naming import assign_names
from datalab_workspace.model.project import Group, Item, Project
from datalab_workspace.model.record import (
    PendingRecord,
    Record,
)
from datalab_workspace.operations.merge import Merge, OnConflict
from datalab_workspace.session import Session
from datalab_workspace.transaction import Transaction

if TYPE_CHECKING:
    pass


def save(
    session: Session,
    path: str | os.PathLike[str] | None,
    names: Any,
    compression: str | tuple[str, int] | None,
    overwrite: bool,
) -> Path:
    """See `Workspace.save`."""
    from datalab_workspace.formats import registry

    with session.transaction() as transaction:
        project = session.project
        uuids = None
        if names is not None:
            uuids = {transaction.uuid(name) for name in _listed(names)}
        target = _target(path, project.path)
        known = project.stamps.get(target)
        groups = transaction.backend.content(uuids)
        if uuids is not None:
            _check_partial(transaction, target, uuids)
        foreign = project.foreign if uuids is None or known is not None else []
        stamp, references = registry.write(
            target,
            Project(groups, foreign),
            compression=compression,
            expected=None if overwrite or not target.exists() else known,
            overwrite=overwrite,
        )
        project.saved(target, stamp, whole=uuids is None)
        if uuids is None or known is not None:
            _repoint(groups, references)
        transaction.kind, transaction.path = "saved", target
        return target


def load(
    session: Session,
    path: str | os.PathLike[str],
    names: Any,
    on_conflict: OnConflict,
    lazy: bool,
) -> list[str]:
    """See `Workspace.load`."""
    from datalab_workspace.formats import registry

    with session.transaction() as transaction:
        merge = Merge(transaction.backend, transaction.names, on_conflict)
        source = _absolute(path)
        project, stamp = registry.read(source, lazy=lazy or names is not None)
        file_names = assign_names(project.items(), {})
        groups = project.groups
        if names is not None:
            groups = _only(groups, _chosen(file_names, list(_listed(names)), source))
            if not lazy:
                groups = [_read(group) for group in groups]
        before = len(transaction.backend.entries())
        merge.prepare(groups, file_names, f"loading {str(source)!r}")
        merge.carry_out()
        transaction.changes += merge.changes
        transaction.kind, transaction.path = "loaded", source
        is_whole = names is None and not merge.skipped
        more = before + len(merge.names) > len(merge.merged)
        session.project.loaded(
            source,
            stamp,
            project.foreign,
            is_whole=is_whole,
            modified=more if is_whole and stamp is not None else bool(merge.changes),
        )
        return merge.merged


def target(session: Session, path: str | os.PathLike[str] | None) -> Path:
    """Return the file that `save` writes.

    Raises:
        ValueError: There is no path to save to.
    """
    return _target(path, session.project.path)


def _listed(names: Any) -> Iterable[str]:
    return [names] if isinstance(names, str) else names


def _target(path: str | os.PathLike[str] | None, project_path: Path | None) -> Path:
    if path is not None:
        return _absolute(path)
    if project_path is None:
        raise ValueError(
            "this workspace has no file to save to yet; call save(path) with a path"
        )
    return project_path


def _check_partial(transaction: Transaction, target: Path, uuids: set[str]) -> None:
    left_out = [
        transaction.names.name_of(uuid)
        for uuid in transaction.backend.unread(target)
        if uuid not in uuids
    ]
    if left_out:
        raise ValueError(
            f"saving only some objects to {str(target)!r} would destroy the data of "
            f"{list_names(left_out)}, which has not been read from that file yet; save "
            "to another file, or save all objects"
        )


def _absolute(path: str | os.PathLike[str]) -> Path:
    text = os.fspath(path)
    if not isinstance(text, str):
        raise TypeError(
            f"expected a string or a Path for path, got {type(text).__name__}"
        )
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
