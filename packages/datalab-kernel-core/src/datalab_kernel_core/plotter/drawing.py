"""The drawing of a picture: signals and images in rows, reduced and ready to draw."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Protocol

from datalab_kernel_core.plotter.image_builder import build_image_drawings
from datalab_kernel_core.plotter.images_drawing import ImagesDrawing, with_shared_scale
from datalab_kernel_core.plotter.options import Options
from datalab_kernel_core.plotter.plot_input import PlotItem
from datalab_kernel_core.plotter.signal_builder import build_signals_drawing
from datalab_kernel_core.plotter.style import (
    DPI,
    IMAGE_COLUMNS,
    SMALL_IMAGE,
    TITLE_LENGTH,
    TITLE_SIZE,
    WIDTH,
    drawable,
    write_notes_below,
)
from datalab_kernel_core.plotter.text_layout import BEYOND, broken

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, FigureBase


class Row(Protocol):
    """A row of a picture: signals in one panel, or images side by side."""

    @property
    def layout(self) -> str:
        """Name of the Matplotlib layout engine for the row."""

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in inches."""

    @property
    def description(self) -> str:
        """Alternative text for screen readers."""

    @property
    def panel_count(self) -> int:
        """Number of axes that the row needs."""

    @property
    def all_notes(self) -> list[str]:
        """The notes about the row."""

    def draw(self, figure: FigureBase) -> None:
        """Draw the row on an empty figure."""

    def draw_on(self, axes: Sequence[Axes]) -> None:
        """Draw the row, but neither its notes nor its title, on axes."""


@dataclass(frozen=True)
class Drawing:
    """The content of a picture, independent of the objects.

    Attributes:
        rows: The rows, from top to bottom, at least one.
        title: Title above all rows, "" for none.
        size: Width and height in inches, None for the size that suits the rows.
    """

    rows: Sequence[Row]
    title: str = ""
    size: tuple[float | None, float | None] = (None, None)

    @property
    def description(self) -> str:
        """Alternative text for screen readers."""
        return "; ".join(row.description for row in self.rows)

    @property
    def whole_size(self) -> tuple[float, float]:
        """Width and height of the picture in inches."""
        width, height = self.size
        sizes = [row.size for row in self.rows]
        return width or max(w for w, _ in sizes), height or sum(h for _, h in sizes)

    def figure(self, new: Callable[..., Figure] | None = None) -> Figure:
        """Draw the picture on a new figure.

        Args:
            new: Makes the figure. The default is a figure without a window, which
                pyplot does not keep.
        """
        if new is None:
            from matplotlib.figure import Figure

            new = Figure
        sizes = [row.size for row in self.rows]
        layout: Any = self.rows[0].layout if len(self.rows) == 1 else "constrained"
        size = self.whole_size
        figure = new(figsize=size, dpi=DPI, layout=layout)
        parts: Sequence[FigureBase] = [figure]
        if len(self.rows) > 1:
            ratios = [h for _, h in sizes]
            made: Any = figure.subfigures(len(self.rows), 1, height_ratios=ratios)
            parts = list(made)
        for row, part in zip(self.rows, parts, strict=True):
            row.draw(part)
        if self.title:
            title = broken(self.title, size[0] - BEYOND, TITLE_SIZE + 1)
            figure.suptitle(title, fontsize=TITLE_SIZE + 1)
        return figure

    def draw_on(self, axes: Sequence[Axes]) -> None:
        """Draw the picture on axes, with its notes below the last ones.

        Raises:
            ValueError: The number of axes does not fit.
        """
        counts = [row.panel_count for row in self.rows]
        if sum(counts) != len(axes):
            raise ValueError(
                f"the picture needs {sum(counts)} axes, one for each image or panel of "
                f"curves; got {len(axes)} in ax"
            )
        left = list(axes)
        for row, count in zip(self.rows, counts, strict=True):
            own, left = left[:count], left[count:]
            row.draw_on(own)
            write_notes_below(own[-1], row.all_notes)


def build_drawing(items: Sequence[PlotItem], options: Options) -> Drawing:
    """Build the drawing of a picture.

    Consecutive signals share a row, and so do consecutive images.

    Args:
        items: The signals and images, at least one.
        options: The options of the picture.

    Returns:
        A drawing that shares no memory with the objects.

    Raises:
        ValueError: Images of different units would share a color scale.
    """
    groups = [
        (kind, list(members))
        for kind, members in groupby(items, lambda item: item.record.kind)
    ]
    if len(groups) == 1:
        return Drawing([_row(*groups[0], options, alone=True)], size=options.size)
    rows = [_row(*group, options, alone=False) for group in groups]
    return Drawing(rows, drawable(options.title, TITLE_LENGTH), options.size)


def _row(kind: str, items: list[PlotItem], options: Options, *, alone: bool) -> Row:
    title = options.title if alone else None
    if kind == "signal":
        return build_signals_drawing(items, options, title)
    if alone and title is not None and len(items) == 1:
        (item,) = items
        items, title = [PlotItem(item.record, title)], None
    width = _image_width(len(items), options)
    images = [
        one for item in items for one in build_image_drawings(item, options, width)
    ]
    if options.shared_scale:
        images = with_shared_scale(images)
    shown = drawable(title, TITLE_LENGTH)
    return ImagesDrawing(images, shown, options.shared_scale)


def _image_width(count: int, options: Options) -> float:
    """Return the width in inches of each of the images in a row."""
    alone = count == 1 and options.complex_as not in ("polar", "cartesian")
    usual = WIDTH if alone else SMALL_IMAGE
    columns = 1 if alone else min(max(count, 2), IMAGE_COLUMNS)
    width = options.size[0]
    return usual if width is None else width / columns
