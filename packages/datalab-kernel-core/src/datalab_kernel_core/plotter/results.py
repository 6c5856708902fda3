"""The results of analyses: those in an object's metadata, and others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from datalab_kernel_core.plotter.overlays import Shape, shape_of
from datalab_kernel_core.plotter.style import RESULT_COLOR, as_text, display_option
from datalab_workspace.model.analysis import Result
from datalab_workspace.model.fits import current_results
from datalab_workspace.model.record import Kind, Record
from datalab_workspace.model.units import AxisUnits
from datalab_workspace.operations.results import values_of_result
from datalab_workspace.results_table import ResultList, Results, ResultValue

#: Rows of a geometry result that are all labeled; of more, only the first is.
MAX_NAMED = 3


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


def shown_results(what: Any, find: Callable[[str], Results]) -> Results:
    """Return the results of objects, or those in a list, as tables.

    Args:
        what: A name, a result, or a list of these, nested as `calc` returns it.
        find: Returns the results of the object that has a name.

    Raises:
        KeyError: No object has one of the names.
        TypeError: An item is neither a name nor a result.
        ValueError: A dictionary is not that of a result.
    """
    return Results(_values(what, find))


def _values(what: Any, find: Callable[[str], Results]) -> Iterator[ResultValue]:
    if isinstance(what, str):
        yield from find(what)
    elif isinstance(what, Results | ResultList):
        yield from what if isinstance(what, Results) else what.results
    elif isinstance(what, list | tuple):
        for each in what:
            yield from _values(each, find)
    elif what is not None:  # an analysis that has found nothing
        result = Result.of(what)
        units = AxisUnits("signal", "", "", "")
        common: tuple[str, Kind, str, str]
        common = ("", "signal", result.function, result.title)
        yield from values_of_result(result, common, [], units)


def _chosen(record: Record, chosen: Any, prefix: str) -> Iterator[Result | None]:
    if not isinstance(chosen, bool):
        yield from chosen
        return
    units = AxisUnits.of(record.kind, record.fields, record.metadata)
    for key, result in current_results(record.metadata, units) if chosen else ():
        if key.startswith(prefix):
            # A note in the picture counts those that are malformed.
            yield result if isinstance(result, Result) else None


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
