"""Draw the outlines and labels of regions, results and annotations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from datalab_kernel_core.plotter.overlays import MAX_SHAPES, Shape
from datalab_kernel_core.plotter.painting.axes import SMALL, Axes
from datalab_kernel_core.plotter.painting.font import HEIGHT, text_width
from datalab_kernel_core.plotter.reduce import Array

_CORNERS = 90
#: Half the side of the sign at a point, in pixels.
_SIGN = 4


def draw_shapes(axes: Axes, shapes: Sequence[Shape]) -> None:
    """Draw shapes over the data of axes."""
    for shape in shapes[:MAX_SHAPES]:
        corners = list(_lines(axes, shape))
        on_image = axes.y.low > axes.y.high
        for x, y in corners:
            if on_image:  # a dark outline is visible on any image
                axes.canvas.line(axes.frame, x, y, "#000000", width=3.2, opacity=0.6)
            axes.canvas.line(axes.frame, x, y, shape.color, dashed=shape.dashed)
        if shape.label and corners:
            label = f"{shape.label} (outside)" if shape.dashed else shape.label
            _write(axes, corners[0], label.replace(r"\$", "$"))


def _write(axes: Axes, corners: tuple[Array, Array], text: str) -> None:
    """Write a label above the highest point of a shape, on a white ground."""
    left, top, right, bottom = axes.frame
    width, height = text_width(text, SMALL), SMALL * HEIGHT
    x, y = (float(np.nanmin(each)) for each in corners)
    x = min(max(x, left + 2), max(right - width - 2, left + 2))
    y = min(max(y - height - 3, top + 2), bottom - height - 2)
    ground = (int(x) - 1, int(y) - 1, int(x) + width + 1, int(y) + height + 1)
    axes.canvas.fill(ground, "#ffffff", 0.7)
    axes.canvas.text((x, y), text, size=SMALL)


def _lines(axes: Axes, shape: Shape) -> Iterator[tuple[Array, Array]]:
    """Yield the lines of a shape, in pixels."""
    left, top, right, bottom = axes.frame
    coords = np.array(shape.coords, float)
    if shape.kind == "span":
        for column in axes.columns(np.sort(coords)):
            yield np.array([column, column]), np.array([top, bottom], float)
    elif shape.kind == "yspan":
        for row in axes.rows(np.sort(coords)):
            yield np.array([left, right], float), np.array([row, row])
    elif shape.kind in ("point", "marker"):
        yield from _sign(axes, *coords)
    elif shape.kind == "axes text":
        share = np.array([coords[1], coords[1]])
        x = left + coords[0] * (right - left)
        yield np.array([x, x]), bottom - share * (bottom - top)
    else:
        x, y = _corners(shape.kind, coords)
        yield axes.columns(x), axes.rows(y)


def _sign(axes: Axes, x: float, y: float) -> Iterator[tuple[Array, Array]]:
    """Yield a cross, or a line across the axes if one coordinate is NaN."""
    left, top, right, bottom = axes.frame
    column = axes.columns(np.array([x, x]))
    row = axes.rows(np.array([y, y]))
    if np.isnan(x):
        yield np.array([left, right], float), row
    elif np.isnan(y):
        yield column, np.array([top, bottom], float)
    else:
        yield column, row + np.array([-_SIGN, _SIGN])
        yield column + np.array([-_SIGN, _SIGN]), row


def _corners(kind: str, coords: Array) -> tuple[Array, Array]:
    """Return the corners of a shape, the first one again at the end of an outline."""
    if kind == "rectangle":
        x, y, width, height = coords
        return (
            np.array([x, x + width, x + width, x, x]),
            np.array([y, y, y + height, y + height, y]),
        )
    if kind in ("circle", "ellipse"):
        x, y, a = coords[:3]
        b, theta = (a, 0.0) if kind == "circle" else coords[3:]
        turn = np.linspace(0, 2 * np.pi, _CORNERS)
        along, across = a * np.cos(turn), b * np.sin(turn)
        return (
            x + along * np.cos(theta) - across * np.sin(theta),
            y + along * np.sin(theta) + across * np.cos(theta),
        )
    points = coords.reshape(-1, 2)
    if kind == "polygon":
        points = np.concatenate([points, points[:1]])
    return points[:, 0], points[:, 1]
