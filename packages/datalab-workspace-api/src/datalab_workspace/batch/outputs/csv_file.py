"""The table of a run as a CSV file."""

from __future__ import annotations

import csv
import io
from typing import Any

from datalab_workspace.batch.table import Columns


def csv_text(columns: Columns) -> str:
    """Return the table as CSV: commas, numbers in full precision."""
    has_projects = any(name is not None for name in columns.projects)
    head = ["item", *columns.values, "error", *(["project"] if has_projects else [])]
    parts: list[list[Any]] = [columns.names, *columns.values.values(), columns.errors]
    if has_projects:
        parts.append(columns.projects)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(zip(*parts, strict=True))
    return text.getvalue()
