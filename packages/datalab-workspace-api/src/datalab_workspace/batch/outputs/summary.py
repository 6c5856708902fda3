"""The summary of a run: a signal for each column of numbers, and a table."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
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
#: The names of the features that table results state.
_FEATURE = "batch"
_PROJECTS = "batch_projects"
#: The title of the signal of a summary without numbers.
_DONE = "done"
_NAMESPACE = UUID("2f0c9e52-6f0e-5d0c-9a55-6f5f0f1f3c55")


def summary_records(
    columns: Columns, projects: Sequence[str] = (), *, alone: bool = False
) -> list[Record]:
    """Return the signals of the summary.

    Args:
        columns: The table. If it has more rows than `MOST_ROWS`, its columns of numbers
            are removed: a million rows are then never in memory twice.
        projects: The names of the projects of objects, if there are several.
        alone: Whether the project holds the summary only.

    Returns:
        A signal for each of the first `MOST_OBJECTS` columns of numbers: x is the
        number of the row, from 1, and y the value, or NaN if it is missing. Without
        such a column, there is one signal if the project would not show all of the
        table otherwise: its y is 1 if the item is done and 0 if it failed. The first
        signal has the results that DataLab shows: the table, or the statistics of these
        columns if it has more rows than `MOST_ROWS`; and the items that each of the
        projects holds.
    """
    length = len(columns)
    is_short = length <= MOST_ROWS
    has_more = alone or bool(columns.values) or bool(columns.errors)
    records = []
    for name in [*columns.numeric()][:MOST_OBJECTS]:
        column = columns.values[name] if is_short else columns.values.pop(name)
        values = column.as_floats()
        records.append(_signal(name, values, columns.units.get(name, "")))
    if not records and length and has_more:
        done = np.ones(length)
        done[list(columns.errors)] = 0
        records.append(_signal(_DONE, done, ""))
    if records:
        table = _all_rows(columns, projects) if is_short else _statistics(records)
        records[0].metadata[_table_key(_FEATURE)] = table
        if 0 < len(projects) <= MOST_ROWS:
            key = _table_key(_PROJECTS)
            records[0].metadata[key] = _contents(columns, projects)
    return records


def _signal(name: str, values: np.ndarray[Any, Any], unit: str) -> Record:
    data = np.empty((2, len(values)))
    data[0] = np.arange(1.0, len(values) + 1)
    data[1] = values
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


def _all_rows(columns: Columns, projects: Sequence[str]) -> dict[str, Any]:
    names = ["item", *columns.values]
    parts = [list(columns.names), *map(_plain, columns.values.values())]
    if columns.errors:
        names.append("error")
        parts.append([error or "" for error in columns.all_errors()])
    if projects:
        names.append("project")
        parts.append([projects[n - 1] if n else "" for n in columns.projects])
    rows = [list(row) for row in zip(*parts, strict=True)]
    units = [columns.units.get(name, "") for name in names]
    headers = list(map(with_unit, names, units))
    return {**_table("Results of all items", headers, rows), "attrs": {"units": units}}


def _contents(columns: Columns, projects: Sequence[str]) -> dict[str, Any]:
    """Return a table with the items whose objects each project holds."""
    ends: dict[int, list[str]] = {}
    counts: Counter[int] = Counter(columns.projects)
    for name, number in zip(columns.names, columns.projects, strict=True):
        ends.setdefault(number, [name])[1:] = [name]
    rows: list[list[Any]] = [
        [title, ends[number][0], ends[number][-1], counts[number]]
        for number, title in enumerate(projects, 1)
        if number in ends
    ]
    names = ["project", "first item", "last item", "items"]
    return _table("Projects of the objects", names, rows, _PROJECTS)


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


def _table_key(feature: str) -> str:
    """Return the metadata key of sigima's form of a table."""
    return f"Table_{feature}_dict"


def _table(
    title: str, names: list[str], rows: list[list[Any]], feature: str = _FEATURE
) -> dict[str, Any]:
    """Return a table in the form of sigima's `TableResult.to_dict`."""
    return {
        "schema": 1,
        "title": title,
        "kind": "results",
        "names": names,
        "data": rows,
        "func_name": feature,
        "attrs": {},
    }
