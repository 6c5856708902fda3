"""The histories of objects that came without one, from DataLab or from a file.

Only DataLab's notes and the loaded files say how they were made. A running DataLab
sends an object again each time it is needed. So its history is kept here, by the UUID
of the object and the fingerprint of its data.
"""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from datalab_workspace.encoding.arrays import data_fingerprint
from datalab_workspace.errors import LiveError, ObjectNotFoundError
from datalab_workspace.history import failures
from datalab_workspace.history.recording.added_record import current
from datalab_workspace.history.recording.datalab_notes import noted_step, sources_of
from datalab_workspace.history.steps import (
    FileRead,
    Fingerprint,
    RecordHistory,
    Reference,
    Step,
    Stored,
    Unknown,
)
from datalab_workspace.model.metadata_values import values_equal
from datalab_workspace.model.record import PROCESSING_KEY, ROI_KEY, Kind, Record

if TYPE_CHECKING:
    from datalab_workspace.session import Session

#: Objects whose histories are kept.
_MOST = 10_000
#: The name of an object that DataLab's note refers to, and that was removed.
_GONE = "removed object"


@dataclass
class _Kept:
    """The facts about an object that came without a history.

    Attributes:
        mark: The fingerprint of its data.
        note: DataLab's note about it.
        history: Its history.
    """

    mark: Fingerprint
    note: Any
    history: RecordHistory


class Origins:
    """The histories of objects that came without one.

    Args:
        session: The session, if it still exists.
        history: Returns the history of any record.
    """

    def __init__(
        self,
        session: weakref.ref[Session],
        history: Callable[[Record], RecordHistory],
    ) -> None:
        self._session = session
        self._history = history
        # The files that were loaded, with the UUIDs of their objects.
        self._loaded: list[tuple[FileRead, Container[str]]] = []
        # While DataLab's notes are followed: the records, and those being read.
        self._followed: dict[str, Record] = {}
        self._in_progress: set[str] = set()
        #: Records that have just been read, by UUID, and need not be read again.
        self.at_hand: Mapping[str, Record] = {}
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def note_file(self, read: FileRead, uuids: Container[str]) -> None:
        """Note that objects were loaded from a project file."""
        self._loaded.append((read, uuids))

    def mark(self, record: Record) -> Fingerprint | None:
        """Return the fingerprint of the data of a record that may be sent again.

        Returns:
            The fingerprint; None if the record itself is kept by the workspace, or has
            no data here.
        """
        if record.arrays and (self._is_live() or record.uuid in self._kept):
            return data_fingerprint(record)
        return None

    def of(self, record: Record, mark: Fingerprint | None = None) -> RecordHistory:
        """Return the history of a record that came without one.

        Args:
            record: The record.
            mark: See `mark`; None to compute it.
        """
        mark = mark or self.mark(record)
        kept = self._kept.get(record.uuid)
        note = record.metadata.get(PROCESSING_KEY)
        if kept and kept.mark == mark and values_equal(kept.note, note):
            record.history = kept.history
            kept.history = current(record)  # its fields may have been set since
            return kept.history
        history = self._noted(record, mark) if self._followed else self._found(record)
        if mark is not None:
            self._kept[record.uuid] = _Kept(mark, note, history)
            if len(self._kept) > _MOST:
                self._kept.popitem(last=False)
        return history

    def _found(self, record: Record) -> RecordHistory:
        """Return the history of a record after those of its sources."""
        try:
            self._follow(record)
            # The sources first, so that no chain is too deep.
            for each in reversed([*self._followed.values()]):
                self._history(each)
            history: RecordHistory = record.history
            return history
        finally:
            self._followed.clear()

    def _follow(self, record: Record) -> None:
        """Keep the records that DataLab's notes lead to, until they are read."""
        session = self._session()
        self._followed[record.uuid] = record
        if session is None:
            return
        todo = [record]
        try:
            with session.transaction(None) as transaction:
                for each in todo:
                    for uuid in sources_of(each):
                        if uuid in self._followed or not transaction.backend.has(uuid):
                            continue
                        source = self.at_hand.get(uuid)
                        if source is None:
                            source = transaction.backend.record(uuid)
                        self._followed[uuid] = source
                        if _is_without_history(source):
                            todo.append(source)
        except (LiveError, ObjectNotFoundError) as error:
            failures.note(error)

    def _noted(self, record: Record, mark: Fingerprint | None) -> RecordHistory:
        """Return the history that DataLab's note, or else the file, gives a record."""
        self._in_progress.add(record.uuid)
        try:
            step = noted_step(record, self._source)
        finally:
            self._in_progress.discard(record.uuid)
        if step is None:
            step = self._without_note(record)
        step.stored = Stored(record.uuid, record.title, record.version, mark)
        return RecordHistory(step, record.fields, record.metadata.get(ROI_KEY))

    def _without_note(self, record: Record) -> Step:
        """Return the step of a record that DataLab has not computed."""
        former = self._former(record)
        if former is not None:
            reason = "its data was changed in DataLab, or by another program"
            return Step(Unknown(reason), (former,))
        read = [r for r, uuids in self._loaded if record.uuid in uuids]
        if read:
            return Step(replace(read[-1], title=record.title))
        if self._is_live():
            return Step(Unknown("DataLab did not note how it was made"))
        return Step(Unknown("it was made before its history was kept"))

    def _is_live(self) -> bool:
        session = self._session()
        return session is not None and session.backend.location is not None

    def _former(self, record: Record) -> Step | None:
        """Return the last step before the data of a record was changed elsewhere."""
        from datalab_workspace.history.storage.written import Written

        kept, written = self._kept.get(record.uuid), record.history
        if isinstance(written, Written) and (step := written.former()) is not None:
            return step
        return None if kept is None else kept.history.step

    def _source(self, uuid: str) -> tuple[Kind | None, Step]:
        """Return kind and latest step of an object that DataLab's note names."""
        record = self._followed.get(uuid)
        if record is None or uuid in self._in_progress:
            return None, Step(Reference(uuid, _GONE))
        return record.kind, self._history(record).step


def _is_without_history(record: Record) -> bool:
    if isinstance(record.history, RecordHistory):
        return False
    try:
        return record.history is None or not record.history.belongs()
    except ValueError:  # it is malformed
        return True
