"""The table of a run: a row for each object, a column for each value."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datalab_workspace.batch.item_results import ItemResults
from datalab_workspace.batch.messages import ItemFailure
from datalab_workspace.batch.outputs.targets import ProjectNames

if TYPE_CHECKING:
    import pandas as pd

#: Greater integers are not all floating-point numbers.
_EXACT = 1 << 53


@dataclass(eq=False)
class Columns:
    """The table of a run as columns, which need no pandas.

    Attributes:
        names: The name of each row.
        values: The values of each column; None where there is none.
        errors: The error of each row, such as "ValueError: …"; None without one.
        projects: The name of the project that holds the object of each row; None
            where no object was kept.
        units: The unit of each column that has one.
    """

    names: list[str] = field(default_factory=list)
    values: dict[str, list[Any]] = field(default_factory=dict)
    errors: list[str | None] = field(default_factory=list)
    projects: list[str | None] = field(default_factory=list)
    units: dict[str, str] = field(default_factory=dict)

    def numeric(self) -> Iterator[tuple[str, list[float]]]:
        """Yield the columns of real numbers, with NaN where a value is missing."""
        for name, values in self.values.items():
            known = {type(value) for value in values} - {type(None)}
            if known and known <= {bool, int, float}:
                yield name, [math.nan if v is None else _as_float(v) for v in values]


def columns_of(results: ItemResults, out: Path | None = None) -> Columns:
    """Return the table of a run as columns.

    Args:
        results: The results of the items.
        out: The summary project of the run, by which its other projects are named;
            None if they are not written.
    """
    columns = Columns()
    projects = None if out is None else ProjectNames(out, results)
    for result in results:
        failure = result.receipt.failure
        if failure is not None:
            _add(columns, result.name, {}, as_text(failure), None)
        for row in result.receipt.rows:
            project = None if projects is None else projects.name_of(row)
            _add(columns, row.name, row.values, None, project)
    columns.units = {
        name: unit for name, unit in results.units.items() if name in columns.values
    }
    return columns


def table_of(results: ItemResults, out: Path | None = None) -> pd.DataFrame:
    """Return the table of a run.

    Args:
        results: The results of the items.
        out: See `columns_of`.

    Returns:
        A DataFrame with a row for each item that is done or has failed, in the items'
        order, and the name of the item as its index, "item". A measured file of several
        objects has a row for each. After the columns of values follow "error", which is
        None or a string such as "ValueError: …", and "project", the name of the file
        that holds the object, if objects were kept. Numbers that are missing are NaN.
        The units of the columns are in ``attrs["units"]``.
    """
    import pandas as pd

    columns = columns_of(results, out)
    index = pd.Index(columns.names, name="item", dtype=object)
    content = {
        name: pd.Series(_column(values), index=index)
        for name, values in columns.values.items()
    }
    content["error"] = pd.Series(columns.errors, index=index, dtype=object)
    if any(name is not None for name in columns.projects):
        content["project"] = pd.Series(columns.projects, index=index, dtype=object)
    table = pd.DataFrame(content, index=index)
    table.attrs["units"] = columns.units
    return table


def as_text(failure: ItemFailure) -> str:
    """Return an error as the table shows it, such as "ValueError: …"."""
    return f"{failure.type}: {failure.message}" if failure.message else failure.type


def _add(
    columns: Columns,
    name: str,
    values: Mapping[str, Any],
    error: str | None,
    project: str | None,
) -> None:
    before = len(columns.names)
    columns.names.append(name)
    columns.errors.append(error)
    columns.projects.append(project)
    for column, value in values.items():
        held = columns.values.get(column)
        if held is None:
            held = columns.values[column] = [None] * before
        held.append(value)
    for held in columns.values.values():
        if len(held) == before:
            held.append(None)


def _column(values: list[Any]) -> Any:
    """Return the values as an array whose dtype changes none of them."""
    import numpy as np

    types = {type(value) for value in values}
    missing = type(None) in types
    types -= {type(None)}
    if types == {bool} and not missing:
        return np.array(values, dtype=bool)
    if (
        types == {int}
        and not missing
        and all(-(1 << 63) <= v < 1 << 63 for v in values)
    ):
        return np.array(values, dtype=np.int64)
    exact = all(abs(value) <= _EXACT for value in values if type(value) is int)
    for dtype, allowed in ((float, {int, float}), (complex, {int, float, complex})):
        if types and types <= allowed and exact:
            return np.array([math.nan if v is None else v for v in values], dtype)
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def _as_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # an integer
        return math.inf if value > 0 else -math.inf
