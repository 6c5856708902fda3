"""The data of an interactive view of an image."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

from datalab_kernel_core.explore.messages import Range, ViewRequest
from datalab_kernel_core.explore.signal_source import plain_label, plain_title
from datalab_kernel_core.explore.visible_pixels import (
    VisiblePixels,
    blocks_of,
    clipped,
    coarser,
)
from datalab_kernel_core.in_page.channel import Reply
from datalab_kernel_core.plotter.colormaps import (
    checked_colormap,
    known_colormap,
    palette,
)
from datalab_kernel_core.plotter.image_builder import build_image_drawings
from datalab_kernel_core.plotter.image_drawing import ImageDrawing
from datalab_kernel_core.plotter.options import Options
from datalab_kernel_core.plotter.plot_input import PlotItem
from datalab_kernel_core.plotter.style import NO_VALUE_RGB
from datalab_workspace.model.image_reduction import (
    Array,
    Blocks,
    Reduction,
    reduced_note,
)
from datalab_workspace.model.record import Record

#: The largest size of compressed pixels, in bytes. A larger picture is reduced further.
MAX_BYTES = 140_000
_COLORS = 255
#: Colormaps that the view offers, in addition to the image's own.
_COLORMAPS = (
    *("viridis", "gray", "inferno", "plasma", "cividis", "turbo", "jet", "coolwarm"),
    *("hot", "bone"),
)


class ImageSource:
    """The pixels of an image.

    Args:
        record: The image. It is not copied: the view shows changes of its data, except
            in the color scale and in the view of the whole image.
        drawing: The drawing of the image, which contains both.
        options: The bounds of the view at first, and the reduction of pixels.
    """

    def __init__(
        self,
        record: Record,
        drawing: ImageDrawing | None = None,
        options: Options | None = None,
    ) -> None:
        options = options or Options()
        self._record, self._options = record, options
        self._how: Reduction = options.reduce or "mean"
        drawing = drawing or build_image_drawings(PlotItem(record, ""), options)[0]
        self._limits, self._colormap = drawing.limits, drawing.colormap
        self._found = drawing.found
        overview = None
        if drawing.is_whole and drawing.blocks != (1, 1) and self._how == "mean":
            assert drawing.pixels is not None
            overview = drawing.blocks, drawing.pixels
        self._visible = VisiblePixels(record, self._how, overview)
        self._data, self._notes = self._visible.data, self._visible.notes
        if self._data.dtype.kind == "c":
            self._notes.append("modulus of complex values")

    def about(self) -> dict[str, Any]:
        """See `DataSource.about`."""
        height, width = self._data.shape
        labels = {f"{axis}label": plain_label(self._record, axis) for axis in "xyz"}
        axes = []
        for axis, name in zip(self._visible.axes, "xy", strict=True):
            if axis.step is None:
                labels[f"{name}label"] = "pixel (coordinates are not uniform)"
            uniform = (float(axis.centers[0]), axis.step or 1.0)
            axes.append((0.0, 1.0) if axis.step is None else uniform)
        steps = abs(axes[0][1]), abs(axes[1][1])
        return {
            "kind": "image",
            "title": plain_title(self._record),
            **labels,
            "shape": (height, width),
            "axes": axes,
            "aspect": steps[1] / steps[0],
            "limits": self._limits,
            "range": self._found,
            "zunit": str(self._record.fields["zunit"] or ""),
            "colormap": self._colormap,
            "colormaps": sorted({*filter(known_colormap, _COLORMAPS), self._colormap}),
            "home": {"x": self._home(0), "y": self._home(1)},
        }

    def _home(self, number: int) -> Range | None:
        """Return the bounds of the first view in pixels, None for the whole image."""
        axis = self._visible.axes[number]
        low, high = self._options.limits("xy"[number], (None, None))
        if (low, high) == (None, None):
            return None
        ends = axis.within((low, high))
        if axis.step is None:
            return float(ends.start), float(ends.stop)
        edges = axis.edges()
        first, last = sorted((float(edges[0]), float(edges[-1])))
        return self._visible.pixel_range(
            number, (first if low is None else low, last if high is None else high)
        )

    def view(self, request: ViewRequest) -> Reply:
        """See `DataSource.view`."""
        limits = request.limits or self._limits
        colors = _palette(request.colormap or self._colormap)
        height, width = self._data.shape
        columns = clipped(request.x, width)
        rows = clipped(request.y, height)
        count = (columns[1] - columns[0]) * (rows[1] - rows[0])
        if not count or limits is None:
            return Reply({"shape": (0, 0), "note": self._note((1, 1), "no values")})
        blocks = blocks_of(columns, rows, request)
        while True:
            extent, values = self._visible.reduced(columns, rows, blocks)
            packed = zlib.compress(_indices(values, limits), 1)
            if len(packed) <= MAX_BYTES:
                break
            blocks = coarser(blocks, values.shape)
        content = {
            "shape": values.shape,
            "extent": extent,
            "note": self._note(blocks),
            "limits": limits,
        }
        return Reply(content, [packed, colors])

    def value(self, x: float, y: float, log: tuple[bool, bool]) -> Reply:  # noqa: ARG002
        """See `DataSource.value`; returns the value of the pixel."""
        column, row = int(np.floor(x)), int(np.floor(y))
        height, width = self._data.shape
        if not (0 <= column < width and 0 <= row < height):
            return Reply({"text": "", "at": None})
        value = self._data[row, column]
        shown = "no value (masked)" if value is np.ma.masked else str(value)
        parts = [
            f"{name} = {_number(axis.at(index))}{self._unit(name)}"
            for name, axis, index in zip(
                "xy", self._visible.axes, (column, row), strict=True
            )
        ]
        text = f"{', '.join(parts)}, value = {shown}{self._unit('z')}"
        return Reply({"text": f"{text}  (row {row}, column {column})", "at": None})

    def _unit(self, axis: str) -> str:
        unit = self._record.fields[f"{axis}unit"]
        return f" {unit}" if unit else ""

    def _note(self, blocks: Blocks, *more: str) -> str:
        return "; ".join(
            filter(None, [*self._notes, *more, reduced_note(blocks, self._how)])
        )


def _indices(values: Array, limits: Range) -> bytes:
    """Return the index of each pixel's color, from 1; 0 for a pixel without a value."""
    low, high = limits
    with np.errstate(over="ignore", invalid="ignore"):
        floats = values.astype(np.result_type(values.dtype, np.float32))
        scaled = (floats - low) * ((_COLORS - 1) / (high - low))
        indices = np.clip(scaled, 0, _COLORS - 1) + 1.5
        indices[np.isnan(indices)] = 0
    return indices.astype(np.uint8).tobytes()


def _palette(name: str) -> Array:
    """Return RGB colors, uint8, shape (256, 3); the first is that of no value.

    Raises:
        ValueError: No colormap has this name.
    """
    colors = palette(checked_colormap(name), _COLORS)
    return np.concatenate([[NO_VALUE_RGB], colors]).astype(np.uint8)


def _number(value: float) -> str:
    return f"{value:.12g}"
