"""Save a workspace to project files, and load project files into it."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from datalab_workspace.collector import collections_paused
from datalab_workspace.encoding.arrays import RestoredArray
from datalab_workspace.error_messages import list_names
from datalab_workspace.errors import ObjectNotFoundError
from datalab_workspace.history.steps import FileRead
from datalab_workspace.history.storage.writer import HistoryMode, HistoryWriter
from datalab_workspace.model.array_reference import ArrayReference
from datalab_workspace.model.name_lists import listed
from datalab_workspace.model.naming import assign_names
from datalab_workspace.model.notebooks import StoredNotebook
from datalab_workspace.model.project import Group, Item, Project
from datalab_workspace.model.record import (
    PendingRecord,
)
from datalab_workspace.operations.mask_warning import masked_names, warn_of_masks
from datalab_workspace.operations.merge import Merge, OnConflict
from datalab_workspace.operations.notebooks import prepared, with_notebooks
from datalab_workspace.runtime import require
from datalab_workspace.session import Session
from datalab_workspace.transaction import Transaction
from datalab_workspace.validation import absolute_path, one_of

if TYPE_CHECKING:
    from datalab_workspace.formats.atomic import FileStamp
    from datalab_workspace.formats.base import Compression
    from datalab_workspace.formats.baseline import Baseline


def save(
    session: Session,
    path: str | os.PathLike[str] | None,
    names: Any,
    compression: str | tuple[str, int] | None,
    overwrite: bool,
    history: HistoryMode | Literal["as before"] | None = "as before",
    datalab_history: bool = False,
    notebooks: Any = None,
) -> Path:
    """See `Workspace.save`."""
    if history not in ("as before", None):
        one_of(history, "history", ("full", "calls"))
    added = [] if notebooks is None else prepared(notebooks)
    saved = _save(
        session, path, names, compression, overwrite, history, datalab_history, added
    )
    warn_of_masks(session, saved.masked, f"{saved.path.name!r:.80}")
    if saved.has_texts:
        _mention_texts(session, saved.path)
    return saved.path


class _Saved(NamedTuple):
    """A file that was saved.

    Attributes:
        path: The file.
        masked: The names of the masked objects that were written.
        has_texts: Whether the text of a cell was written.
    """

    path: Path
    masked: Sequence[str] = ()
    has_texts: bool = False


def _save(
    session: Session,
    path: str | os.PathLike[str] | None,
    names: Any,
    compression: str | tuple[str, int] | None,
    overwrite: bool,
    history: HistoryMode | Literal["as before"] | None,
    datalab_history: bool,
    added: Sequence[StoredNotebook],
) -> _Saved:
    from datalab_workspace.formats import registry

    # Without a pause, the collector takes longer than writing many histories.
    with collections_paused(history is not None), session.transaction() as transaction:
        project = session.project
        uuids = None if names is None else {transaction.uuid(n) for n in listed(names)}
        target = _target(path, project.path)
        known = project.stamps.get(target)
        content = _content(session, transaction, target, uuids)
        content.notebooks = with_notebooks(content.notebooks, added)
        notebooks = with_notebooks(project.notebooks, added)
        mode = project.modes.get(target, "full") if history == "as before" else history
        content.history = writer = _writer(session, mode, content)
        if datalab_history:
            content.foreign = _with_session(transaction, session, content)
        transaction.kind, transaction.path = "saved", target
        if uuids is None and _is_saved(content, target, known, compression):
            project.saved(target, known, project.baseline, whole=True)
            project.notebooks = notebooks
            return _Saved(target)
        if known is not None and not _is_current(project.baseline, target):
            content.groups = [_resolved(transaction, each) for each in content.groups]
        masked = masked_names(transaction, content.groups)
        stamp, references, baseline = registry.write(
            target,
            content,
            compression=compression,
            expected=None if overwrite or not target.exists() else known,
            overwrite=overwrite,
        )
        project.saved(target, stamp, baseline, whole=uuids is None)
        project.modes[target] = mode
        project.notebooks = notebooks
        if datalab_history:
            project.foreign = content.foreign
        before = content.baseline
        writer.release(None if before is None else before.history)
        if uuids is None or known is not None:
            _repoint(content.groups, references, baseline)
        return _Saved(target, masked, writer.has_texts)


def _content(
    session: Session, transaction: Transaction, target: Path, uuids: set[str] | None
) -> Project:
    """Return the content to save: the objects with these UUIDs, or all."""
    project = session.project
    groups = transaction.backend.content(uuids)
    content = Project(groups, baseline=project.baseline)
    if uuids is not None:
        _check_partial(transaction, target, uuids)
    if uuids is None or target in project.stamps:
        content.foreign, content.notebooks = project.foreign, project.notebooks
    return content


def _writer(
    session: Session, mode: HistoryMode | None, content: Project
) -> HistoryWriter:
    """Return the writer of the histories of the objects of a project."""
    if mode is not None:
        session.recorder.settle()
    find = session.project.histories.find
    items = list(content.items())
    return HistoryWriter(mode, items, session.recorder.latest_among(items), find)


def _with_session(
    transaction: Transaction, session: Session, content: Project
) -> list[bytes]:
    """Return the sections of a project, with a session for DataLab's History panel."""
    require("h5py", "a session for DataLab's History panel")
    from datalab_workspace.formats.h5.notebook_session import with_session

    records = [transaction.backend.record(item.uuid) for item in content.items()]
    return with_session(content.foreign, records, session.recorder.latest)


def _mention_texts(session: Session, path: Path) -> None:
    """Write a line, once, that says that files hold the text of cells."""
    if not session.project.mentioned_texts:
        session.project.mentioned_texts = True
        # Only a notebook has cells. This is not a warning, because nothing is wrong.
        sys.stdout.write(
            f"{path.name:.80} also holds how its objects were made, with the text of "
            'cells; to share it without the text, call save(history="calls")\n'
        )


def _is_current(baseline: Baseline | None, target: Path) -> bool:
    """Return whether `baseline` is the present content of a file."""
    return baseline is not None and baseline.path == target and baseline.is_current()


def _is_saved(
    content: Project, target: Path, known: FileStamp | None, compression: Compression
) -> bool:
    """Return whether a file holds exactly what would be saved to it."""
    baseline = content.baseline
    return (
        baseline is not None
        and baseline.stamp == known
        and _is_current(baseline, target)
        and baseline.holds(content, compression)
    )


def _resolved(transaction: Transaction, group: Group) -> Group:
    """Return a group whose objects no longer need the file that they are pending in."""
    items: list[Item] = [transaction.backend.record(item.uuid) for item in group.items]
    return Group(group.kind, group.title, items)


def load(
    session: Session,
    path: str | os.PathLike[str],
    names: Any,
    on_conflict: OnConflict,
    lazy: bool,
) -> list[str]:
    """See `Workspace.load`."""
    from datalab_workspace.formats import registry

    with collections_paused(lazy), session.transaction() as transaction:
        merge = Merge(transaction.backend, transaction.names, on_conflict)
        source = absolute_path(path)
        with _hint_at_read(source):
            project, stamp = registry.read(source, lazy=lazy or names is not None)
        file_names = assign_names(project.items(), {})
        groups = project.groups
        if names is not None:
            groups = _only(groups, _chosen(file_names, listed(names), source))
            if not lazy:
                groups = [_read(group) for group in groups]
        before = len(transaction.backend.uuids())
        merge.prepare(groups, file_names, f"loading {str(source)!r}")
        merge.carry_out()
        read = FileRead(source.name, "load", path=str(source))
        transaction.recorder.on_loaded(read, merge.names)
        transaction.changes += merge.changes
        transaction.kind, transaction.path = "loaded", source
        is_whole = names is None and not merge.skipped
        more = before + len(merge.names) > len(merge.merged)
        session.project.loaded(
            source,
            stamp,
            project,
            is_whole=is_whole,
            modified=more if is_whole and stamp is not None else bool(merge.changes),
        )
        return merge.merged


@contextmanager
def _hint_at_read(source: Path) -> Iterator[None]:
    """Name `Workspace.read` in the error for a folder or a pattern."""
    try:
        yield
    except (IsADirectoryError, PermissionError) as error:
        if source.is_dir():
            hint = "workspace.read(folder) reads the measured files of a folder"
            raise _with_hint(error, hint) from None
        raise
    except FileNotFoundError as error:
        if glob.has_magic(str(source)):
            hint = "workspace.read(pattern) reads all measured files that match"
            raise _with_hint(error, hint) from None
        raise


def _with_hint(error: OSError, hint: str) -> OSError:
    """Return an error of the operating system with a hint in its message."""
    return type(error)(error.errno, f"{error.strerror}; {hint}", error.filename)


def target(session: Session, path: str | os.PathLike[str] | None) -> Path:
    """Return the file that `save` writes.

    Raises:
        ValueError: There is no path to save to.
    """
    return _target(path, session.project.path)


def _target(path: str | os.PathLike[str] | None, project_path: Path | None) -> Path:
    if path is not None:
        return absolute_path(path)
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
    groups: Iterable[Group],
    references: Mapping[str, Mapping[str, ArrayReference]],
    baseline: Baseline | None,
) -> None:
    """Point the arrays that have not been read yet into the file just written."""
    for group in groups:
        for item in group.items:
            if isinstance(item, PendingRecord):
                if baseline is not None:
                    item.resolve = baseline.resolve(item.uuid)
                continue
            for name, array in item.arrays.items():
                if array is None or isinstance(array, np.ndarray):
                    continue
                written = references.get(item.uuid, {}).get(name)
                if written is None:
                    continue
                if isinstance(array, RestoredArray):
                    item.arrays[name] = RestoredArray(written, array.spec)
                else:
                    item.arrays[name] = written
