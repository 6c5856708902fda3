"""Write text files: CSV for signals, tables of numbers for images.

Upstream: docs/upstream/sigima_writers.md
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

import numpy as np

from datalab_workspace.export_formats.base import (
    NamedRecord,
    data_of,
    has_own_coordinates,
)
from datalab_workspace.model import dates
from datalab_workspace.model.metadata_values import converts_exactly
from datalab_workspace.model.plain_arrays import filled_with_nan, uncertainties
from datalab_workspace.model.record import Record
from datalab_workspace.model.sigima_objects import to_object
from datalab_workspace.model.units import with_unit
from datalab_workspace.runtime import require

_ROWS_AT_ONCE = 2**14


def write_signals(
    signals: Sequence[NamedRecord],
    file: BinaryIO,
    lossy: bool,  # noqa: ARG001  (masked samples are NaN)
) -> None:
    """Write signals with the same x as columns: x, and y of each, with uncertainties.

    The first row names the columns, with units: "Time (s)", "Voltage (V)". Dates are
    written in the form 2025-06-19T12:00:00. Numbers are written with all their digits.
    """
    first = signals[0].record
    x_name, x = _x_column(first)
    columns = {x_name: x}
    for signal in signals:
        for name, values in _y_columns(signal, alone=len(signals) == 1):
            columns[_new_name(name, columns)] = values
    with _text(file) as text:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        for start in range(0, len(x), _ROWS_AT_ONCE):
            rows = slice(start, start + _ROWS_AT_ONCE)
            blocks = [values[rows].tolist() for values in columns.values()]
            writer.writerows(zip(*blocks, strict=True))


def write_image(
    images: Sequence[NamedRecord],
    file: BinaryIO,
    lossy: bool,  # noqa: ARG001  (masked pixels are NaN)
    *,
    delimiter: str,
) -> None:
    """Write the pixels of an image as rows of numbers.

    An image whose coordinates are not in equal steps, or that is complex, becomes a
    table of x, y and z with a header, as sigima writes and reads it.
    """
    record = images[0].record
    data = filled_with_nan(data_of(record))
    if _is_table(record):
        _write_table(record, data, file)
        return
    numbers = data.astype(np.uint8) if data.dtype.kind == "b" else data
    with _text(file) as text:
        writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
        step = max(1, _ROWS_AT_ONCE // max(1, numbers.shape[1]))
        for start in range(0, len(numbers), step):
            writer.writerows(numbers[start : start + step].tolist())


def image_problem(record: Record) -> str | None:
    """Return why the pixels of an image cannot be written as text, or None."""
    data = data_of(record)
    if data.dtype.kind not in "iu" or not _is_table(record):
        return None
    if converts_exactly(data, np.dtype(np.float64)):
        return None
    return "its integers have more digits than the format can hold"


def image_parts(record: Record) -> frozenset[str]:
    """Return the parts of an image, besides its data, that a text file keeps."""
    parts = ("coordinates", "calibration", "labels", "units")
    return frozenset(parts if _is_table(record) else ())


def _is_table(record: Record) -> bool:
    is_complex = record.dtype is not None and record.dtype.kind == "c"
    return is_complex or has_own_coordinates(record)


def _write_table(record: Record, data: np.ndarray[Any, Any], file: BinaryIO) -> None:
    require("sigima", "a table of coordinates", "export to .npy")
    from sigima.io.image.formats import CoordinatedTextFileWriter

    # Its metadata would become lines of the header that need not be readable.
    plain = Record("image", dict(record.fields), {**record.arrays, "data": data})
    with TemporaryDirectory() as folder:
        path = Path(folder, "table.txt")
        CoordinatedTextFileWriter.write_image(str(path), to_object(plain))
        file.write(path.read_bytes())


def _x_column(record: Record) -> tuple[str, np.ndarray[Any, Any]]:
    x = np.ma.getdata(data_of(record))[0].real
    if not dates.is_dates(record.metadata):
        return _labelled(record, "x"), x
    texts = np.datetime_as_string(dates.dates_of(record.metadata, x))
    if dates.TIMEZONE_KEY in record.metadata:
        texts = np.char.add(texts, "Z")  # they are UTC
    return str(record.fields["xlabel"] or "Time"), texts


def _y_columns(
    signal: NamedRecord, *, alone: bool
) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    record = signal.record
    rows = filled_with_nan(data_of(record))
    unit = f" ({record.fields['yunit']})" if record.fields["yunit"] else ""
    x_unit = f" ({record.fields['xunit']})" if record.fields["xunit"] else ""
    label = str(record.fields["ylabel"] or "y") if alone else signal.name
    if rows.dtype.kind == "c":
        yield f"{label} real{unit}", rows[1].real
        yield f"{label} imaginary{unit}", rows[1].imag
    else:
        yield f"{label}{unit}", rows[1]
    prefix = "" if alone else f"{signal.name} "
    for name, row in uncertainties(rows).items():
        yield f"{prefix}{name}{x_unit if name == 'dx' else unit}", row


def _labelled(record: Record, axis: str) -> str:
    label = str(record.fields[f"{axis}label"] or axis)
    return with_unit(label, str(record.fields[f"{axis}unit"] or ""))


def _new_name(name: str, columns: dict[str, Any]) -> str:
    number, new = 1, name
    while new in columns:
        number += 1
        new = f"{name} {number}"
    return new


class _text(io.TextIOWrapper):  # noqa: N801  (used as a function)
    """Text in UTF-8 in a binary file, which stays open."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file, encoding="utf-8", newline="")

    def __exit__(self, *_: object) -> None:
        self.flush()
        self.detach()
