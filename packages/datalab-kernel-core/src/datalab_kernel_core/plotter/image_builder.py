"""Build the drawing of an image: coordinates, labels and reduced pixels."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from datalab_kernel_core.plotter.image_drawing import ImageDrawing
from datalab_kernel_core.plotter.object_shapes import object_shapes
from datalab_kernel_core.plotter.options import Options
from datalab_kernel_core.plotter.overlays import undrawn_note
from datalab_kernel_core.plotter.plot_input import PlotItem
from datalab_kernel_core.plotter.reduce import (
    MAX_MESH_SIDE,
    MAX_SIDE,
    Array,
    block_mean,
    reduction_factor,
    shown_values,
    value_range,
)
from datalab_kernel_core.plotter.samples import component
from datalab_kernel_core.plotter.style import (
    DEFAULT_COLORMAP,
    LARGEST,
    PHASE_COLORMAP,
    PHASE_LIMITS,
    TITLE_LENGTH,
    Limits,
    axis_label,
    bounds,
    display_option,
    drawable,
    known_colormap,
)
from datalab_workspace.model.record import Record


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


def build_image_drawings(item: PlotItem, options: Options) -> list[ImageDrawing]:
    """Build the drawings of an image.

    Args:
        item: The image.
        options: The options of the picture.

    Returns:
        One drawing, or two if the options ask for both components of a complex image.
        They share no memory with the image.
    """
    data = item.record.array("data")
    if data is None or data.dtype.kind != "c":
        return [_drawing(item, data, "", options)]
    names = options.components("modulus")
    drawings = [_drawing(item, data, name, options) for name in names]
    if len(names) == 1:
        drawings[0].notes.append(f"{names[0]} of complex values")
        return drawings
    return [
        replace(drawing, title=f"{drawing.title}, {name}".removeprefix(", "))
        for drawing, name in zip(drawings, names, strict=True)
    ]


def _drawing(
    item: PlotItem, data: Array | None, name: str, options: Options
) -> ImageDrawing:
    record = item.record
    notes: list[str] = []
    height, width = (1, 1) if data is None or not data.size else data.shape
    x = PixelAxis.of(record, "x", width, notes)
    y = PixelAxis.of(record, "y", height, notes)
    uniform = x.step is not None and y.step is not None
    factor = reduction_factor((height, width), MAX_SIDE if uniform else MAX_MESH_SIDE)
    if name and data is not None:
        # The modulus is computed block by block, without a copy of the whole image.
        data = data if name == "modulus" else component(data, name)
    pixels, found = _pixels(data, factor, notes)
    shapes = object_shapes(record, options, lambda axis, index: (x, y)[axis].at(index))
    notes += filter(None, [undrawn_note(shapes)])
    free: Limits = (None, None)
    fixed = not record.fields["autoscale"]
    own_limits = free if name == "imaginary" else bounds(record, "z")
    is_phase = name == "phase"
    if is_phase:
        own_limits = PHASE_LIMITS
    return ImageDrawing(
        drawable(item.title, TITLE_LENGTH),
        _labels(record, options, is_phase=is_phase),
        pixels,
        (x.edges(factor), y.edges(factor)),
        uniform,
        _color_limits(own_limits, found),
        PHASE_COLORMAP
        if is_phase and options.colormap is None
        else _colormap_name(record, options, notes),
        (bounds(record, "x"), bounds(record, "y")) if fixed else (free, free),
        [shape for shape in shapes if shape is not None],
        notes,
        shape=() if data is None else data.shape,
        found=found,
        factor=factor,
        degrees=is_phase,
    )


def _pixels(
    data: Array | None, factor: int, notes: list[str]
) -> tuple[Array | None, tuple[float, float] | None]:
    """Return the pixels to draw, and the lowest and highest value of all pixels."""
    if data is None or not data.size:
        notes.append("no data")
        return None, None
    limits = value_range(data)
    if limits is None:
        notes.append("no values")
    if factor == 1:
        values = shown_values(data)
        return values.astype(np.result_type(values.dtype, np.float32)), limits
    notes.append(f"each pixel is the mean of {factor}×{factor}")
    return block_mean(data, factor), limits


def _color_limits(
    chosen: Limits, found: tuple[float, float] | None
) -> tuple[float, float] | None:
    """Return the bounds of the color scale: the image's own, or else its extremes."""
    if found is None:
        return None
    low, high = (
        extreme if bound is None else bound
        for bound, extreme in zip(chosen, found, strict=True)
    )
    if low < high:
        return low, high
    # The image is constant, or its bounds are in the wrong order.
    middle = found[0]
    margin = max(abs(middle) * 1e-3, 1e-300) if middle else 0.5
    return middle - margin, found[1] + margin


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
