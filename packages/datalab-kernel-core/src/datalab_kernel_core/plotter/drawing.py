"""A picture of signals and images, in rows: reduced, and ready to be drawn anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Protocol

from matplotlib.figure import Figure, FigureBase

from datalab_kernel_core.plotter.curves import signals_drawing
from datalab_kernel_core.plotter.images import ImagesDrawing, with_shared_scale
from datalab_kernel_core.plotter.options import Options
from datalab_kernel_core.plotter.pixels import image_drawings
from datalab_kernel_core.plotter.plot_input import PlotItem
from datalab_kernel_core.plotter.style import (
    DPI,
    TITLE_LENGTH,
    TITLE_SIZE,
    drawable,
)


class Row(Protocol):
    """Signals in one panel, or images side by side."""

    @property
    def layout(self) -> str:
        """Matplotlib's name of the layout that suits it."""

    @property
    def size(self) -> tuple[float, float]:
        """Width and height, inches."""

    @property
    def description(self) -> str:
        """What it shows, for who cannot see it."""

    def draw(self, figure: FigureBase) -> None:
        """Draw it on an empty figure."""


@dataclass(frozen=True)
class Drawing:
    """All that a picture shows, independent of the objects.

    Attributes:
        rows: The rows, from top to bottom, at least one.
        title: Title above all rows, "" for none.
        size: Width and height that were chosen, inches; None for those that suit it.
    """

    rows: Sequence[Row]
    title: str = ""
    size: tuple[float | None, float | None] = (None, None)

    @property
    def description(self) -> str:
        """What the picture shows, for who cannot see it."""
        return "; ".join(row.description for row in self.rows)

    def figure(self, new: Callable[..., Figure] = Figure) -> Figure:
        """Draw the picture on a new figure.

        Args:
            new: Makes the figure; by default one that no pyplot knows of.
        """
        width, height = self.size
        sizes = [row.size for row in self.rows]
        widest, sum_of_heights = max(w for w, _ in sizes), sum(h for _, h in sizes)
        layout = self.rows[0].layout if len(self.rows) == 1 else "constrained"
        look: dict[str, Any] = {"dpi": DPI, "layout": layout}
        figure = new(figsize=(width or widest, height or sum_of_heights), **look)
        parts: Sequence[FigureBase] = [figure]
        if len(self.rows) > 1:
            ratios = [h for _, h in sizes]
            made: Any = figure.subfigures(len(self.rows), 1, height_ratios=ratios)
            parts = list(made)
        for row, part in zip(self.rows, parts, strict=True):
            row.draw(part)
        if self.title:
            figure.suptitle(self.title, fontsize=TITLE_SIZE + 1)
        return figure


def drawing_of(subjects: Sequence[PlotItem], options: Options) -> Drawing:
    """Work out a picture: signals that follow each other in one row, images likewise.

    Args:
        subjects: The signals and images, at least one.
        options: What was chosen for the picture.

    Returns:
        A drawing that shares no memory with the objects.

    Raises:
        ValueError: Images of different units were to share a colour scale.
    """
    groups = [
        (kind, list(members))
        for kind, members in groupby(subjects, lambda one: one.record.kind)
    ]
    if len(groups) == 1:
        return Drawing([_row(*groups[0], options, alone=True)], size=options.size)
    rows = [_row(*group, options, alone=False) for group in groups]
    return Drawing(rows, drawable(options.title, TITLE_LENGTH), options.size)


def _row(kind: str, subjects: list[PlotItem], options: Options, *, alone: bool) -> Row:
    title = options.title if alone else None
    if kind == "signal":
        return signals_drawing(subjects, options, title)
    if alone and title is not None and len(subjects) == 1:
        (subject,) = subjects
        subjects, title = [PlotItem(subject.record, title)], None
    images = [one for subject in subjects for one in image_drawings(subject, options)]
    if options.shared_scale:
        images = with_shared_scale(images)
    shown = drawable(title, TITLE_LENGTH)
    return ImagesDrawing(images, shown, options.shared_scale)
