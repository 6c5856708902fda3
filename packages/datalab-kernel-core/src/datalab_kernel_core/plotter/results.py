"""The results of analyses: those in an object's metadata, and others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from datalab_kernel_core.plotter.coordinates import coordinate_names
from datalab_kernel_core.plotter.overlays import Shape, shape_of
from datalab_kernel_core.plotter.style import RESULT_COLOR, as_text, display_option
from datalab_workspace.model.record import Record, result_keys

#: Rows of a geometry result that are all labeled; of more, only the first is.
MAX_NAMED = 3


@dataclass(frozen=True)
class Result:
    """A result of an analysis: sigima's geometry or table.

    Attributes:
        title: Title of the result.
        kind: Kind of shape, as in `overlays.Shape`; "" for a table.
        columns: Names of the columns.
        rows: The values, row by row.
        regions: Index of the region of interest of each row, -1 for the whole object;
            None without regions.
        attributes: Other attributes that sigima keeps.
    """

    title: str
    kind: str
    columns: list[str]
    rows: list[list[Any]]
    regions: list[int] | None
    attributes: dict[Any, Any]

    @classmethod
    def of(cls, value: Any) -> Result:
        """Return a result from a sigima object or its dictionary.

        Raises:
            TypeError: `value` is neither.
            ValueError: The dictionary is not that of a result.
        """
        to_dict = getattr(value, "to_dict", None)
        held = to_dict() if callable(to_dict) else value
        if not isinstance(held, dict) or not {"coords", "names"} & held.keys():
            raise TypeError(
                "expected a GeometryResult or TableResult of sigima, or its "
                f"to_dict(), got {type(value).__qualname__}"
            )
        try:
            rows = held["coords"] if "coords" in held else held["data"]
            return cls._read(held, [list(row) for row in rows])
        except (KeyError, TypeError) as error:
            name = repr(held.get("title"))[:60]
            raise ValueError(f"the result {name} is malformed: {error}") from error

    @classmethod
    def _read(cls, held: dict[Any, Any], rows: list[list[Any]]) -> Result:
        title = str(held.get("title") or "result")
        width = max(map(len, rows), default=0)
        if "coords" in held:
            kind = str(getattr(held["kind"], "value", held["kind"]))
            columns = coordinate_names(kind, width)
        else:
            kind, columns = "", [str(name) for name in held["names"]]
        if any(len(row) != len(columns) for row in rows):
            raise TypeError(f"its rows do not have {len(columns)} values")
        regions = held.get("roi_indices")
        if regions is not None:
            regions = [int(index) for index in regions]
            if len(regions) != len(rows):
                raise TypeError(f"{len(regions)} regions for {len(rows)} rows")
        attributes = held.get("attrs")
        attributes = attributes if isinstance(attributes, dict) else {}
        return cls(title, kind, columns, rows, regions, attributes)

    def hidden(self) -> set[str]:
        """Return the columns that sigima's display preferences hide."""
        key = "hidden_coords" if self.kind else "hidden_metrics"
        names = self.attributes.get(key, ())
        listed = isinstance(names, list | tuple | set | frozenset | np.ndarray)
        return {str(name) for name in names} if listed else set()


def result_shapes(record: Record, chosen: Any) -> list[Shape | None]:
    """Return the shapes of geometry results.

    Args:
        record: The object, whose metadata contains the results that DataLab found.
        chosen: Whether to draw these results, or a list of results to draw instead.

    Returns:
        A shape for each row of each result, None for each one that cannot be drawn.
    """
    shapes: list[Shape | None] = []
    for result in _chosen(record, chosen, "Geometry_"):
        if result is None:
            shapes.append(None)
        elif result.kind:
            shapes += _shapes(result, record)
    return shapes


def table_results(record: Record, chosen: Any) -> list[Result]:
    """Return the table results to show below an object; see `result_shapes`."""
    found = _chosen(record, chosen, "Table_")
    return [result for result in found if result is not None and not result.kind]


def checked_results(chosen: Any) -> bool | list[Result]:
    """Return the value of `results=` as a flag or a list of results.

    Raises:
        TypeError: It is not a flag, a result or a list of results.
        ValueError: A dictionary is not that of a result.
    """
    if isinstance(chosen, bool):
        return chosen
    several = chosen if isinstance(chosen, list | tuple) else [chosen]
    return [Result.of(one) for one in several]


def _chosen(record: Record, chosen: Any, prefix: str) -> Iterator[Result | None]:
    if not isinstance(chosen, bool):
        yield from chosen
        return
    for key in result_keys(record) if chosen else ():
        if key.startswith(prefix):
            try:
                yield Result.of(record.metadata[key])
            except (TypeError, ValueError):  # a note in the picture counts it
                yield None


def _shapes(result: Result, record: Record) -> Iterator[Shape | None]:
    for index, row in enumerate(result.rows):
        named = index == 0 or len(result.rows) <= MAX_NAMED
        label = _label(result, row, record) if named else ""
        yield shape_of(result.kind, row, label, RESULT_COLOR)


def _label(result: Result, row: list[Any], record: Record) -> str:
    """Return the title of a result, with its value if a signal's result is one."""
    value = _value(result.kind, row) if record.kind == "signal" else None
    if value is None:
        return result.title
    try:
        written = str(display_option(record, "format", "")) % value
    except (TypeError, ValueError):
        written = as_text(value)
    return f"{result.title}: {written}"


def _value(kind: str, row: list[Any]) -> float | None:
    try:
        numbers = [float(number) for number in row]
    except (TypeError, ValueError):
        return None
    finite = [number for number in numbers if np.isfinite(number)]
    if kind == "marker" and len(finite) == 1:
        return finite[0]
    if kind != "segment" or len(finite) != 4:
        return None
    width, height = finite[2] - finite[0], finite[3] - finite[1]
    # The result of a segment along an axis is its length. The length of any other
    # segment has no unit.
    if width and height:
        return None
    return abs(width or height)
