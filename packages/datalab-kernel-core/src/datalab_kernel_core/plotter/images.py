"""Pictures of images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure, SubFigure

from datalab_kernel_core.plotter.annotations import annotation_shapes
from datalab_kernel_core.plotter.options import Options
from datalab_kernel_core.plotter.overlays import (
    Shape,
    draw_shapes,
    roi_shapes,
    undrawn_note,
)
from datalab_kernel_core.plotter.reduce import (
    MAX_MESH_SIDE,
    MAX_SIDE,
    Array,
    block_mean,
    reduction_factor,
    shown_values,
    value_range,
)
from datalab_kernel_core.plotter.results import result_shapes
from datalab_kernel_core.plotter.style import (
    DEFAULT_COLORMAP,
    DPI,
    IMAGE_HEIGHT,
    LARGEST,
    TITLE_LENGTH,
    TITLE_SIZE,
    WIDTH,
    Limits,
    axis_label,
    bounds,
    colormap,
    display_option,
    drawable,
    has_colormap,
    write_notes,
)
from datalab_workspace.record import Record

#: Pixels are drawn to scale unless the picture would be more elongated than this.
MAX_ELONGATION = 5.0


@dataclass(frozen=True)
class PixelAxis:
    """Where the pixels of an image are along one of its axes.

    Attributes:
        centres: Coordinates of the pixels' centres, shape (N,), N at least 1, finite,
            increasing or decreasing.
        step: Their distance; None where it is not the same for all.
    """

    centres: Array
    step: float | None

    @classmethod
    def of(cls, record: Record, axis: str, length: int, notes: list[str]) -> PixelAxis:
        """Return the axis of an image; its pixel numbers if its own cannot be drawn.

        Args:
            record: The image.
            axis: "x" or "y".
            length: Number of pixels, at least 1.
            notes: Where to tell that they cannot.
        """
        if not record.fields["is_uniform_coords"]:
            coords = np.asarray(record.array(f"{axis}coords"))
            if _usable(coords, length):
                return cls(coords.astype(np.float64), None)
        else:
            start, step = record.fields[f"{axis}0"], record.fields[f"d{axis}"]
            if isinstance(start, float) and isinstance(step, float) and step:
                with np.errstate(over="ignore", invalid="ignore"):
                    coords = start + step * np.arange(length)
                if _usable(coords, length):
                    return cls(coords, step)
        notes.append(f"{axis} in pixels: its coordinates cannot be drawn")
        return cls(np.arange(length, dtype=np.float64), 1.0)

    def edges(self, factor: int = 1) -> Array:
        """Return where blocks of `factor` pixels begin and the last one ends.

        Args:
            factor: Number of pixels in a block; the last one may have fewer.

        Returns:
            Shape (ceil(N / factor) + 1,).
        """
        between = (self.centres[1:] + self.centres[:-1]) / 2
        if len(between):
            begin, end = between[0] - self.centres[0], self.centres[-1] - between[-1]
        else:
            begin = end = (self.step or 1.0) / 2
        ends = self.centres[0] - begin, self.centres[-1] + end
        edges = np.concatenate([ends[:1], between, ends[1:]])
        return np.append(edges[:-1:factor], edges[-1])

    def at(self, place: float) -> float:
        """Return the coordinate of a place given in pixels."""
        if self.step is not None:
            return float(self.centres[0] + place * self.step)
        return float(np.interp(place, np.arange(len(self.centres)), self.centres))


def _usable(coords: Array, length: int) -> bool:
    if coords.shape != (length,) or not np.all(np.abs(coords) < LARGEST):
        return False
    steps = np.diff(coords)
    return bool((steps > 0).all() or (steps < 0).all())


@dataclass(frozen=True)
class ImageDrawing:
    """All that the picture of an image shows, independent of the image.

    Attributes:
        title: Title of the picture.
        labels: Labels of x, of y and of the colours.
        pixels: Shape (H, W), NaN where there is no value; None of an empty image.
        edges: Of the pixels along x and y, shapes (W + 1,) and (H + 1,).
        uniform: Whether the pixels are of the same size, but for the last ones.
        factor: Number of the image's pixels in a side of one that is drawn.
        limits: Lowest and highest value that have a colour of their own; None where
            no pixel has a value.
        colormap: Name of the colour map.
        view: Bounds of the x and y axes, None for one that the image sets.
        shapes: What is drawn over the image.
        notes: What is to be said about the picture, in it.
    """

    title: str
    labels: tuple[str, str, str]
    pixels: Array | None
    edges: tuple[Array, Array]
    uniform: bool
    factor: int
    limits: tuple[float, float] | None
    colormap: str
    view: tuple[Limits, Limits]
    shapes: Sequence[Shape]
    notes: list[str]

    def figure(self) -> Figure:
        """Draw the picture on a new figure, which no pyplot knows of."""
        figure = Figure(figsize=(WIDTH, IMAGE_HEIGHT), dpi=DPI, layout="compressed")
        self.draw_on(figure)
        return figure

    def draw_on(self, figure: Figure | SubFigure) -> None:
        """Draw the picture on a figure or a part of one."""
        axes = figure.add_subplot()
        if self.pixels is not None:
            drawn = self._draw_pixels(axes, self.pixels)
            if self.limits is not None:
                # A part of a figure can't have the layout "compressed": there, only
                # an inset is as high as an image drawn to scale.
                inset = isinstance(figure, SubFigure)
                place = axes.inset_axes((1.04, 0, 0.06, 1)) if inset else None
                figure.colorbar(drawn, cax=place, ax=axes, label=self.labels[2])
            self._set_view(axes)
        draw_shapes(axes, self.shapes)
        axes.set(xlabel=self.labels[0], ylabel=self.labels[1])
        axes.set_title(self.title, fontsize=TITLE_SIZE)
        write_notes(figure, self.notes)

    def _draw_pixels(self, axes: Axes, pixels: Array) -> ScalarMappable:
        low, high = self.limits or (0.0, 1.0)
        look: dict[str, Any] = {
            "cmap": colormap(self.colormap),
            "vmin": low,
            "vmax": high,
        }
        x, y = self.edges
        if not self.uniform:
            return axes.pcolormesh(x, y, pixels, shading="flat", **look)
        # Where the last blocks are smaller, what is beyond the edge is out of view.
        right, bottom = (_full_end(edges) for edges in self.edges)
        extent = (float(x[0]), right, bottom, float(y[0]))
        return axes.imshow(pixels, extent=extent, interpolation="antialiased", **look)

    def _set_view(self, axes: Axes) -> None:
        """Show the whole image or the chosen part of it, y downwards as in DataLab."""
        sides = []
        for edges, (low, high) in zip(self.edges, self.view, strict=True):
            low = float(edges.min()) if low is None else low
            high = float(edges.max()) if high is None else high
            usable = low < high
            sides.append((low, high) if usable else (edges.min(), edges.max()))
        (left, right), (top, bottom) = sides
        axes.set(xlim=(left, right), ylim=(bottom, top))
        elongation = (right - left) / (bottom - top)
        to_scale = 1 / MAX_ELONGATION <= elongation <= MAX_ELONGATION
        axes.set_aspect("equal" if to_scale else "auto")


def _full_end(edges: Array) -> float:
    """Return where the last block would end if it were as long as the first."""
    count = len(edges) - 1
    return float(edges[0] + count * (edges[1] - edges[0]))


def image_drawing(record: Record, options: Options) -> ImageDrawing:
    """Work out the picture of an image.

    Args:
        record: The image.
        options: What was chosen for the picture.

    Returns:
        A drawing that shares no memory with the image.

    Raises:
        ValueError: The colour map that was chosen does not exist.
    """
    notes: list[str] = []
    data = record.array("data")
    height, width = (1, 1) if data is None or not data.size else data.shape
    x = PixelAxis.of(record, "x", width, notes)
    y = PixelAxis.of(record, "y", height, notes)
    uniform = x.step is not None and y.step is not None
    factor = reduction_factor((height, width), MAX_SIDE if uniform else MAX_MESH_SIDE)
    pixels, limits = _pixels(data, factor, notes)
    shapes = _shapes(record, options, (x, y))
    notes += filter(None, [undrawn_note(shapes)])
    free: Limits = (None, None)
    fixed = not record.fields["autoscale"]
    return ImageDrawing(
        drawable(options.text(record, "title"), TITLE_LENGTH),
        _labels(record, options),
        pixels,
        (x.edges(factor), y.edges(factor)),
        uniform,
        factor,
        _color_limits(record, limits),
        _colormap_name(record, options),
        (bounds(record, "x"), bounds(record, "y")) if fixed else (free, free),
        [shape for shape in shapes if shape is not None],
        notes,
    )


def _pixels(
    data: Array | None, factor: int, notes: list[str]
) -> tuple[Array | None, tuple[float, float] | None]:
    """Return the pixels to draw, and the lowest and highest value of all pixels."""
    if data is None or not data.size:
        notes.append("no data")
        return None, None
    if data.dtype.kind == "c":
        notes.append("modulus of complex values")
    limits = value_range(data)
    if limits is None:
        notes.append("no values")
    if factor == 1:
        values = shown_values(data)
        return values.astype(np.result_type(values.dtype, np.float32)), limits
    notes.append(f"each pixel is the mean of {factor}×{factor}")
    return block_mean(data, factor), limits


def _color_limits(
    record: Record, found: tuple[float, float] | None
) -> tuple[float, float] | None:
    """Return the range of the colours: the image's own, as far as it has one."""
    if found is None:
        return None
    low, high = (
        extreme if bound is None else bound
        for bound, extreme in zip(bounds(record, "z"), found, strict=True)
    )
    if low < high:
        return low, high
    # A constant image, or bounds that leave nothing between them.
    middle = found[0]
    margin = max(abs(middle) * 1e-3, 1e-300) if middle else 0.5
    return middle - margin, found[1] + margin


def _labels(record: Record, options: Options) -> tuple[str, str, str]:
    x, y, z = (
        axis_label(
            options.text(record, f"{axis}label"), options.text(record, f"{axis}unit")
        )
        for axis in "xyz"
    )
    return x, y, z


def _colormap_name(record: Record, options: Options) -> str:
    if options.colormap is not None:
        return options.colormap
    own = str(display_option(record, "colormap", DEFAULT_COLORMAP))
    known = own if has_colormap(own) else DEFAULT_COLORMAP
    if display_option(record, "invert_colormap", False) is not True:
        return known
    inverted = known[:-2] if known.endswith("_r") else f"{known}_r"
    return inverted if has_colormap(inverted) else known


def _shapes(
    record: Record, options: Options, axes: tuple[PixelAxis, PixelAxis]
) -> list[Shape | None]:
    shapes: list[Shape | None] = []
    if options.roi:
        shapes += roi_shapes(record, lambda axis, place: axes[axis].at(place))
    if options.results:
        shapes += result_shapes(record)
    if options.annotations:
        shapes += annotation_shapes(record)
    return shapes
