"""The columns of the table: their names, and the values that they may hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from datalab_workspace.model.metadata_values import as_base
from datalab_workspace.results_table import ResultValue

#: Separates the name of a step from that of its column, in chains of several steps that
#: have columns. `column_names` removes it.
_MARK = "\x1f"
#: The columns that every table has.
_OF_TABLE = ("item", "error", "project")
_PLAIN = (bool, int, float, complex, str)


def marked(column: str, step: str) -> str:
    """Return a column with the step that it comes from, unless that is ""."""
    return f"{step}{_MARK}{column}" if step else column


def column_names(columns: Iterable[str]) -> dict[str, str]:
    """Return the names of the columns of a table.

    Args:
        columns: The columns of all rows, as `compute` returns them.

    Returns:
        The name of each column: that of its quantity; if several steps have it,
        "step.quantity".
    """
    found = list(dict.fromkeys(columns))
    count = Counter(column.rpartition(_MARK)[2] for column in found)
    names = {}
    for column in found:
        step, mark, quantity = column.rpartition(_MARK)
        alone = not mark or count[quantity] == 1
        names[column] = quantity if alone else f"{step}.{quantity}"
    return names


def column_of(value: ResultValue) -> str:
    """Return the column of a value of an analysis: "x", "x|ROI 1", "x|2" for a row."""
    parts = [value.quantity]
    if value.roi:
        parts.append(value.roi)
    if value.row:
        parts.append(str(value.row + 1))
    return "|".join(parts)


def plain_value(value: Any, column: str, name: str) -> Any:
    """Return a value of a function as a table holds it.

    Args:
        value: The value.
        column: The column.
        name: Name of the function.

    Returns:
        A bool, int, float, complex, str or None.

    Raises:
        TypeError: It has another type.
        ValueError: It is an integer beyond the range of floating-point numbers.
    """
    if isinstance(value, int):
        _check_range(value, column, name)
    if value is None or type(value) in _PLAIN:
        return value
    if isinstance(value, np.generic) or (
        isinstance(value, np.ndarray) and value.ndim == 0
    ):
        value = value.item()
    for kind in _PLAIN:
        if isinstance(value, kind):
            return as_base(value, kind)
    size = f" of shape {value.shape}" if isinstance(value, np.ndarray) else ""
    raise TypeError(
        f"{name}(): expected a number, a string, a bool, None, a signal or an image "
        f"for {column!r:.80}, got {type(value).__name__}{size}"
    )


def _check_range(value: int, column: str, name: str) -> None:
    try:
        float(value)
    except OverflowError:
        raise ValueError(
            f"{name}() returned {column!r:.80}: an integer of {value.bit_length()} "
            "bits; a column holds numbers up to 1.8e308: return it as a string"
        ) from None


def checked_columns(values: Mapping[Any, Any], name: str) -> None:
    """Raise an error unless all keys of a dict can be columns.

    Raises:
        TypeError: A key is not a string.
        ValueError: The table has another column of that name.
    """
    for key in values:
        if key in _OF_TABLE:
            raise ValueError(
                f"{name}() returned {key!r}, which is another column of the table; "
                "choose another name"
            )
        if not isinstance(key, str) or not key or _MARK in key:
            raise TypeError(
                f"{name}() returned a dict with the key {key!r:.80}; the keys are the "
                "columns of the table: pass strings"
            )


def merge_units(known: dict[str, str], units: Mapping[str, str]) -> None:
    """Add units to those that are known, whatever the order.

    Args:
        known: The unit of each column, which is changed; "" for one whose items have
            different units.
        units: The units to add.
    """
    for column, unit in units.items():
        known[column] = unit if known.get(column, unit) == unit else ""
