"""The run journal: the receipts of a run on disk, one line for each answer.

A line is JSON. It is valid only with its line break, so a line that a killed driver
wrote half is ignored, and the next driver removes it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from datalab_workspace.batch.folder.journal_lines import is_sound
from datalab_workspace.batch.item_results import ItemResult
from datalab_workspace.batch.messages import ItemFailure, Receipt, ResultObject, Row

_COMPLEX = "complex"


def answer_line(
    entries: Sequence[tuple[str, Receipt]],
    *,
    part: str | None,
    units: Mapping[str, str],
) -> dict[str, Any]:
    """Return the line of an answer.

    Args:
        entries: The names of the items with their receipts.
        part: The name of the part that holds the objects; None without objects.
        units: The unit of each column that has one.
    """
    line: dict[str, Any] = {"receipts": [_plain(name, one) for name, one in entries]}
    if part is not None:
        line["part"] = part
    if units:
        line["units"] = dict(units)
    return line


class JournalWriter:
    """Append lines to a run journal.

    Args:
        path: The journal. What a killed driver wrote half is removed.

    Attributes:
        size: The size of the journal in bytes: the offset of the next line.
    """

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("ab")
        self.size = _whole_size(path)
        self._file.truncate(self.size)

    def append(self, lines: Sequence[Mapping[str, Any]]) -> list[int]:
        """Write lines to the disk, and return their offsets.

        Raises:
            OSError: The disk is full, for example. The journal is as before.
        """
        offsets, data = [], bytearray()
        for line in lines:
            offsets.append(self.size + len(data))
            data += encode_line(line)
        try:
            self._file.write(data)
            self._file.flush()
            os.fsync(self._file.fileno())
        except BaseException:
            self._take_back()
            raise
        self.size += len(data)
        return offsets

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _take_back(self) -> None:
        # Not through the buffer, which would write its rest again.
        descriptor = os.dup(self._file.fileno())
        self._file = os.fdopen(descriptor, "ab")
        os.ftruncate(descriptor, self.size)


def encode_line(line: Mapping[str, Any]) -> bytes:
    """Return a line as bytes, with its line break."""
    text = json.dumps(line, separators=(",", ":"), default=_encode)
    return text.encode("ascii") + b"\n"


def read_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the whole lines of a journal with their offsets.

    A damaged line is left out: its items are computed again.
    """
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        offset = 0
        for data in file:
            if (line := decode_line(data)) is not None:
                yield offset, line
            offset += len(data)


def decode_line(data: bytes) -> dict[str, Any] | None:
    """Return a line; None if it is damaged or not whole."""
    if not data.endswith(b"\n"):
        return None
    try:
        line = json.loads(data, object_hook=_decode)
    except (ValueError, TypeError, RecursionError):
        return None
    return line if is_sound(line) else None


def result_of(line: Mapping[str, Any], position: int, index: int) -> ItemResult:
    """Return a receipt of a line.

    Args:
        line: The line.
        position: The position of the receipt in the line.
        index: The position of the item in the present list.
    """
    _, name, fingerprint, seconds, rows, failure = line["receipts"][position]
    receipt = Receipt(
        index,
        fingerprint,
        tuple(
            Row(row, values, tuple(ResultObject(*one) for one in objects))
            for row, values, objects in rows
        ),
        None if failure is None else ItemFailure(*failure),
        seconds,
    )
    return ItemResult(name, receipt, line.get("part"))


def _plain(name: str, receipt: Receipt) -> list[Any]:
    failure = receipt.failure
    return [
        receipt.index,
        name,
        receipt.fingerprint,
        round(receipt.seconds, 6),
        [
            [
                row.name,
                dict(row.values),
                [[one.uuid, one.name, one.kind] for one in row.objects],
            ]
            for row in receipt.rows
        ],
        None if failure is None else [failure.type, failure.message, failure.traceback],
    ]


def _encode(value: Any) -> Any:
    if hasattr(value, "item"):  # a NumPy scalar
        value = value.item()
    if isinstance(value, complex):
        return {_COMPLEX: [value.real, value.imag]}
    return value


def _decode(value: dict[str, Any]) -> Any:
    if len(value) == 1 and isinstance(parts := value.get(_COMPLEX), list):
        return complex(*parts)
    return value


def _whole_size(path: Path) -> int:
    """Return the size of a journal without a torn last line."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        while end:
            begin = max(0, end - 65536)
            file.seek(begin)
            found = file.read(end - begin).rfind(b"\n")
            if found >= 0:
                return begin + found + 1
            end = begin
    return 0
