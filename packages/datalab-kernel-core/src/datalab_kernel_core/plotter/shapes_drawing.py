"""Draw the shapes over signals and images with Matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Ellipse, Patch, Polygon, Rectangle
from matplotlib.patheffects import withStroke

from datalab_kernel_core.plotter.overlays import MAX_SHAPES, Shape


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
