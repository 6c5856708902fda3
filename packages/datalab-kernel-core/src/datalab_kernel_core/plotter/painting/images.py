"""Draw images with their color bars: one, or several side by side."""

from __future__ import annotations

import numpy as np

from datalab_kernel_core.plotter.colormaps import palette
from datalab_kernel_core.plotter.contrast import AxisScale, ColorScale
from datalab_kernel_core.plotter.image_drawing import ImageDrawing
from datalab_kernel_core.plotter.images_drawing import ImagesDrawing
from datalab_kernel_core.plotter.painting.axes import (
    LARGE,
    LINE,
    Axes,
    Axis,
    bottom_margin,
    side_margin,
)
from datalab_kernel_core.plotter.painting.canvas import Canvas, Frame
from datalab_kernel_core.plotter.painting.font import text_width
from datalab_kernel_core.plotter.painting.shapes import draw_shapes
from datalab_kernel_core.plotter.reduce import Array
from datalab_kernel_core.plotter.style import NO_VALUE_RGB
from datalab_workspace.model.image_reduction import reduce_blocks

_COLORS = 256
#: The width of the color bar and its distance from the image, in pixels.
_BAR, _BESIDE = 16, 12
_EDGE = 10


def draw_images(canvas: Canvas, place: Frame, drawing: ImagesDrawing) -> None:
    """Draw images in an area of a canvas, which also holds their labels."""
    left, top, right, bottom = place
    rows, columns = drawing.grid
    if drawing.title:
        middle = (left + right) / 2
        canvas.text((middle, top - LINE), drawing.title, size=LARGE, align=(0.5, 0.0))
    width, height = (right - left) // columns, (bottom - top) // rows
    for number, image in enumerate(drawing.images):
        x, y = left + number % columns * width, top + number // columns * height
        above = LINE + 4 if rows > 1 and number >= columns else 0
        _draw_image(canvas, (x, y + above, x + width, y + height), image)


def _draw_image(canvas: Canvas, place: Frame, image: ImageDrawing) -> None:
    left, top, right, bottom = place
    bottom -= bottom_margin()
    begin, end, low, high = image.sides()
    scales = [AxisScale(kind, max(map(abs, image.sides()))) for kind in image.scales]
    x = Axis(begin, end, scales[0], image.labels[0])
    y = Axis(low, high, scales[1], image.labels[1])
    left += side_margin(y, bottom - top)
    bar = None if image.scale is None else _bar_axis(image, image.scale)
    if bar is not None:
        right -= _BAR + _BESIDE + side_margin(bar, bottom - top)
    frame = _to_scale((left, top, right - _EDGE, bottom), image)
    axes = Axes(canvas, frame, x, y)
    if image.pixels is not None:
        canvas.paste(frame, _colored(axes, image, image.pixels))
    if image.grid:
        axes.grid()
    draw_shapes(axes, image.shapes)
    axes.decorate(image.title)
    if bar is not None:
        _draw_bar(axes, image, bar)


def _to_scale(frame: Frame, image: ImageDrawing) -> Frame:
    """Return the part of an area in which the image has its proportions."""
    if not image.is_to_scale():
        return frame
    left, top, right, bottom = frame
    begin, end, low, high = image.sides()
    unit = image.aspect if isinstance(image.aspect, float) else 1.0
    proportion = unit * abs(low - high) / abs(end - begin)
    width, height = right - left, bottom - top
    if width * proportion > height:
        width = max(round(height / proportion), 2)
    else:
        height = max(round(width * proportion), 2)
    return left, top, left + width, top + height


def _colored(axes: Axes, image: ImageDrawing, pixels: Array) -> Array:
    """Return the color of each pixel of the canvas between the axes."""
    left, top, right, bottom = axes.frame
    shares = [(np.arange(n) + 0.5) / n for n in (right - left, bottom - top)]
    x, y = axes.x.values(shares[0]), axes.y.values(1 - shares[1])
    columns, rows = (
        _indices(edges, values)
        for edges, values in zip(image.edges, (x, y), strict=True)
    )
    if not image.exact and not image.is_mesh:
        pixels, columns, rows = _averaged(pixels, columns, rows)
    scale = image.scale or ColorScale(0.0, 1.0)
    with np.errstate(over="ignore", invalid="ignore"):
        found = scale.shares(pixels)
        indices = np.clip(found, 0, 1) * (_COLORS - 1) + 1
        indices = np.where(np.isnan(found), 0, np.rint(indices)).astype(np.int64)
    colors = np.concatenate([[NO_VALUE_RGB], palette(image.colormap, _COLORS)])
    shown: Array = colors.astype(np.uint8)[indices[np.ix_(rows, columns)]]
    shown[rows < 0] = 255  # beyond the edges of the image
    shown[:, columns < 0] = 255
    return shown


def _averaged(pixels: Array, columns: Array, rows: Array) -> tuple[Array, Array, Array]:
    """Return the mean of blocks if several pixels share one of the canvas."""
    blocks = [
        max(1, round((indices.max() - indices.min() + 1) / len(indices)))
        for indices in (rows, columns)
    ]
    if blocks == [1, 1]:
        return pixels, columns, rows
    high, wide = blocks
    means = reduce_blocks(pixels, (high, wide))
    # Indices of -1 stay: // rounds downwards.
    return means, columns // wide, rows // high


def _indices(edges: Array, values: Array) -> Array:
    """Return the pixel in which each coordinate is, -1 for none."""
    if edges[0] > edges[-1]:
        found = len(edges) - 1 - np.searchsorted(edges[::-1], values, side="left")
    else:
        found = np.searchsorted(edges, values, side="right") - 1
    inside = (found >= 0) & (found < len(edges) - 1)
    return np.where(inside, found, -1)


def _bar_axis(image: ImageDrawing, scale: ColorScale) -> Axis:
    kind = scale.kind if isinstance(scale.kind, str) else "linear"
    axis = AxisScale(kind, max(abs(scale.low), abs(scale.high)))
    return Axis(scale.low, scale.high, axis, image.labels[2], degrees=image.degrees)


def _draw_bar(axes: Axes, image: ImageDrawing, bar: Axis) -> None:
    """Draw the color bar with its ticks, at the right of the image."""
    canvas = axes.canvas
    _, top, right, bottom = axes.frame
    left = right + _BESIDE
    frame = (left, top, left + _BAR, bottom)
    shades = np.linspace(_COLORS - 1, 0, bottom - top).round().astype(int)
    colors = palette(image.colormap, _COLORS)[shades]
    canvas.paste(frame, np.repeat(colors[:, np.newaxis], _BAR, axis=1))
    canvas.outline(frame, "#262626")
    found = bar.ticks(bottom - top, 48)
    rows = bottom - bar.shares(np.array(found.values)) * (bottom - top)
    for row, label in zip(
        np.rint(rows).astype(int).tolist(), found.labels, strict=True
    ):
        canvas.fill((left + _BAR, row, left + _BAR + 4, row + 1), "#262626")
        place = left + _BAR + 8, row + 2
        canvas.text(place, label, size=LARGE, color="#262626", align=(0.0, 0.5))
    widest = max((text_width(label, LARGE) for label in found.labels), default=0)
    label = " ".join(filter(None, (bar.label, found.common)))
    most = (bottom - top + 40) // (LARGE * 6)
    place = left + _BAR + 12 + widest, (top + bottom) // 2
    canvas.text(place, label[:most], size=LARGE, align=(0.0, 0.5), upwards=True)
