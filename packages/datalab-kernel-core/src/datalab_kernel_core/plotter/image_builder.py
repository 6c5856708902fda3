"""Build the drawing of an image: coordinates, labels and reduced pixels."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from datalab_kernel_core.plotter.colormaps import known_colormap
from datalab_kernel_core.plotter.contrast import ColorScale, color_scale
from datalab_kernel_core.plotter.image_drawing import FEW, ImageDrawing
from datalab_kernel_core.plotter.object_shapes import object_shapes
from datalab_kernel_core.plotter.options import Options
from datalab_kernel_core.plotter.overlays import outside_note, undrawn_note
from datalab_kernel_core.plotter.plot_input import PlotItem
from datalab_kernel_core.plotter.samples import component
from datalab_kernel_core.plotter.style import (
    DEFAULT_COLORMAP,
    DPI,
    LARGEST,
    PHASE_COLORMAP,
    PHASE_LIMITS,
    TITLE_LENGTH,
    WIDTH,
    Limits,
    as_text,
    axis_label,
    bounds,
    display_option,
    drawable,
)
from datalab_workspace.model.image_reduction import (
    Array,
    block_sides,
    reduce_blocks,
    reduced_note,
    shown_values,
    value_range,
)
from datalab_workspace.model.record import Record

#: Axes with up to this number of pixels are not reduced.
MAX_SIDE = 2048
#: The same for images that are drawn as a mesh, which takes longer.
MAX_MESH_SIDE = 512


@dataclass(frozen=True)
class PixelAxis:
    """The coordinates of the pixels along one axis of an image.

    Attributes:
        centers: Coordinates of the pixels' centers, shape (N,), N at least 1, finite,
            increasing or decreasing.
        step: The distance between two centers; None if it varies.
    """

    centers: Array
    step: float | None

    @classmethod
    def of(cls, record: Record, axis: str, length: int, notes: list[str]) -> PixelAxis:
        """Return an axis of an image, in pixels if its coordinates cannot be drawn.

        Args:
            record: The image.
            axis: "x" or "y".
            length: Number of pixels, at least 1.
            notes: The notes of the picture; one is added if the axis is in pixels.
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
        """Return the edges of blocks of pixels.

        Args:
            factor: Number of pixels in a block; the last block may have fewer.

        Returns:
            Shape (ceil(N / factor) + 1,).
        """
        between = (self.centers[1:] + self.centers[:-1]) / 2
        if len(between):
            begin, end = between[0] - self.centers[0], self.centers[-1] - between[-1]
        else:
            begin = end = (self.step or 1.0) / 2
        ends = self.centers[0] - begin, self.centers[-1] + end
        edges = np.concatenate([ends[:1], between, ends[1:]])
        return np.append(edges[:-1:factor], edges[-1])

    def within(self, limits: Limits, *, positive: bool = False) -> slice:
        """Return the pixels between two bounds, at least one.

        Args:
            limits: The bounds, None for no bound.
            positive: Leave out the pixels that reach 0 or less.
        """
        low, high = limits
        edges = self.edges()
        ends = np.minimum(edges[1:], edges[:-1]), np.maximum(edges[1:], edges[:-1])
        inside = np.ones(len(self.centers), bool)
        if low is not None:
            inside &= ends[1] >= low
        if high is not None:
            inside &= ends[0] <= high
        if positive:
            inside &= ends[0] > 0
        found = np.flatnonzero(inside)
        return slice(found[0], found[-1] + 1) if len(found) else slice(0, 1)

    def part(self, pixels: slice) -> PixelAxis:
        """Return the axis of some of the pixels."""
        if pixels == slice(0, len(self.centers)):
            return self
        step = self.step
        if step is None and pixels.stop - pixels.start == 1:
            edges = self.edges()[pixels.start : pixels.stop + 1]
            step = float(edges[1] - edges[0])
        return PixelAxis(self.centers[pixels], step)

    def at(self, index: float) -> float:
        """Return the coordinate at a pixel index, which may be fractional."""
        if self.step is not None:
            return float(self.centers[0] + index * self.step)
        return float(np.interp(index, np.arange(len(self.centers)), self.centers))


def _usable(coords: Array, length: int) -> bool:
    if coords.shape != (length,) or not np.all(np.abs(coords) < LARGEST):
        return False
    steps = np.diff(coords)
    return bool((steps > 0).all() or (steps < 0).all())


def build_image_drawings(
    item: PlotItem, options: Options, width: float = WIDTH
) -> list[ImageDrawing]:
    """Build the drawings of an image.

    Args:
        item: The image.
        options: The options of the picture.
        width: Width of a drawing in inches.

    Returns:
        One drawing, or two if the options ask for both components of a complex image.
        They share no memory with the image.
    """
    data = item.record.array("data")
    if data is None or data.dtype.kind != "c":
        return [_drawing(item, data, "", options, width)]
    names = options.components("modulus")
    drawings = [_drawing(item, data, name, options, width) for name in names]
    if len(names) == 1:
        drawings[0].notes.append(f"{names[0]} of complex values")
        return drawings
    return [
        replace(drawing, title=f"{drawing.title}, {name}".removeprefix(", "))
        for drawing, name in zip(drawings, names, strict=True)
    ]


def _drawing(
    item: PlotItem, data: Array | None, name: str, options: Options, width: float
) -> ImageDrawing:
    record = item.record
    notes: list[str] = []
    sides = (1, 1) if data is None or not data.size else data.shape
    x = PixelAxis.of(record, "x", sides[1], notes)
    y = PixelAxis.of(record, "y", sides[0], notes)
    if name and data is not None:
        # The modulus is computed block by block, without a copy of the whole image.
        data = data if name == "modulus" else component(data, name)
    shapes = object_shapes(record, options, lambda axis, index: (x, y)[axis].at(index))
    ends = [(float(np.min(e)), float(np.max(e))) for e in (x.edges(), y.edges())]
    notes += filter(None, [undrawn_note(shapes), outside_note(shapes, *ends)])
    is_phase = name == "phase"
    scale, found = None, None
    if data is None or not data.size:
        notes.append("no data")
    elif (found := value_range(data)) is None:
        count = _undrawable_count(data)
        notes += [f"{count} pixels with |z| ≥ 1e300 not drawn"] * bool(count)
        notes.append("no values")
    else:
        scale = _color_scale(record, data, name, found, options, notes)
    drawing = ImageDrawing(
        drawable(item.title, TITLE_LENGTH),
        _labels(record, options, is_phase=is_phase),
        None,
        (x.edges(), y.edges()),
        x.step is not None and y.step is not None,
        scale,
        PHASE_COLORMAP
        if is_phase and options.colormap is None
        else _colormap_name(record, options, notes),
        _view(record, options),
        [shape for shape in shapes if shape is not None],
        notes,
        shape=() if data is None else data.shape,
        found=found,
        degrees=is_phase,
        aspect=options.aspect,
        grid=options.grid,
        scales=_scales(options, (x, y), notes),
    )
    if data is None or not data.size:
        return drawing
    return _with_pixels(drawing, data, (x, y), options, width)


def _view(record: Record, options: Options) -> tuple[Limits, Limits]:
    fixed = not record.fields["autoscale"]
    free: Limits = (None, None)
    return (
        options.limits("x", bounds(record, "x") if fixed else free),
        options.limits("y", bounds(record, "y") if fixed else free),
    )


def _scales(
    options: Options,
    axes: tuple[PixelAxis, PixelAxis],
    notes: list[str],
) -> tuple[str, str]:
    """Return the scales of the axes, which are linear unless an option is given."""
    scales = []
    for name, axis in zip("xy", axes, strict=True):
        scale = options.scale(name, own=False)
        if scale == "log":
            edges = axis.edges()
            positive = np.minimum(edges[1:], edges[:-1]) > 0
            if not positive.any():
                scale = "linear"
                notes.append(f"no positive {name}, so its axis is linear")
            elif not positive.all():
                notes.append(f"pixels that reach {name} = 0 or below not drawn")
        scales.append(scale)
    return scales[0], scales[1]


def _undrawable_count(data: Array) -> int:
    """Return the number of pixels whose values are too large to draw."""
    # An array, because single precision cannot hold the number itself.
    large = np.abs(data) >= np.array([LARGEST])
    return int(np.count_nonzero(np.ma.filled(large, fill_value=False)))


def _color_scale(
    record: Record,
    data: Array,
    name: str,
    found: tuple[float, float],
    options: Options,
    notes: list[str],
) -> ColorScale:
    if name == "phase":
        low, high = PHASE_LIMITS
        return ColorScale(
            low if options.vmin is None else options.vmin,
            high if options.vmax is None else options.vmax,
        )
    free: Limits = (None, None)
    own = free if name == "imaginary" else bounds(record, "z")
    return color_scale(data, found, own, options, notes)


def _with_pixels(
    drawing: ImageDrawing,
    data: Array,
    axes: tuple[PixelAxis, PixelAxis],
    options: Options,
    width: float,
) -> ImageDrawing:
    """Return a drawing with the visible pixels of its image, reduced to its size."""
    how = options.reduce or "mean"
    columns, rows = (
        axis.within(limits, positive=scale == "log")
        for axis, limits, scale in zip(axes, drawing.view, drawing.scales, strict=True)
    )
    most = MAX_MESH_SIDE if drawing.is_mesh else MAX_SIDE
    limit = (most, most)
    if how != "mean":  # otherwise Matplotlib would leave pixels out
        wide, high = (int(0.9 * side * DPI) for side in drawing.drawn_size(width))
        limit = (min(max(high, 16), most), min(max(wide, 16), most))
    part = data[rows, columns]
    blocks = block_sides(part.shape, limit)
    if blocks == (1, 1):
        values = shown_values(part)
        values = values.astype(np.result_type(values.dtype, np.float32))
    else:
        values = reduce_blocks(part, blocks, how)
        drawing.notes.append(reduced_note(blocks, how) + _hidden(values, part, how))
    x, y = axes[0].part(columns), axes[1].part(rows)
    return replace(
        drawing,
        pixels=values,
        edges=(x.edges(blocks[1]), y.edges(blocks[0])),
        blocks=blocks,
        exact=how != "mean",
    )


def _hidden(values: Array, part: Array, how: str) -> str:
    """Return a clause about the extremes that a mean hides, "" if it hides little."""
    found = value_range(part)
    if how != "mean" or found is None:
        return ""
    low, high = found
    few = FEW * (high - low)
    hidden = [
        (f"below {as_text(float(np.nanmin(values)))}, down to {as_text(low)}", "min")
        if float(np.nanmin(values)) - low > few
        else None,
        (f"above {as_text(float(np.nanmax(values)))}, up to {as_text(high)}", "max")
        if high - float(np.nanmax(values)) > few
        else None,
    ]
    named = [one for one in hidden if one is not None]
    if not named:
        return ""
    offered = named[0][1] if len(named) == 1 else "extremes"
    what = " and ".join(text for text, _ in named)
    return f", which hides values {what} (see reduce={offered!r})"


def _labels(
    record: Record, options: Options, *, is_phase: bool
) -> tuple[str, str, str]:
    x, y, z = (
        axis_label(
            options.text(record, f"{axis}label"), options.text(record, f"{axis}unit")
        )
        for axis in "xyz"
    )
    if is_phase:
        z = axis_label(options.zlabel or "phase", options.zunit or "°")
    return x, y, z


def _colormap_name(record: Record, options: Options, notes: list[str]) -> str:
    if options.colormap is not None:
        return options.colormap
    own = display_option(record, "colormap", DEFAULT_COLORMAP)
    known = known_colormap(own) if isinstance(own, str) else None
    if known is None:
        if isinstance(own, str):
            notes.append(f"colormap {own!r:.30} is unknown")
        return DEFAULT_COLORMAP
    if display_option(record, "invert_colormap", False) is True:
        inverted = known[:-2] if known.endswith("_r") else f"{known}_r"
        return known_colormap(inverted) or known
    return known
