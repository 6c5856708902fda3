"""The summary of a run: a signal for each column of numbers, and a table."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid5

import numpy as np

from datalab_workspace.batch.results.columns import Column, Columns
from datalab_workspace.batch.results.distribution import MOST_OBJECTS
from datalab_workspace.model.record import FieldValue, Record
from datalab_workspace.model.units import with_unit

#: The group of the signals in the summary project.
GROUP = "Summary"
#: DataLab reads a table row by row, a few milliseconds for each. A table with more rows
#: is replaced by the statistics of its columns.
MOST_ROWS = 200
#: The signals are drawn as points, as DataLab notes it in metadata. It takes a
#: millisecond for each point of a line that goes up and down.
_POINTS: Mapping[str, Any] = MappingProxyType(
    {
        "style": "NoPen",
        "marker": "Ellipse",
        "size": 4,
        "facecolor": "#1f77b4",
        "edgecolor": "#1f77b4",
    }
)
#: The name of the feature that a table result states, and the metadata key of sigima's
#: form.
_FEATURE = "batch"
_TABLE_KEY = f"Table_{_FEATURE}_dict"
_NAMESPACE = UUID("2f0c9e52-6f0e-5d0c-9a55-6f5f0f1f3c55")


def summary_records(columns: Columns) -> list[Record]:
    """Return the signals of the summary.

    Args:
        columns: The table. If it has more rows than `MOST_ROWS`, its columns of numbers
            are removed: a million rows are then never in memory twice.

    Returns:
        A signal for each of the first `MOST_OBJECTS` columns of numbers: x is the
        number of the row, from 1, and y the value, or NaN if it is missing. The first
        signal has a result that DataLab shows: the table, or the statistics of these
        columns if it has more rows than
        `MOST_ROWS`.
    """
    length = len(columns)
    is_short = length <= MOST_ROWS
    records = []
    for name in [*columns.numeric()][:MOST_OBJECTS]:
        column = columns.values[name] if is_short else columns.values.pop(name)
        data = np.empty((2, length))
        data[0] = np.arange(1.0, length + 1)
        data[1] = column.as_floats()
        records.append(_signal(name, data, columns.units.get(name, "")))
    if records:
        table = _all_rows(columns) if is_short else _statistics(records)
        records[0].metadata[_TABLE_KEY] = table
    return records


def _signal(name: str, data: np.ndarray[Any, Any], unit: str) -> Record:
    fields: dict[str, FieldValue] = {
        "title": name,
        "xlabel": "Item",
        "ylabel": name,
        "yunit": unit,
    }
    # The same values have the same UUID, and those of another run have another one.
    digest = hashlib.sha256(data.data).hexdigest()
    # The name may have bytes of a file's name that stand for no character.
    known = name.encode("utf-8", "backslashreplace").decode()
    uuid = str(uuid5(_NAMESPACE, f"{known}|{digest}"))
    return Record("signal", fields, {"xydata": data}, dict(_POINTS), uuid)


def _all_rows(columns: Columns) -> dict[str, Any]:
    names = ["item", *columns.values]
    parts = [list(columns.names), *map(_plain, columns.values.values())]
    if columns.errors:
        names.append("error")
        parts.append([error or "" for error in columns.all_errors()])
    rows = [list(row) for row in zip(*parts, strict=True)]
    units = [columns.units.get(name, "") for name in names]
    headers = list(map(with_unit, names, units))
    return {**_table("Results of all items", headers, rows), "attrs": {"units": units}}


def _plain(column: Column) -> list[Any]:
    """Return values of types that DataLab can show."""
    if column.is_numeric:
        return [float(value) for value in column.as_floats()]
    return ["" if value is None else str(value) for value in column]


def _statistics(records: Iterable[Record]) -> dict[str, Any]:
    names = ["column", "values", "missing", "min", "mean", "median", "max", "std"]
    rows = []
    for record in records:
        data = record.array("xydata")
        assert data is not None
        known = data[1][~np.isnan(data[1])]
        title = with_unit(record.title, str(record.fields["yunit"]))
        row: list[Any] = [title, len(known), data.shape[1] - len(known)]
        rows.append(row + _statistics_of(known))
    return _table("Statistics of all items", names, rows)


def _statistics_of(values: np.ndarray[Any, Any]) -> list[float]:
    functions = (np.min, np.mean, np.median, np.max, np.std)
    if not len(values):
        return [math.nan] * len(functions)
    with np.errstate(all="ignore"):  # infinite values
        return [float(function(values)) for function in functions]


def _table(title: str, names: list[str], rows: list[list[Any]]) -> dict[str, Any]:
    """Return a table in the form of sigima's `TableResult.to_dict`."""
    return {
        "schema": 1,
        "title": title,
        "kind": "results",
        "names": names,
        "data": rows,
        "func_name": _FEATURE,
        "attrs": {},
    }
