"""Write the histories of all objects of one file, or of one object for a protocol.

In a file, the history of an object ends at objects of the same file that have not
changed since it used them. The histories of its other inputs are written with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import PurePath
from typing import Any, Literal, TypeAlias

from datalab_workspace.encoding.arrays import data_fingerprint, sampled_fingerprint
from datalab_workspace.history.steps import (
    Cell,
    FileRead,
    Fingerprint,
    RecordHistory,
    Reference,
    Step,
    Stored,
    Unknown,
    edit_chain,
)
from datalab_workspace.history.storage.rows import MOST_STEPS, as_list
from datalab_workspace.history.storage.written import Written, encode
from datalab_workspace.model.array_reference import ArrayReference
from datalab_workspace.model.project import Item
from datalab_workspace.model.record import SOURCE_KEY, Array, PendingRecord, Record

HistoryMode: TypeAlias = Literal["full", "calls"]
#: Returns the latest step of a record; None if it has no history.
Latest: TypeAlias = Callable[[Record], "Step | None"]
#: Returns the step that made the object of a reference; None if it is not known.
FindStep: TypeAlias = Callable[[Reference], "Step | None"]

_FOLDERS = re.compile(r".*[/\\]", re.DOTALL)
#: The greatest number of characters of all cells in one file.
_MOST_TEXT = 2 << 20
#: The greatest number of steps of an object that is sent alone.
_MOST_SENT = 1000


def find_nothing(_reference: Reference) -> None:
    """Return None: references are kept."""


def latest_of(record: Record) -> Step | None:
    """Return the latest step of a record outside a workspace; None if unknown."""
    history = record.history
    if isinstance(history, Written):
        history = history.history()
    return history.step if isinstance(history, RecordHistory) else None


class HistoryWriter:
    """The histories of the objects of one file.

    Args:
        mode: "full", or "calls" to leave out the text of cells and paths; None to
            leave out all.
        items: The objects of the file; None for an object that is sent alone, whose
            references are kept as they are.
        latest: See `Latest`.
        find: See `FindStep`.
        most_steps: See `rows.write`.

    Attributes:
        mode: See above.
        has_texts: Whether the text of a cell was written.
        written: The history that was written for each object, by UUID, in the form in
            which it was in memory.
    """

    def __init__(
        self,
        mode: HistoryMode | None = "full",
        items: Iterable[Item] | None = None,
        latest: Latest = latest_of,
        find: FindStep = find_nothing,
        *,
        most_steps: int = MOST_STEPS,
    ) -> None:
        self.mode = mode
        self.has_texts = False
        self._latest = latest
        self._find = find
        self._most_steps = most_steps
        self._room = _MOST_TEXT
        self._texts: dict[int, str | None] = {}
        self._is_alone = items is None
        self._items = {item.uuid: item for item in items or ()}
        self._marks: dict[str, Fingerprint | None] = {}
        self._writing = ""
        self.written: dict[str, object] = {}

    def entry_of_whole(self, record: Record) -> dict[str, Any] | None:
        """Return the entry of a record that is written unchanged; see `entry`."""
        return self._entry(record, lambda: data_fingerprint(record))

    def entry(self, record: Record, data: Array) -> dict[str, Any] | None:
        """Return the entry of a record; None if it has no history.

        Args:
            record: The record.
            data: Its data in the form that the file or protocol has.
        """
        return self._entry(record, lambda: sampled_fingerprint(data))

    def _entry(
        self, record: Record, mark_of: Callable[[], Fingerprint | None]
    ) -> dict[str, Any] | None:
        if self.mode is None or record.history is None:
            return None
        known = record.history
        passes = isinstance(known, Written) and self._may_pass(known)
        if passes and isinstance(record.data, ArrayReference):
            mark = known.entry.fingerprint  # without reading the data
        else:
            mark = mark_of()
        self._marks[record.uuid] = mark
        if passes:
            content = {
                **known.entry.content,
                "uuid": record.uuid,
                "of": as_list(mark),
            }
        else:
            step = self._latest(record)
            if step is None:
                return self._entry_of_changed(record, known)
            if _says_nothing(step):
                return None
            content = self._encode(step, record, mark)
            _note_mark(step, record, mark)
        self.has_texts |= content.get("private") == "text"
        self.written[record.uuid] = self._key(record)
        return content

    def _entry_of_changed(self, record: Record, known: object) -> dict[str, Any] | None:
        """Return the entry of a record whose data was changed elsewhere, if it has one.

        It describes the object before that.
        """
        if not isinstance(known, Written):
            return None
        former = known.former()
        if former is None or _says_nothing(former):
            return None
        content = self._encode(former, record, known.entry.fingerprint)
        return {**content, "changed": True}

    def metadata(self, record: Record) -> dict[Any, Any]:
        """Return the metadata of a record as it is written.

        sigima notes the path of the file of an object under "source". Unless the mode
        is "full", the folders are left out.
        """
        source = record.metadata.get(SOURCE_KEY)
        if self.mode == "full" or not isinstance(source, str | PurePath):
            return record.metadata
        name = _FOLDERS.sub("", str(source))
        return {**record.metadata, SOURCE_KEY: name}

    def differs(self, item: Item, before: HistoryWriter | None) -> bool:
        """Return whether the history of an object is not the one that was saved.

        It may become known later than the object.

        Args:
            item: The object.
            before: The writer of the save before.
        """
        if before is None or isinstance(item, PendingRecord):
            return False
        saved = before.written.get(item.uuid)
        return saved is not None and self._key(item) is not saved

    def holds(self, uuid: str, crc: int) -> bool:
        """Return whether histories can refer to an object of the file.

        Args:
            uuid: UUID of the object.
            crc: The checksum of its data when they used it.
        """
        claim = self._claim(uuid)
        return claim is not None and claim[0] == crc

    def release(self, before: HistoryWriter | None) -> None:
        """Release the objects after they have been written.

        Args:
            before: The writer of the save before, which wrote those that are not new.
        """
        if before is not None:
            kept = self._items.keys() - self.written.keys()
            self.written |= {u: k for u, k in before.written.items() if u in kept}
        self._items, self._texts, self._marks = {}, {}, {}
        self.__dict__.pop("_owners", None)

    def _encode(
        self, step: Step, record: Record, mark: Fingerprint | None
    ) -> dict[str, Any]:
        known, made_with = record.history, None
        if isinstance(known, RecordHistory) and known.step is step:
            made_with = known.fields, known.roi
        self._writing = record.uuid
        is_full = self.mode == "full"
        written = encode(
            step,
            record,
            mark,
            made_with=made_with,
            reference=self._reference,
            follow=self._follow,
            text_of=self._text if is_full else None,
            paths=is_full,
            uuids=self._is_alone,
            most_steps=self._most_steps,
        )
        return {**written.content, "alone": True} if self._is_alone else written.content

    def _key(self, record: Record) -> object:
        """Return an object that is the same as long as the history is."""
        known = record.history
        return known.entry if isinstance(known, Written) else self._latest(record)

    def _may_pass(self, known: Written) -> bool:
        """Return whether a history can be written as it was read."""
        content = known.entry.content
        try:
            return (
                known.belongs()
                and (self.mode == "full" or not content.get("private"))
                and self._is_alone is (content.get("alone") is True)
                and (self._is_alone or self._hold(known.entry.uses()))
            )
        except (ValueError, TypeError):
            return False

    def _hold(self, uses: Iterable[tuple[str, int]]) -> bool:
        """Return whether all objects that a history refers to are as they were."""
        return all(self.holds(uuid, crc) for uuid, crc in uses)

    def _claim(self, uuid: str) -> Fingerprint | None:
        """Return the fingerprint for which an object of the file has a history."""
        record = self._record(uuid)
        if record is None:
            return None
        known = record.history
        if isinstance(known, Written):
            try:
                return known.entry.fingerprint if known.belongs() else None
            except (ValueError, TypeError):
                return None
        step = None if known is None else self._latest(record)
        if step is None or _says_nothing(step):
            return self._mark(record)
        return None if step.stored is None else step.stored.fingerprint

    def _record(self, uuid: str) -> Record | None:
        item = self._items.get(uuid)
        if isinstance(item, PendingRecord):
            item = self._items[uuid] = item.resolve()
        return item

    def _follow(self, step: Step) -> Step:
        """Return the step that a reference leads to, unless it stays a reference."""
        if not isinstance(step.action, Reference) or self._reference(step):
            return step
        written = step.inputs[0] if step.inputs else step
        return self._find(step.action) or written

    def _reference(self, step: Step) -> Reference | None:
        """Return the reference to the object of a step, if it is in the file."""
        if isinstance(step.action, Reference):
            claim = self._claim(step.action.uuid)
            is_same = claim is not None and claim == step.action.fingerprint
            is_kept = self._is_alone and not step.inputs
            return step.action if is_same or is_kept else None
        record = self._owners.get(id(step))
        if record is None and step.stored is not None and step.stored.fingerprint:
            uuid = step.stored.uuid
            if self._claim(uuid) == step.stored.fingerprint:
                record = self._record(uuid)
        if record is None or record.uuid == self._writing:
            return None
        name = record.title if step.stored is None else step.stored.name
        edits = len(edit_chain(step)) - 1
        return Reference(record.uuid, name, self._mark(record), edits)

    @cached_property
    def _owners(self) -> dict[int, Record]:
        """The objects in memory, by the identity of the steps that end with edits."""
        owners: dict[int, Record] = {}
        for item in self._items.values():
            if isinstance(item, Record) and isinstance(item.history, RecordHistory):
                step = self._latest(item)
                for edited in [] if step is None else edit_chain(step):
                    owners.setdefault(id(edited), item)
        return owners

    def _mark(self, record: Record) -> Fingerprint | None:
        """Return the fingerprint of the data of an object in the file."""
        if record.uuid not in self._marks:
            self._marks[record.uuid] = data_fingerprint(record)
        return self._marks[record.uuid]

    def _text(self, cell: Cell) -> str | None:
        """Return the text of a cell, if there is room for it."""
        if id(cell) not in self._texts:
            text = cell.text
            if text is not None:
                self._room -= len(text)
            self._texts[id(cell)] = text if self._room >= 0 else None
        return self._texts[id(cell)]


def _note_mark(latest: Step, record: Record, mark: Fingerprint | None) -> None:
    """Note the fingerprint of the data with each step since it was made."""
    if latest.stored is None:
        latest.stored = Stored(
            record.uuid, record.title, record.version, mark, latest.cell
        )
    for step in edit_chain(latest):
        made = step.stored
        if made and made.uuid == record.uuid and made.fingerprint != mark:
            step.stored = Stored(made.uuid, made.name, made.version, mark, made.cell)


def _says_nothing(step: Step) -> bool:
    """Return whether only the project that held the object before is known."""
    action = step.action
    loaded = isinstance(action, FileRead) and action.reader == "load"
    return (loaded or isinstance(action, Unknown)) and not step.inputs


def sent_alone() -> HistoryWriter:
    """Return the writer for an object that a protocol transports."""
    return HistoryWriter(most_steps=_MOST_SENT)
