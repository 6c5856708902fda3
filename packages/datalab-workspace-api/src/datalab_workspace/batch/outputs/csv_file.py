"""The table of a run as a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from datalab_workspace.batch.results.columns import Columns
from datalab_workspace.batch.results.distribution import project_names

_ROWS_AT_ONCE = 10_000


def csv_blocks(columns: Columns, out: Path, projects: int) -> Iterator[bytes]:
    """Yield the table as CSV: UTF-8, commas, numbers in full precision.

    Args:
        columns: The table.
        out: The summary project of the run.
        projects: The number of projects of objects; 0 leaves out their column.
    """
    head = ["item", *columns.values, "error"]
    parts: list[Iterable[Any]] = [
        columns.names,
        *columns.values.values(),
        columns.all_errors(),
    ]
    if projects:
        head.append("project")
        parts.append(map(project_names(out, projects), columns.projects))
    rows = zip(*parts, strict=True)
    block: list[Any] = [head]
    while block:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(block)
        # The name of a file may have bytes that stand for no character.
        yield text.getvalue().encode("utf-8", "backslashreplace")
        block = list(islice(rows, _ROWS_AT_ONCE))
