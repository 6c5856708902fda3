"""The summary of a run: a signal for each column of numbers, and the table."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

import numpy as np

from datalab_workspace.batch.table import Columns
from datalab_workspace.model.record import FieldValue, Record

#: The group of the signals in the summary project.
GROUP = "Summary"
#: The metadata key of the table, and its title. sigima's key of a table result has this
#: form.
_TABLE_KEY = "Table_batch_dict"
_TABLE_TITLE = "Results of all items"
_NAMESPACE = UUID("2f0c9e52-6f0e-5d0c-9a55-6f5f0f1f3c55")


def summary_records(columns: Columns, digest: str) -> list[Record]:
    """Return the signals of the summary.

    Args:
        columns: The table.
        digest: A string that differs between different tables, from which the UUIDs of
            the signals are made.

    Returns:
        A signal for each column of numbers: x is the number of the row, from 1, and y
        the value, NaN where there is none. The table is a result of the first.
    """
    numbers = np.arange(1.0, len(columns.names) + 1)
    numeric = dict(columns.numeric())
    records = [
        _signal(name, numbers, np.array(values), columns.units.get(name, ""), digest)
        for name, values in numeric.items()
    ]
    if records:
        records[0].metadata[_TABLE_KEY] = _table(numeric)
    return records


def _signal(
    name: str,
    numbers: np.ndarray[Any, Any],
    values: np.ndarray[Any, Any],
    unit: str,
    digest: str,
) -> Record:
    fields: dict[str, FieldValue] = {
        "title": name,
        "xlabel": "Item",
        "ylabel": name,
        "yunit": unit,
    }
    uuid = str(uuid5(_NAMESPACE, f"{digest}|{name}"))
    return Record("signal", fields, {"xydata": np.vstack([numbers, values])}, uuid=uuid)


def _table(numeric: dict[str, list[float]]) -> dict[str, Any]:
    """Return the table in the form of sigima's `TableResult.to_dict`."""
    return {
        "schema": 1,
        "title": _TABLE_TITLE,
        "kind": "results",
        "names": list(numeric),
        "data": [list(row) for row in zip(*numeric.values(), strict=True)],
        "roi_indices": None,
        "func_name": None,
        "attrs": {},
    }
