"""Shapes drawn over signals and images: regions of interest, results, annotations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Ellipse, Patch, Polygon, Rectangle
from matplotlib.patheffects import withStroke

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


def draw_shapes(axes: Axes, shapes: Sequence[Shape]) -> None:
    """Draw shapes without changing the bounds of the axes.

    Bounds that follow the data still follow it afterwards, for example when a user
    makes an axis logarithmic.
    """
    axes.autoscale_view()
    follows = axes.get_autoscalex_on(), axes.get_autoscaley_on()
    axes.set_autoscale_on(False)
    extent = axes.dataLim.frozen()
    before = set(axes.get_children())
    for shape in shapes[:MAX_SHAPES]:
        _DRAWN_BY.get(shape.kind, _draw_patch)(axes, shape)
    axes.dataLim = extent
    axes.set_autoscalex_on(follows[0])
    axes.set_autoscaley_on(follows[1])
    if axes.yaxis_inverted():  # the axes of an image
        _outline([one for one in axes.get_children() if one not in before])


def _outline(artists: Sequence[Artist]) -> None:
    """Give lines a dark outline, so that they are visible on any image."""
    for artist in artists:
        if isinstance(artist, Line2D | Patch):
            width = artist.get_linewidth() + 1.4
            stroke = withStroke(linewidth=width, foreground="black", alpha=0.6)
            artist.set_path_effects([stroke])


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
        box = _patch(shape).get_path().transformed(_patch(shape).get_patch_transform())
        (left, low), (right, high) = box.get_extents().get_points()
        if right < x[0] or left > x[1] or high < y[0] or low > y[1]:
            names.append(shape.label)
    if not names:
        return ""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"outside the image: {', '.join(names[:3])}{more}"


def _draw_span(axes: Axes, shape: Shape) -> None:
    edges = sorted(shape.coords)
    along_x = shape.kind == "span"
    area, line = (
        (axes.axvspan, axes.axvline) if along_x else (axes.axhspan, axes.axhline)
    )
    area(*edges, color=shape.color, alpha=0.12, lw=0)
    for edge in edges:
        line(edge, color=shape.color, lw=0.8)
    if along_x:
        transform = axes.get_xaxis_transform()
        _write(axes, shape, edges[0], 0.99, va="top", transform=transform)
    else:
        transform = axes.get_yaxis_transform()
        _write(axes, shape, 0.01, edges[1], va="bottom", transform=transform)


def _draw_point(axes: Axes, shape: Shape) -> None:
    x, y = shape.coords
    if np.isnan(x):
        axes.axhline(y, color=shape.color, lw=1.0, ls="--")
        _write(axes, shape, 0.01, y, va="bottom", transform=axes.get_yaxis_transform())
    elif np.isnan(y):
        axes.axvline(x, color=shape.color, lw=1.0, ls="--")
        _write(axes, shape, x, 0.99, va="top", transform=axes.get_xaxis_transform())
    else:
        marker = "+" if shape.kind == "marker" else "o"
        axes.plot([x], [y], marker, color=shape.color, mfc="none", ms=6)
        _write_above(axes, shape, (x, y), (4, 4))


def _draw_segment(axes: Axes, shape: Shape) -> None:
    x0, y0, x1, y1 = shape.coords
    axes.plot([x0, x1], [y0, y1], "-o", color=shape.color, lw=1.5, ms=3)
    _write_above(axes, shape, ((x0 + x1) / 2, (y0 + y1) / 2), (0, 4), ha="center")


def _draw_polyline(axes: Axes, shape: Shape) -> None:
    x, y = np.reshape(shape.coords, (-1, 2)).T
    axes.plot(x, y, "-", color=shape.color, lw=1.2)
    _write_above(axes, shape, (x[0], y[0]))


def _draw_text(axes: Axes, shape: Shape) -> None:
    transform = axes.transAxes if shape.kind == "axes text" else axes.transData
    horizontal, vertical = shape.anchor
    _write(axes, shape, *shape.coords, ha=horizontal, va=vertical, transform=transform)


def _draw_patch(axes: Axes, shape: Shape) -> None:
    patch = _patch(shape)
    patch.set(
        fill=False,
        edgecolor=shape.color,
        linewidth=1.2,
        linestyle="--" if shape.dashed else "-",
    )
    axes.add_patch(patch)
    box = patch.get_path().transformed(patch.get_patch_transform()).get_extents()
    top = min(box.y0, box.y1) if axes.yaxis_inverted() else max(box.y0, box.y1)
    _write_above(axes, shape, (box.x0, top))


def _patch(shape: Shape) -> Patch:
    if shape.kind == "rectangle":
        x, y, width, height = shape.coords
        return Rectangle((x, y), width, height)
    if shape.kind == "circle":
        x, y, radius = shape.coords
        return Circle((x, y), abs(radius))
    if shape.kind == "ellipse":
        x, y, a, b, theta = shape.coords
        return Ellipse((x, y), 2 * a, 2 * b, angle=float(np.degrees(theta)))
    return Polygon(np.reshape(shape.coords, (-1, 2)))


_BACKGROUND = {"facecolor": "white", "alpha": 0.7, "lw": 0, "pad": 1.0}


def _write(axes: Axes, shape: Shape, x: float, y: float, **options: Any) -> None:
    if shape.label:
        text = axes.text(x, y, shape.label, fontsize=7, bbox=_BACKGROUND, **options)
        text.set_clip_on(True)


def _write_above(
    axes: Axes,
    shape: Shape,
    position: tuple[float, float],
    shift: tuple[float, float] = (0, 2),
    ha: str = "left",
) -> None:
    """Write the label of a shape above it; `shift` is in points."""
    if not shape.label:
        return
    label = f"{shape.label} (outside)" if shape.dashed else shape.label
    text = axes.annotate(
        label,
        position,
        shift,
        textcoords="offset points",
        fontsize=7,
        ha=ha,
        va="bottom",
        bbox=_BACKGROUND,
    )
    text.set_clip_on(True)


_DRAWN_BY = {
    "span": _draw_span,
    "yspan": _draw_span,
    "polyline": _draw_polyline,
    "text": _draw_text,
    "axes text": _draw_text,
    "point": _draw_point,
    "marker": _draw_point,
    "segment": _draw_segment,
}
