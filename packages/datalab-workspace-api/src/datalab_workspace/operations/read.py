"""Read measured files into a workspace: all of them, or those that can be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from datalab_workspace import runtime
from datalab_workspace.backends.base import Backend
from datalab_workspace.error_messages import list_names
from datalab_workspace.errors import NameConflictError
from datalab_workspace.history.recording.file_steps import file_read
from datalab_workspace.history.recording.recorder import HistoryRecorder
from datalab_workspace.measured_files import formats, paths
from datalab_workspace.measured_files.notes import Notes
from datalab_workspace.measured_files.options import ReadOptions, read_options
from datalab_workspace.measured_files.reader import read_file
from datalab_workspace.measured_files.selection import select
from datalab_workspace.measured_files.table_layout import NoTableError
from datalab_workspace.model.equality import equal
from datalab_workspace.model.naming import free_name
from datalab_workspace.model.record import KINDS, Kind, Record
from datalab_workspace.model.sigima_objects import to_record
from datalab_workspace.operations import window
from datalab_workspace.operations.add import checked_group
from datalab_workspace.operations.merge import CHOICES, OnConflict
from datalab_workspace.progress import Progress
from datalab_workspace.session import Session
from datalab_workspace.transaction import Transaction
from datalab_workspace.validation import one_of, warn_caller

OnError: TypeAlias = Literal["raise", "skip"]
#: The value of `group` that stands for a group per folder.
BY_FOLDER = "folder"
#: The number of objects of the workspace that are fetched together for a comparison.
_TOGETHER = 16


class ReadNames(list[str]):
    """Names of the objects that were read.

    Attributes:
        failed: Why a file was not read, by path.

    Example:
        >>> np.save("wave.npy", np.zeros(5))
        >>> names = workspace.read("wave.npy", errors="skip")
        >>> names, names.failed
        (['wave.npy'], {})
    """

    def __init__(
        self, names: Iterable[str] = (), failed: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(names)
        self.failed = dict(failed or {})


@dataclass
class _Incoming:
    """An object that was read.

    Attributes:
        record: The object.
        group: The title of its group, or None.
        name: Its name in the workspace, once that is decided.
    """

    record: Record
    group: str | None
    name: str = ""


def read(
    session: Session,
    files: paths.Paths,
    where: str | None,
    kind: Kind | None,
    group: str | None,
    on_conflict: OnConflict,
    errors: OnError,
    stack: str | None,
    options: Mapping[str, Any],
) -> ReadNames:
    """See `Workspace.read`."""
    if kind is not None:
        one_of(kind, "kind", KINDS)
    one_of(on_conflict, "on_conflict", CHOICES)
    one_of(errors, "errors", ("raise", "skip"))
    chosen = read_options(kind, stack, options)
    if where is not None:
        one_of(where, "where", ("datalab",))
        _check_plain(on_conflict, errors, stack, options, group)
        return ReadNames(window.read(session, files, kind, group))
    runtime.require("sigima", "reading measured files")
    notes = Notes()
    failed: dict[str, str] = {}
    incoming = _read_all(files, chosen, group, errors, notes, failed, session.recorder)
    names = session.run(lambda t: _add_all(t, incoming, on_conflict))
    _warn(notes, failed)
    return ReadNames(names, failed)


def _check_plain(
    on_conflict: str,
    errors: str,
    stack: str | None,
    options: Mapping[str, Any],
    group: str | None,
) -> None:
    """Raise an error for arguments that DataLab's own readers do not take."""
    others = {
        "on_conflict": on_conflict != "error",
        "errors": errors != "raise",
        "stack": stack is not None,
        "group='folder'": group == BY_FOLDER,
        **dict.fromkeys(options, True),
    }
    refused = [name for name, given in others.items() if given]
    if refused:
        raise ValueError(
            f"DataLab's own readers do not take {', '.join(refused)}; leave out "
            "where='datalab' to read the files here"
        )


# -- reading --------------------------------------------------------------------------


def _read_all(
    files: paths.Paths,
    options: ReadOptions,
    group: str | None,
    errors: OnError,
    notes: Notes,
    failed: dict[str, str],
    recorder: HistoryRecorder,
) -> list[_Incoming]:
    """Return the objects of all files, in memory."""
    search = paths.search(files)
    for path, problem in search.missing.items():
        if errors == "raise":
            raise problem
        failed[path] = str(problem)
    selection = select(search.files, options)
    for file in selection.refused:
        failed[str(file.path)] = str(formats.refusal(file.path))
    found = selection.files
    titles = paths.group_titles(found) if group == BY_FOLDER else {}
    incoming: list[_Incoming] = []
    with Progress("reading files", len(found)) as progress:
        for file in found:
            title = titles.get(file.path.parent, group)
            try:
                objects = read_file(file.path, options, notes)
                records = [to_record(obj, copy=False) for obj in objects]
            except (ValueError, TypeError, OSError, ModuleNotFoundError) as error:
                aside = not file.named and isinstance(error, NoTableError)
                if errors == "raise" and not aside:
                    raise
                failed[str(file.path)] = str(error)
                continue
            read = file_read(file.path)
            several = len(records) > 1
            for record in records:
                name = record.title if several else ""
                recorder.on_read(record, replace(read, title=name))
            incoming += [_Incoming(record, title) for record in records]
            progress.advance(1)
    return incoming


def _warn(notes: Notes, failed: Mapping[str, str]) -> None:
    sentences = notes.sentences()
    if failed:
        reason = next(iter(failed.values()))  # which names the file
        if len(failed) == 1:
            said = f"one file was not read: {reason}"
        else:
            said = (
                f"{len(failed)} of the files were not read; the first reason: "
                f"{reason}; the attribute `failed` of the result lists all"
            )
        sentences.insert(0, said)
    for sentence in sentences:
        warn_caller(sentence, UserWarning)


# -- adding ---------------------------------------------------------------------------


class _Stored:
    """Objects of the workspace, some of which are fetched together.

    Args:
        backend: Where they are.
        uuids: UUIDs of the objects that will be asked for, in order.
    """

    def __init__(self, backend: Backend, uuids: Sequence[str]) -> None:
        self._backend = backend
        self._uuids = list(dict.fromkeys(uuids))
        self._fetched: dict[str, Record] = {}

    def __getitem__(self, uuid: str) -> Record:
        if uuid not in self._fetched:
            first = self._uuids.index(uuid) if uuid in self._uuids else None
            chosen = [uuid] if first is None else self._uuids[first : first + _TOGETHER]
            records = self._backend.records(chosen)
            self._fetched = {record.uuid: record for record in records}
        return self._fetched[uuid]


def _add_all(
    transaction: Transaction, incoming: Sequence[_Incoming], on_conflict: OnConflict
) -> list[str]:
    """Add objects, all or none, and return their names without skipped ones.

    Raises:
        NameConflictError: Different objects use some of the names, and the choice is
            "error"; all of them are listed.
    """
    backend, book = transaction.backend, transaction.names
    transaction.look()
    present = {book.name_of(entry.uuid): entry.uuid for entry in backend.entries()}
    titles = [item.record.title for item in incoming]
    stored = _Stored(backend, [present[title] for title in titles if title in present])
    taken: set[str] = set()
    kept: list[tuple[_Incoming, str | None]] = []
    names: list[str] = []
    conflicts: list[str] = []
    for item in incoming:
        # Two files of one call may have the same name: the second one is "name (2)".
        name = free_name(item.record.title, taken)
        holder = present.get(name)
        if holder is not None and on_conflict == "rename":
            name, holder = _renamed(stored, item.record, name, present, taken)
        taken.add(name)
        item.name = name
        if holder is not None and equal(stored[holder], item.record):
            transaction.take_name(name, holder)
            names.append(name)
            continue
        if holder is not None and on_conflict in ("error", "skip"):
            conflicts.append(name)
            continue
        kept.append((item, holder))
        names.append(name)
    if conflicts and on_conflict == "error":
        raise NameConflictError(
            "reading files: these names are already used by different objects: "
            f'{list_names(conflicts)}; pass on_conflict="replace", "rename" or "skip"'
        )
    _write(transaction, kept)
    return names


def _renamed(
    stored: _Stored,
    record: Record,
    name: str,
    present: Mapping[str, str],
    taken: set[str],
) -> tuple[str, str | None]:
    """Return another name for an object, and the equal object that has it, if any.

    An object that an earlier call has renamed is found again, so that a notebook can
    run twice.
    """
    tried = set(taken)
    while name in present:
        if equal(stored[present[name]], record):
            return name, present[name]
        tried.add(name)
        name = free_name(record.title, tried)
    return name, None


def _write(
    transaction: Transaction, kept: Sequence[tuple[_Incoming, str | None]]
) -> None:
    backend = transaction.backend
    with backend.bulk(), Progress("adding objects", len(kept)) as progress:
        for item, holder in kept:
            name = item.name
            group = checked_group(transaction, name, item.group)
            if holder is None:
                record = _titled(item.record, name, item.record.uuid)
                transaction.recorder.on_stored(record, name)
                transaction.add(record, name, group=group)
            else:
                record = _titled(item.record, str(backend.title_of(holder)), holder)
                transaction.recorder.on_stored(record, name)
                transaction.replace(record, group=group, restorable=True)
                transaction.take_name(name, holder)
            progress.advance(1)


def _titled(record: Record, title: str, uuid: str) -> Record:
    # A copy, because the transaction may have to start over.
    return replace(record, uuid=uuid, fields=record.fields | {"title": title})
