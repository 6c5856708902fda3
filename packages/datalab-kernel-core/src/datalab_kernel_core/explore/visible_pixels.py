"""The pixels of an image that are drawn for the part of it that is on the screen.

Views in a page and refined Matplotlib figures draw the same pixels.
"""

from __future__ import annotations

import numpy as np

from datalab_kernel_core.explore.messages import Range, ViewRequest
from datalab_kernel_core.plotter.image_builder import PixelAxis
from datalab_workspace.model.image_reduction import (
    Array,
    Blocks,
    Reduction,
    block_sides,
    reduce_blocks,
    shown_values,
)
from datalab_workspace.model.record import Record

#: A picture with more pixels than this is reduced without trying to compress it.
_MAX_PIXELS = 1_000_000


class VisiblePixels:
    """The pixels of an image.

    Args:
        record: The image. It is not copied.
        how: The reduction of pixels.
        overview: The blocks and pixels of the whole image, if they were computed.

    Attributes:
        data: The pixels, shape (H, W); (0, 0) without data.
        axes: The x axis and the y axis.
        notes: Remarks about the axes.
    """

    def __init__(
        self,
        record: Record,
        how: Reduction = "mean",
        overview: tuple[Blocks, Array] | None = None,
    ) -> None:
        data = record.array("data")
        self.data = np.zeros((0, 0)) if data is None else data
        self.notes: list[str] = []
        height, width = self.data.shape if self.data.size else (1, 1)
        self.axes = (
            PixelAxis.of(record, "x", width, self.notes),
            PixelAxis.of(record, "y", height, self.notes),
        )
        self._how, self._overview = how, overview

    def pixel_range(self, number: int, ends: Range) -> Range:
        """Return the pixel indices, which may be fractional, of two coordinates.

        Args:
            number: 0 for x, 1 for y.
            ends: The coordinates; the axis is uniform.
        """
        axis = self.axes[number]
        start, step = float(axis.centers[0]), axis.step or 1.0
        low, high = sorted((end - start) / step + 0.5 for end in ends)
        return low, high

    def part(
        self, request: ViewRequest
    ) -> tuple[tuple[float, float, float, float], Array]:
        """Return the pixels to draw for a part of the image.

        Returns:
            Matplotlib's extent of the part (left, right, bottom, top), and values of
            shape (H, W), NaN for pixels without a value.
        """
        height, width = self.data.shape
        columns, rows = clipped(request.x, width), clipped(request.y, height)
        if columns[0] == columns[1] or rows[0] == rows[1]:
            return (0.0, 1.0, 1.0, 0.0), np.zeros((0, 0))
        extent, values = self.reduced(columns, rows, blocks_of(columns, rows, request))
        left, right, top, bottom = (
            float(axis.centers[0] + (index - 0.5) * (axis.step or 1.0))
            for axis, index in zip(
                (self.axes[0],) * 2 + (self.axes[1],) * 2, extent, strict=True
            )
        )
        shown = values.astype(np.result_type(values.dtype, np.float32))
        return (left, right, bottom, top), shown

    def reduced(
        self, columns: tuple[int, int], rows: tuple[int, int], blocks: Blocks
    ) -> tuple[tuple[int, int, int, int], Array]:
        """Return the values of blocks, and the pixels that they cover.

        The blocks do not depend on the position of the view, so that the picture does
        not flicker when the view moves.
        """
        data, steps, scales = self.data, blocks, (1, 1)
        if self._overview is not None:
            whole, pixels = self._overview
            if blocks[0] % whole[0] == 0 and blocks[1] % whole[1] == 0:
                data, scales = pixels, whole
                steps = blocks[0] // whole[0], blocks[1] // whole[1]
        parts, starts = [], []
        for ends, side, scale, length in zip(
            (rows, columns), blocks, scales, self.data.shape, strict=True
        ):
            start = ends[0] // side * side
            stop = min(-(-ends[1] // side) * side, length)
            parts.append(slice(start // scale, -(-stop // scale)))
            starts.append(start)
        part = data[parts[0], parts[1]]
        values = (
            shown_values(part)
            if steps == (1, 1)
            else reduce_blocks(part, steps, self._how)
        )
        # The last blocks may extend beyond the image.
        bottom, right = (
            start + count * side
            for start, count, side in zip(starts, values.shape, blocks, strict=True)
        )
        return (starts[1], right, starts[0], bottom), values


def clipped(ends: Range, length: int) -> tuple[int, int]:
    """Return the first pixel in a range, and the end of the last one."""
    low, high = (min(max(end, 0.0), float(length)) for end in ends)
    return int(np.floor(low)), int(np.ceil(high))


def blocks_of(
    columns: tuple[int, int], rows: tuple[int, int], request: ViewRequest
) -> Blocks:
    """Return the sides of the blocks to draw, powers of two, one for each axis."""
    width, height = columns[1] - columns[0], rows[1] - rows[0]
    # The part of the screen that the image covers.
    screen = (
        max(1.0, request.height * min(1.0, height / (request.y[1] - request.y[0]))),
        max(1.0, request.width * min(1.0, width / (request.x[1] - request.x[0]))),
    )
    blocks = block_sides((height, width), (int(2 * screen[0]), int(2 * screen[1])))
    while width * height / (blocks[0] * blocks[1]) > _MAX_PIXELS:
        blocks = coarser(blocks, (height // blocks[0], width // blocks[1]))
    return blocks


def coarser(blocks: Blocks, drawn: tuple[int, ...]) -> Blocks:
    """Return blocks with half as many pixels along the axis that has more."""
    rows, columns = blocks
    return (2 * rows, columns) if drawn[0] > drawn[1] else (rows, 2 * columns)
