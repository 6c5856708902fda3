"""The history of an object in a file or protocol: an entry of its sidecar.

The entry belongs to an object with one UUID, whose data has one fingerprint. DataLab
copies metadata to the objects that it computes, and keeps it when it computes an object
again. So an entry that came through DataLab counts only if both are right. This is
found out when the history is first needed, because it takes time for data that has not
been read.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from datalab_workspace.encoding import typed_json
from datalab_workspace.encoding.arrays import sampled_fingerprint
from datalab_workspace.encoding.metadata import check_dict
from datalab_workspace.history.steps import (
    Edit,
    Fingerprint,
    RecordHistory,
    Step,
    Stored,
    describes_data,
)
from datalab_workspace.history.storage import rows, rows_reader
from datalab_workspace.model.record import FIELDS, ROI_KEY, Array, Kind, Record
from datalab_workspace.runtime import NEWER_VERSION
from datalab_workspace.validation import warn_caller

FORMAT = 1
_DEFAULTS = {
    kind: {name: spec.default for name, spec in specs.items()}
    for kind, specs in FIELDS.items()
}


class Entry:
    """The written form of the history of one object.

    It holds for data with a fingerprint, whether or not the object still has that. So
    the history of another object can go on here.

    Args:
        content: The entry as JSON data.

    Attributes:
        content: See above.
    """

    def __init__(self, content: dict[str, Any]) -> None:
        self.content = content
        self._step: Step | None = None

    # pickle would follow the steps, which may be many.

    def __reduce__(self) -> tuple[Any, ...]:
        return Entry, (self.content,)

    @property
    def uuid(self) -> Any:
        """UUID of the object for which it was written."""
        return self.content.get("uuid")

    @property
    def fingerprint(self) -> Fingerprint | None:
        """The fingerprint of the data for which it was written; None if it has none."""
        return rows_reader.fingerprint(self.content.get("of"))

    @property
    def is_read(self) -> bool:
        """Whether `step` has been called."""
        return self._step is not None

    def uses(self) -> Iterator[tuple[str, int]]:
        """Yield UUID and checksum of each object whose history it refers to.

        Raises:
            ValueError: It is malformed.
        """
        for uuid, crc in dict(self.content.get("uses", {})).items():
            yield rows_reader.short_string(uuid), rows_reader.integer(crc)

    def step(self, title: str) -> Step:
        """Return the latest step of the object; always the same one.

        Args:
            title: The title of the object.

        Raises:
            ValueError: It cannot be read.
        """
        if self._step is None:
            self._step = self._latest(title)
        return self._step

    def _latest(self, title: str) -> Step:
        version = self.content.get("format")
        if version != FORMAT:
            raise ValueError(
                f"this version cannot read its format {version!r:.20}; {NEWER_VERSION}"
            )
        latest = rows_reader.read(self.content.get("steps"))
        made = latest.stored
        latest.stored = Stored(
            str(self.uuid),
            title if made is None else made.name,
            fingerprint=self.fingerprint,
            cell=None if made is None else made.cell,
        )
        return latest


class Written:
    """The history of a record, in the form in which it was read.

    Nothing changes it, so copies of a record share it.

    Args:
        entry: What was read.
        record: The record that it came with.
        data: The data with which the fingerprint is compared; None if nothing can have
            changed the object since the entry was written.
        is_guess: The protocol does not say whether it is the object of the entry.

    Attributes:
        entry: See above.
    """

    def __init__(
        self,
        entry: Entry,
        record: Record,
        data: Array = None,
        *,
        is_guess: bool = False,
    ) -> None:
        self.entry = entry
        self._uuid, self._is_guess = record.uuid, is_guess
        self._kind: Kind = record.kind
        self._title = record.title
        self._fields = record.fields
        self._roi = record.metadata.get(ROI_KEY)
        self._data = data
        self._history: RecordHistory | None = None
        self._is_refused = entry.uuid != record.uuid or "changed" in entry.content

    def __copy__(self) -> Written:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Written:
        return self

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_history": None}

    def belongs(self) -> bool:
        """Return whether it is the history of the object that it was found on.

        Raises:
            ValueError: Its fingerprint is malformed.
        """
        data, self._data = self._data, None
        if data is not None and not self._is_refused:
            self._is_refused = sampled_fingerprint(data) != self.entry.fingerprint
        return not self._is_refused

    def history(self) -> RecordHistory | None:
        """Return the history; None if it is not that of the object.

        Warns:
            UserWarning: It cannot be read.
        """
        if self._history is None and not self._is_refused:
            try:
                if self.belongs():
                    step = self._with_edit(self.entry.step(self._title))
                    self._history = RecordHistory(step, self._fields, self._roi)
            except (ValueError, TypeError) as error:
                self._is_refused = True
                warn_caller(
                    f"the history of {self._title!r:.80} cannot be read: {error}",
                    UserWarning,
                )
        return self._history

    def former(self) -> Step | None:
        """Return the latest step before the data of the object was changed elsewhere.

        Returns:
            The step; None if it is the history of another object, or malformed.
        """
        if self._is_guess or self.entry.uuid != self._uuid:
            return None
        try:
            return self.entry.step(self._title)
        except (ValueError, TypeError):  # `history` warns of it
            return None

    def _with_edit(self, step: Step) -> Step:
        """Return the latest step, on which fields and regions may have been set."""
        changed, sets_roi = self._changed_fields(), self._has_other_roi()
        if not changed and not sets_roi:
            return step
        values = {name: self._fields.get(name) for name in changed}
        return Step(Edit(values, self._roi if sets_roi else None, sets_roi), (step,))

    def _changed_fields(self) -> list[str]:
        before, now = self.entry.content.get("set", {}), _checksums(self._fields)
        check_dict(before, "the table of its fields")
        defaults = _checksums(_DEFAULTS[self._kind])
        return sorted(
            name
            for name, crc in now.items()
            if before.get(name, defaults.get(name)) != crc
        )

    def _has_other_roi(self) -> bool:
        return bool(self.entry.content.get("roi", 0) != roi_checksum(self._roi))


def encode(
    step: Step,
    record: Record,
    mark: Fingerprint | None,
    *,
    made_with: tuple[Mapping[str, Any], Any] | None = None,
    **options: Any,
) -> Entry:
    """Return the history of a record as an entry for a file or protocol.

    Args:
        step: The latest step of the record.
        record: The record.
        mark: The `sampled_fingerprint` of its data in the file.
        made_with: The fields and regions that the record had after that step, if they
            have been set since.
        options: See `rows.write`.
    """
    fields, roi = made_with or (record.fields, record.metadata.get(ROI_KEY))
    steps, references, private = rows.write(step, **options)
    defaults = _DEFAULTS[record.kind]
    given = {
        name: value
        for name, value in fields.items()
        if name not in defaults or value != defaults[name]
    }
    content = {
        "format": FORMAT,
        "uuid": record.uuid,
        "of": rows.as_list(mark),
        "set": _checksums(given),
        "roi": roi_checksum(roi),
        "private": private,
        "uses": {one.uuid: (one.fingerprint or (0,))[0] for one in references},
        "steps": steps,
    }
    return Entry({key: value for key, value in content.items() if value})


def _checksums(fields: Mapping[str, Any]) -> dict[str, int]:
    """Return a checksum of each field that is compared."""
    return {
        name: zlib.crc32(repr(value).encode("utf-8", "surrogatepass"))
        for name, value in fields.items()
        if describes_data(name)
    }


def roi_checksum(roi: Any) -> int:
    """Return a checksum of regions of interest; 0 for none."""
    if not roi:
        return 0
    text = json.dumps(typed_json.encode(roi, lambda array: array.tolist()))
    return zlib.crc32(text.encode())
