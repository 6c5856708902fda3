"""A picture of something, as a notebook shows it."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from datalab_kernel_core.plotter.style import DPI

if TYPE_CHECKING:
    from datalab_workspace.record import Record

#: More would take gigabytes for a picture of ordinary size.
MAX_DPI = 2400
_FORMATS = ("png", "svg", "pdf")


class Plot:
    """A finished picture, shown by a notebook as image/png.

    It is a copy: what becomes of the object afterwards does not change it.

    Args:
        figure: The picture. It is drawn at once, so that what cannot be drawn raises
            here, and not where an error would be lost.
        name: What it is a picture of.
        source: Returns the object; None of several.
    """

    def __init__(
        self,
        figure: Figure,
        name: str = "",
        source: Callable[[], Record] | None = None,
    ) -> None:
        self._figure = figure
        self._name = name
        self._source = source
        self._handed_out = False
        self._png = self._rendered()

    @property
    def figure(self) -> Figure:
        """The Matplotlib figure; what is changed in it shows from then on."""
        self._handed_out = True
        return self._figure

    @property
    def axes(self) -> list[Axes]:
        """The axes of `figure`, those of colour bars included."""
        return self.figure.axes

    def reduce_on_zoom(self) -> Any:
        """Return the figure as `%matplotlib widget` has it, reduced anew at each zoom.

        A picture of large data holds only what can be seen of the whole. Here the
        object, as it is now, is looked at again wherever one zooms or moves.

        Returns:
            The canvas, which a notebook shows where it is the last line of a cell.

        Raises:
            ImportError: ipympl is not installed.
            TypeError: The picture is of several objects.
        """
        if self._source is None:
            raise TypeError("reduce_on_zoom() is for the picture of one object")
        from datalab_kernel_core.explore.refining import on_canvas, refine

        canvas = on_canvas(self.figure)
        refine(self.figure, self._source())
        return canvas

    def save(self, path: str | os.PathLike[str], dpi: float | None = None) -> Path:
        """Write the picture to a PNG, SVG or PDF file, as the suffix says.

        Args:
            path: The file; ``~`` is the home directory. No suffix is added; without
                one the file is PNG.
            dpi: Resolution in pixels per inch, 100 unless given.

        Returns:
            The file.

        Raises:
            TypeError: `dpi` is not a number.
            ValueError: The suffix is that of another format, or `dpi` is not between
                1 and 2400.
            OSError: The file cannot be written.
        """
        target = Path(path).expanduser()
        suffix = target.suffix.lower().lstrip(".")
        known = self._figure.canvas.get_supported_filetypes()
        if suffix in known and suffix not in _FORMATS:
            raise ValueError(
                f"save() writes PNG, SVG and PDF, not {suffix}: {str(path)!r}; "
                "for other formats use plot.figure.savefig()"
            )
        format_ = suffix if suffix in _FORMATS else "png"
        if dpi is None and format_ == "png":
            target.write_bytes(self._repr_png_())
        else:
            target.write_bytes(self._rendered(format_, _resolution(dpi)))
        return target

    def _repr_png_(self) -> bytes:
        if self._handed_out:
            self._png = self._rendered()
        return self._png

    def _rendered(self, format_: str = "png", dpi: float = DPI) -> bytes:
        file = BytesIO()
        with warnings.catch_warnings():
            # Titles may be in any script; what the font lacks is drawn as a box.
            warnings.filterwarnings("ignore", "Glyph .* missing from")
            canvas = FigureCanvasAgg(self._figure)
            canvas.print_figure(file, format=format_, dpi=dpi)
        return file.getvalue()

    def __repr__(self) -> str:
        return f"<Plot of {self._name}>" if self._name else "<Plot>"


def _resolution(dpi: float | None) -> float:
    if dpi is None:
        return DPI
    if isinstance(dpi, bool) or not isinstance(dpi, int | float | np.number):
        raise TypeError(f"dpi={dpi!r:.60} must be a number")
    if not 1 <= dpi <= MAX_DPI:
        raise ValueError(f"dpi={dpi!r:.60} must be between 1 and {MAX_DPI}")
    return float(dpi)
