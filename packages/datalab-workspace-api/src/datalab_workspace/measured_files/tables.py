"""Read signals and images from text tables.

Upstream: docs/upstream/sigima_reading_tables.md
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datalab_workspace.errors import UnreadableFileError, UnsupportedDtypeError
from datalab_workspace.measured_files import oscilloscopes
from datalab_workspace.measured_files.cells import date_form, number_marks, year_of
from datalab_workspace.measured_files.dialect import is_row
from datalab_workspace.measured_files.notes import Notes
from datalab_workspace.measured_files.options import ReadOptions, TableOptions, given
from datalab_workspace.measured_files.table_body import read_body
from datalab_workspace.measured_files.table_layout import Layout, find_table
from datalab_workspace.measured_files.text import Text, read_text
from datalab_workspace.model import dates
from datalab_workspace.model.record import SOURCE_KEY

if TYPE_CHECKING:
    import pandas as pd
    from sigima import ImageObj, SignalObj

#: The number of columns of a table without a header that may be an image.
_MANY_COLUMNS = 10
#: The years that nanoseconds can count; sigima reads other dates wrong.
_YEARS = range(1678, 2262)


def read_table_file(
    path: Path, options: ReadOptions, notes: Notes
) -> Sequence[SignalObj | ImageObj]:
    """Return the objects of a text file.

    Sigima reads the file where its result agrees with the layout of the table that is
    found here, so that DataLab shows the same. Otherwise pandas reads the table.

    Args:
        path: The file.
        options: The options of the call.
        notes: Takes what the user should know.

    Raises:
        UnreadableFileError: The file has no table of numbers, or a table that can be
            read in several ways.
    """
    if options.kind != "signal" and _is_coordinated(path):
        from sigima.io import read_images

        return list(read_images(str(path)))
    text = read_text(path, options.table.encoding)
    layout = find_table(text, options.table)
    form = oscilloscopes.form(text, layout)
    if form is not None:
        return _signals(*form(text, layout), options.table)
    kind = options.kind or _kind(text, layout)
    if kind == "image":
        return [_image(text, layout, options.table)]
    if not given(options.table) and _suits_sigima(text, layout):
        found = _read_with_sigima(path)
        if _agrees(found, text, layout):
            _note_constants(found, layout, path, notes)
            return found
        own = _signals(text, layout, options.table)
        return found if _has_names(found, layout) and _same_values(found, own) else own
    return _signals(text, layout, options.table)


def _is_coordinated(path: Path) -> bool:
    """Return whether a file lists the points of an image with their coordinates."""
    with path.open("rb") as file:
        if file.read(1) != b"#":
            return False
    try:
        from sigima.io.image.formats import (
            CoordinatedTextFileReader,
            NotCoordinatedTextFileError,
        )
    except ImportError:  # sigima 1.0
        return False
    try:
        metadata = CoordinatedTextFileReader.read_metadata(str(path))
        CoordinatedTextFileReader.verify_metadata(str(path), metadata)
    except (NotCoordinatedTextFileError, ValueError):
        return False
    return True


def _kind(text: Text, layout: Layout) -> str:
    """Return the kind of object that a table holds.

    Raises:
        UnreadableFileError: It has no header, and its columns may be curves or the
            rows of an image.
    """
    if layout.header or layout.columns <= 2:
        return "signal"
    firsts = _first_column(text, layout)
    steps = np.diff(firsts)
    is_axis = len(steps) > 0 and bool((steps > 0).all() or (steps < 0).all())
    is_wide = layout.columns >= _MANY_COLUMNS
    if is_axis != is_wide:
        return "signal" if is_axis else "image"
    raise UnreadableFileError.of(
        text.path,
        f"a table of {layout.columns} columns without a header may be curves or an "
        "image",
        "pass kind='signal' or kind='image'",
    )


def _first_column(text: Text, layout: Layout) -> np.ndarray[Any, Any]:
    dialect = layout.dialect
    values: list[float] = []
    last = min(layout.last, layout.first + 100)
    for line in filter(is_row, text.lines[layout.first : last]):
        if cells := dialect.split(line):
            form = date_form(cells[0])
            values.append(float(len(values)) if form else _value(cells[0], layout))
    return np.array(values)


def _value(cell: str, layout: Layout) -> float:
    dialect = layout.dialect
    if number_marks(cell, dialect.decimal) is None or not cell:
        return float("nan")
    for mark in dialect.thousands:
        cell = cell.replace(mark, "")
    try:
        return float(cell.replace(dialect.decimal, "."))
    except ValueError:  # one of the names of missing values
        return float("nan")


# -- sigima's reading -----------------------------------------------------------------


def _suits_sigima(text: Text, layout: Layout) -> bool:
    """Return whether sigima may read a table right."""
    cells = layout.dialect.split(text.lines[layout.first])
    forms = {date_form(cell) for cell in cells[:2]}
    last = layout.dialect.split(text.lines[layout.last - 1])
    years = (year_of(cell) for cell in (*cells[:2], *last[:2]))
    if any(year is not None and year not in _YEARS for year in years):
        return False
    return (
        text.is_utf8
        and not layout.units
        and not layout.dialect.thousands
        and layout.dialect.strict
        and not forms & {"clock", "day or month"}
    )


def _read_with_sigima(path: Path) -> list[SignalObj]:
    from sigima.io.base import IOAction
    from sigima.io.signal.base import SignalIORegistry

    # By the format, not by the suffix: tables have other ones, too.
    reader = SignalIORegistry.get_format("table.csv", IOAction.LOAD)
    try:
        return list(reader.read(str(path)))
    except Exception:  # noqa: BLE001 - pandas reads what sigima cannot, and reports errors
        return []


def _agrees(found: Sequence[SignalObj], text: Text, layout: Layout) -> bool:
    """Return whether sigima's signals have the rows, names and values of the table."""
    if not found or any(signal.x.size != layout.rows for signal in found):
        return False
    if any(np.isnan(signal.xydata.sum()) for signal in found):
        return False  # a missing value, or a cell that sigima could not read
    split = layout.dialect.split
    first = _values(split(text.lines[layout.first]), layout)
    last = _values(split(text.lines[layout.last - 1]), layout)
    return (
        _has_names(found, layout)
        and _is_among(found[0].y[0], first)
        and _is_among(found[-1].y[-1], last)
    )


def _is_among(value: complex, values: Sequence[float]) -> bool:
    # Pandas' fast parser, which sigima uses, may miss the last digit.
    return bool(np.isclose(values, value, rtol=1e-14, atol=0).any())


def _has_names(found: Sequence[SignalObj], layout: Layout) -> bool:
    """Return whether sigima's signals have the names of the columns, if there are any.

    Without a header, sigima numbers the columns.
    """
    if not layout.header:
        return all(signal.ylabel.isdecimal() or not signal.ylabel for signal in found)
    return all(
        any(cell.startswith(signal.ylabel) for cell in layout.header)
        for signal in found
    )


def _values(cells: Sequence[str], layout: Layout) -> list[float]:
    return [_value(cell, layout) for cell in cells]


def _same_values(found: Sequence[SignalObj], own: Sequence[SignalObj]) -> bool:
    return len(found) == len(own) and all(
        a.xydata.shape == b.xydata.shape
        and np.array_equal(a.xydata, b.xydata, equal_nan=True)
        for a, b in zip(found, own, strict=True)
    )


def _note_constants(
    found: Sequence[SignalObj], layout: Layout, path: Path, notes: Notes
) -> None:
    """Note the columns that sigima has made entries of the metadata."""
    names = layout.header or [str(column) for column in range(layout.columns)]
    kept = [name for name in names if name and name in found[0].metadata]
    if kept:
        notes.add(
            "columns that hold one value only are in the metadata of the signals, as "
            "in DataLab",
            path,
            ", ".join(map(repr, kept[:5])),
        )


# -- the reading of the layout --------------------------------------------------------


def _signals(text: Text, layout: Layout, options: TableOptions) -> list[SignalObj]:
    from sigima import create_signal

    frame = read_body(text, layout, options.dayfirst)
    frame, labels, units = _named(frame, layout)
    if frame.shape[1] == 1:
        frame.insert(0, "index", np.arange(len(frame), dtype=float))
        labels, units = ["", *labels], ["", *units]
    signals = []
    several = frame.shape[1] > 2
    for column in range(1, frame.shape[1]):
        title = text.path.name + (f" {column - 1:02d}" if several else "")
        signal = create_signal(title, metadata={SOURCE_KEY: str(text.path)})
        if layout.preamble:
            signal.metadata["header"] = layout.preamble
        x, unit = _axis(frame.iloc[:, 0], units[0], text.path)
        if _has_dates(frame):
            # With the metadata that sigima gives; its seconds are wrong outside the
            # years that nanoseconds can count.
            signal.set_x_from_datetime([0.0], unit=unit)
        signal.set_xydata(x, frame.iloc[:, column].to_numpy(float))
        signal.xlabel, signal.xunit = labels[0], unit
        signal.ylabel, signal.yunit = labels[column], units[column]
        signals.append(signal)
    return signals


def _has_dates(frame: pd.DataFrame) -> bool:
    return "datetime" in str(frame.dtypes.iloc[0])


def _axis(values: pd.Series, unit: str, path: Path) -> tuple[np.ndarray[Any, Any], str]:
    """Return the values of an axis, and their unit.

    Raises:
        UnreadableFileError: They are dates that seconds in float64 cannot tell apart.
    """
    kind = str(values.dtype)
    if "timedelta" in kind:
        return values.dt.total_seconds().to_numpy(), "s"
    if "datetime" in kind:
        return _seconds(values.to_numpy(), path), "s"
    return values.to_numpy(float), unit


def _seconds(found: np.ndarray[Any, Any], path: Path) -> np.ndarray[Any, Any]:
    try:
        return dates.to_seconds(found, "x")
    except UnsupportedDtypeError:
        if np.isnat(found).any():
            raise UnreadableFileError.of(
                path, "some of its dates are missing", "remove these lines"
            ) from None
    # Of nanoseconds, float64 keeps the microseconds.
    rounded = found.astype("datetime64[us]")
    if len(np.unique(rounded)) < len(np.unique(found)):
        raise UnreadableFileError.of(
            path,
            "its dates differ by less than a microsecond, which seconds since 1970 in "
            "float64 cannot keep",
            "write the time since the first date into the file instead",
        )
    return dates.to_seconds(rounded, "x")


def _named(
    frame: pd.DataFrame, layout: Layout
) -> tuple[pd.DataFrame, list[str], list[str]]:
    """Return the columns that are drawn, their labels and their units."""
    from sigima.io.signal.funcs import get_labels_units_from_dataframe

    if frame.shape[1] > 1 and "datetime" in str(frame.dtypes.iloc[1]):
        frame = frame.iloc[:, 1:]  # without the column that numbers the dates
    columns = [int(column) for column in frame.columns]
    if not layout.header:
        return frame, [""] * len(columns), [""] * len(columns)
    names = [layout.header[c] if c < len(layout.header) else "" for c in columns]
    titled = frame.iloc[:0].set_axis(names, axis=1)
    xlabel, ylabels, xunit, yunits = get_labels_units_from_dataframe(titled)
    units = [xunit, *yunits]
    for place, column in enumerate(columns):
        if column < len(layout.units) and layout.units[column]:
            units[place] = layout.units[column]
    return frame, [xlabel, *ylabels], units


def _image(text: Text, layout: Layout, options: TableOptions) -> ImageObj:
    from sigima import create_image

    without_names = dataclasses.replace(layout, header=())
    frame = read_body(text, without_names, options.dayfirst, all_lines=True)
    data = frame.to_numpy()
    if data.dtype.kind not in "iuf":
        raise UnreadableFileError.of(
            text.path, "an image has no dates", "pass kind='signal'"
        )
    from sigima.io.common.converters import convert_array_to_valid_dtype
    from sigima.objects import ImageObj as Image

    data = convert_array_to_valid_dtype(data, Image.VALID_DTYPES)
    return create_image(text.path.name, data, metadata={SOURCE_KEY: str(text.path)})
