"""Shapes drawn over signals and images: regions of interest, results, annotations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from datalab_kernel_core.plotter.style import (
    LABEL_LENGTH,
    LARGEST,
    ROI_COLOR,
    drawable,
)
from datalab_workspace.model.record import Record
from datalab_workspace.model.roi_names import roi_names, single_rois

#: The largest number of shapes that are drawn for one object, as in DataLab.
MAX_SHAPES = 200
#: Longest label of a shape, in characters.
NAME_LENGTH = 32

ToPhysical = Callable[[int, Any], Any]


@dataclass(frozen=True)
class Shape:
    """A shape in the coordinates of the axes.

    Attributes:
        kind: "segment", "span", "point", "marker", "circle", "ellipse", "rectangle" or
            "polygon"; for annotations also "yspan", "polyline", "text" and "axes text",
            whose coordinates are fractions of the axes.
        coords: The coordinates of sigima's geometry results; (min, max) for a span.
        label: The label next to the shape.
        color: Color of the shape.
        dashed: Whether the region is the outside of the shape.
        anchor: Horizontal and vertical alignment of an annotation's text.
    """

    kind: str
    coords: tuple[float, ...]
    label: str
    color: str
    dashed: bool = False
    anchor: tuple[str, str] = ("left", "top")


_SIZES = {
    "span": 2,
    "yspan": 2,
    "text": 2,
    "axes text": 2,
    "point": 2,
    "marker": 2,
    "circle": 3,
    "segment": 4,
    "rectangle": 4,
    "ellipse": 5,
}
#: The kinds of regions of an image.
_PATCHES = ("rectangle", "circle", "polygon")
_ROI_KINDS = {
    "SegmentROI": "span",
    "RectangularROI": "rectangle",
    "CircularROI": "circle",
    "PolygonalROI": "polygon",
}


def shape_of(
    kind: str,
    coords: Any,
    label: str,
    color: str,
    *,
    dashed: bool = False,
    anchor: tuple[str, str] = ("left", "top"),
) -> Shape | None:
    """Return a shape, or None if the coordinates do not fit its kind.

    Args:
        kind: As in `Shape`.
        coords: Numbers; those of a polygon may be padded with NaN.
        label: As in `Shape`.
        color: As in `Shape`.
        dashed: As in `Shape`.
        anchor: As in `Shape`.
    """
    try:
        values = np.asarray(coords, dtype=float).ravel()
    except (TypeError, ValueError):
        return None
    if kind in ("polygon", "polyline"):
        points = values[: len(values) // 2 * 2].reshape(-1, 2)
        values = points[np.isfinite(points).all(axis=1)].ravel()
        fits = len(values) > 2
    else:
        fits = _SIZES.get(kind) == len(values)
    # A marker with one coordinate is a line across the axes.
    drawn = np.abs(values) < LARGEST
    enough = drawn.any() if kind == "marker" else drawn.all()
    if not (fits and enough):
        return None
    length = LABEL_LENGTH if kind in ("text", "axes text") else NAME_LENGTH
    text = drawable(label, length)
    return Shape(kind, tuple(values.tolist()), text, color, dashed, anchor)


def roi_shapes(record: Record, to_physical: ToPhysical) -> list[Shape | None]:
    """Return the regions of interest of an object.

    Args:
        record: The object.
        to_physical: Converts an index along an axis, 0 for x and 1 for y, to a
            coordinate.

    Returns:
        The shapes, None for each one that cannot be drawn.
    """
    regions, names = single_rois(record.metadata), roi_names(record.metadata)
    return [
        _roi_shape(single, name, to_physical) if isinstance(single, dict) else None
        for single, name in zip(regions, names, strict=True)
    ]


def _roi_shape(
    single: dict[str, Any], label: str, to_physical: ToPhysical
) -> Shape | None:
    kind = _ROI_KINDS.get(str(single.get("type")), "")
    inverse = bool(single.get("inverse", False))
    shape = shape_of(kind, single.get("coords"), label, ROI_COLOR, dashed=inverse)
    if shape is None or not single.get("indices"):
        return shape
    coords = tuple(_physical_coords(kind, shape.coords, to_physical))
    return Shape(kind, coords, shape.label, shape.color, shape.dashed)


def _physical_coords(
    kind: str, coords: Sequence[float], to_physical: ToPhysical
) -> Iterator[float]:
    """Convert the indices of a region of interest to coordinates."""
    if kind == "span":
        yield from (float(to_physical(0, index)) for index in coords)
    elif kind == "polygon":
        for number, index in enumerate(coords):
            yield float(to_physical(number % 2, index))
    elif kind == "rectangle":
        x, y, width, height = coords
        x0, y0 = float(to_physical(0, x)), float(to_physical(1, y))
        yield from (x0, y0)
        yield float(to_physical(0, x + width)) - x0
        yield float(to_physical(1, y + height)) - y0
    else:
        x, y, radius = coords
        left, right = (float(to_physical(0, x + side * radius)) for side in (-1, 1))
        yield from ((left + right) / 2, float(to_physical(1, y)), (right - left) / 2)


def undrawn_note(shapes: Sequence[Shape | None]) -> str:
    """Return a note that counts the shapes which are not drawn, "" if all are."""
    drawn = sum(shape is not None for shape in shapes)
    missing = len(shapes) - min(drawn, MAX_SHAPES)
    return f"{missing} of {len(shapes)} shapes not drawn" if missing else ""


def outside_note(
    shapes: Sequence[Shape | None], x: tuple[float, float], y: tuple[float, float]
) -> str:
    """Return a note that names the regions of interest outside an image, "" if none.

    Args:
        shapes: The shapes over the image.
        x: Lowest and highest x of the image.
        y: Lowest and highest y of the image.
    """
    names = []
    for shape in shapes:
        if shape is None or shape.color != ROI_COLOR or shape.kind not in _PATCHES:
            continue
        left, right, low, high = _extent(shape)
        if right < x[0] or left > x[1] or high < y[0] or low > y[1]:
            names.append(shape.label)
    if not names:
        return ""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"outside the image: {', '.join(names[:3])}{more}"


def _extent(shape: Shape) -> tuple[float, float, float, float]:
    """Return the lowest and highest x, and the lowest and highest y, of a region."""
    if shape.kind == "circle":
        x, y, radius = shape.coords
        half = abs(radius)
        return x - half, x + half, y - half, y + half
    if shape.kind == "rectangle":
        x, y, width, height = shape.coords
        xs, ys = (x, x + width), (y, y + height)
    else:
        points = np.reshape(shape.coords, (-1, 2))
        xs, ys = tuple(points[:, 0].tolist()), tuple(points[:, 1].tolist())
    return min(xs), max(xs), min(ys), max(ys)
