"""Draw a whole picture without Matplotlib."""

from __future__ import annotations

import textwrap

from datalab_kernel_core.plotter.drawing import Drawing, Row
from datalab_kernel_core.plotter.images_drawing import ImagesDrawing
from datalab_kernel_core.plotter.painting.axes import LARGE, LINE, SMALL, SMALL_LINE
from datalab_kernel_core.plotter.painting.canvas import Canvas
from datalab_kernel_core.plotter.painting.font import ADVANCE
from datalab_kernel_core.plotter.painting.images import draw_images
from datalab_kernel_core.plotter.painting.signals import draw_signals
from datalab_kernel_core.plotter.signal_drawing import SignalsDrawing
from datalab_kernel_core.plotter.style import DPI, NOTE_LINES

_SIDE, _TOP = 8, 8
_NOTE = "#666666"


def painted(drawing: Drawing) -> bytes:
    """Return a picture as a PNG file: rows with titles, axes, labels and notes."""
    width, height = (round(side * DPI) for side in drawing.whole_size)
    canvas = Canvas(width, height)
    top = _TOP
    if drawing.title:
        canvas.text((width / 2, top), drawing.title, size=LARGE, align=(0.5, 0.0))
        top += LINE
    sizes = [row.size[1] for row in drawing.rows]
    for row, size in zip(drawing.rows, sizes, strict=True):
        bottom = top + round((height - _TOP) * size / sum(sizes))
        _draw_row(canvas, (_SIDE, top, width - _SIDE, min(bottom, height)), row)
        top = bottom
    return canvas.png()


def _draw_row(canvas: Canvas, place: tuple[int, int, int, int], row: Row) -> None:
    left, top, right, bottom = place
    most = (right - left) // (SMALL * ADVANCE)
    notes = textwrap.wrap(
        "; ".join(dict.fromkeys(row.all_notes)),
        most,
        max_lines=NOTE_LINES,
        placeholder=" …",
    )
    for number, line in enumerate(reversed(notes)):
        y = bottom - (number + 1) * SMALL_LINE
        canvas.text((right, y), line, size=SMALL, color=_NOTE, align=(1.0, 0.0))
    bottom -= len(notes) * SMALL_LINE
    if isinstance(row, SignalsDrawing):
        above = LINE + 2 if row.title else 4
        draw_signals(canvas, (left, top + above, right, bottom), row)
    elif isinstance(row, ImagesDrawing):
        above = (LINE + 2) * (1 + bool(row.title))
        draw_images(canvas, (left, top + above, right, bottom), row)
