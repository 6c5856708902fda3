"""The geometry results of analyses that an object carries in its metadata."""

from __future__ import annotations

from typing import Any

import numpy as np

from datalab_kernel_core.plotter.overlays import Shape, shape_of
from datalab_kernel_core.plotter.style import RESULT_COLOR
from datalab_workspace.record import Record, result_keys


def result_shapes(record: Record) -> list[Shape | None]:
    """Return the geometry results of an object, where DataLab puts them.

    Args:
        record: The object.

    Returns:
        A shape for each row of each result, None for one that is not understood.
    """
    shapes: list[Shape | None] = []
    for key in result_keys(record):
        result = record.metadata[key]
        if key.startswith("Geometry_") and isinstance(result, dict):
            shapes += _shapes(result)
    return shapes


def _shapes(result: dict[str, Any]) -> list[Shape | None]:
    kind, title = str(result.get("kind")), str(result.get("title") or "")
    rows = result.get("coords")
    if not isinstance(rows, list | tuple | np.ndarray):
        return [None]
    return [shape_of(kind, row, title, RESULT_COLOR) for row in rows]
