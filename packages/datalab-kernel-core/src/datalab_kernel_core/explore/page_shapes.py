"""The shapes of an object as they are sent to the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from datalab_kernel_core.explore.marks import Marks, is_changeable
from datalab_kernel_core.explore.page_coordinates import PageCoordinates, circle_corners
from datalab_kernel_core.explore.regions import Regions, region_coords
from datalab_kernel_core.plotter.annotations import entry_shapes
from datalab_kernel_core.plotter.colors import hex_color
from datalab_kernel_core.plotter.overlays import (
    MAX_SHAPES,
    Shape,
    roi_shapes,
    undrawn_note,
)
from datalab_kernel_core.plotter.results import result_shapes
from datalab_kernel_core.plotter.style import ANNOTATION_COLOR
from datalab_workspace.model.record import Record

#: A polygon with more corners is drawn with fewer, and cannot be changed in the page.
MAX_CORNERS = 1000
#: Kinds of shapes whose coordinates are points.
_POINTS = ("point", "segment", "polygon", "polyline", "text")


def page_shapes(
    record: Record, coordinates: PageCoordinates
) -> tuple[list[dict[str, Any]], str]:
    """Return the regions of interest, results and annotations of an object.

    Args:
        record: The object; its arrays are not read.
        coordinates: The coordinates of the page.

    Returns:
        What the page draws, regions first, and a note that counts what is not drawn.
    """
    found: list[tuple[Shape | None, dict[str, Any]]] = []
    found += _regions(record, coordinates)
    found += [(shape, {"category": "result"}) for shape in result_shapes(record, True)]
    found += _marks(record)
    shapes = [shape for shape, _ in found]
    drawn = [
        _entry(shape, about, coordinates) for shape, about in found if shape is not None
    ]
    return drawn[:MAX_SHAPES], undrawn_note(shapes)


def _regions(
    record: Record, coordinates: PageCoordinates
) -> Iterator[tuple[Shape | None, dict[str, Any]]]:
    regions = Regions()
    shapes = roi_shapes(record, coordinates.physical)
    for index, (entry, shape) in enumerate(
        zip(regions.entries(record), shapes, strict=True)
    ):
        about = {
            "category": "region",
            "what": "region",
            "index": index,
            "key": regions.key(entry),
        }
        if isinstance(entry, dict):
            about["title"] = str(entry.get("title") or "")
            about["fixed"] = len(entry.get("coords", ())) > 2 * MAX_CORNERS
        yield shape, about


def _marks(record: Record) -> Iterator[tuple[Shape | None, dict[str, Any]]]:
    marks = Marks()
    for index, entry in enumerate(marks.entries(record)):
        about: dict[str, Any] = {"category": "annotation"}
        if is_changeable(entry):
            about["what"], about["index"] = "mark", index
            about["key"] = marks.key(entry)
            about["title"] = str(entry.get("title") or "")
        for shape in entry_shapes(entry):
            yield shape, about


def _entry(
    shape: Shape, about: dict[str, Any], coordinates: PageCoordinates
) -> dict[str, Any]:
    kind, coords = shape.kind, list(shape.coords)
    entry = {"fixed": False, **about}
    if coordinates.differ and kind in ("circle", "ellipse"):
        kind, coords, entry["fixed"] = "polygon", _outline(kind, coords), True
    if kind in ("polygon", "polyline") and len(coords) > 2 * MAX_CORNERS:
        kept = np.linspace(0, len(coords) // 2 - 1, MAX_CORNERS).astype(int)
        coords = np.reshape(coords, (-1, 2))[kept].ravel().tolist()
    on_page = to_page(kind, coords, coordinates)
    return {
        **entry,
        "kind": kind,
        "coords": [value if np.isfinite(value) else None for value in on_page],
        "label": shape.label,
        "outside": shape.dashed,
        "anchor": shape.anchor,
        "color": _own_color(shape, about["category"]),
    }


def _own_color(shape: Shape, category: str) -> str | None:
    """Return the color that a user has given an annotation in DataLab."""
    is_own = category == "annotation" and shape.color != ANNOTATION_COLOR
    return hex_color(shape.color) if is_own else None


def to_page(
    kind: str, coords: Sequence[float], coordinates: PageCoordinates
) -> list[float]:
    """Return the coordinates of a shape on the page; see `Shape` for their order."""
    return _converted(kind, coords, coordinates.to_page, coordinates)


def from_page(
    kind: str, coords: Sequence[float], coordinates: PageCoordinates
) -> list[float]:
    """Return the coordinates of a shape that the page has sent."""
    return _converted(kind, coords, coordinates.from_page, coordinates)


def _converted(
    kind: str, coords: Sequence[float], convert: Any, coordinates: PageCoordinates
) -> list[float]:
    if not coordinates.differ:
        return list(coords)
    if kind in ("span", "yspan"):
        shift = ("span", "yspan").index(kind)
        pairs = [(value, value) for value in coords]
        return [float(convert(pair)[shift]) for pair in pairs]
    if kind == "rectangle":
        x, y, width, height = coords
        x0, y0, x1, y1 = convert([x, y, x + width, y + height])
        return [x0, y0, x1 - x0, y1 - y0]
    if kind in _POINTS or kind == "marker":
        return [float(value) for value in convert(coords)]
    return list(coords)


def _outline(kind: str, coords: Sequence[float]) -> list[float]:
    if kind == "circle":
        return circle_corners(*coords)
    x, y, a, b, theta = coords
    unit = np.reshape(circle_corners(0, 0, 1), (-1, 2)) * (a, b)
    turn = np.array([[np.cos(theta), np.sin(theta)], [-np.sin(theta), np.cos(theta)]])
    corners: list[float] = (unit @ turn + (x, y)).ravel().tolist()
    return corners


def kept_coords(
    kind: str,
    entry: dict[str, Any],
    sent: Sequence[float],
    coordinates: PageCoordinates,
) -> list[float]:
    """Return changed coordinates of a region; those that are the same stay exact.

    Args:
        kind: The kind of its shape.
        entry: The region before the change.
        sent: Its coordinates on the page after the change.
        coordinates: The coordinates of the page.
    """
    changed = from_page(kind, sent, coordinates)
    before = region_coords(entry)
    if not coordinates.differ or entry.get("indices") or len(before) != len(changed):
        return changed
    shown = to_page(kind, before, coordinates)
    return [
        old if is_same else new
        for old, new, is_same in zip(
            before, changed, np.equal(shown, sent).tolist(), strict=True
        )
    ]
