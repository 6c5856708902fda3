"""A picture of something, as a notebook shows it."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from datalab_kernel_core.plotter import interactive
from datalab_kernel_core.plotter.drawing import Drawing
from datalab_kernel_core.plotter.formats import (
    MIME_TYPES,
    Formats,
    rendered,
    wanted_formats,
)
from datalab_kernel_core.plotter.source import Source
from datalab_kernel_core.plotter.style import DPI
from datalab_kernel_core.plotter.tables import ResultTable

#: More would take gigabytes for a picture of ordinary size.
MAX_DPI = 2400


class Plot:
    """A finished picture, shown by a notebook as image/png.

    It keeps the picture and what is drawn in it, not the objects: what becomes of them
    afterwards does not change it.

    Args:
        drawing: What the picture shows. It is drawn at once, so that what cannot be
            drawn raises here, and not where an error would be lost.
        name: What it is a picture of.
        tables: What is shown below the picture.
        source: What `reduce_on_zoom` looks at again; None where that cannot be done.
    """

    def __init__(
        self,
        drawing: Drawing,
        name: str = "",
        tables: Sequence[ResultTable] = (),
        source: Source | None = None,
    ) -> None:
        self._drawing = drawing
        self._name = name
        self._figure: Figure | None = None
        self._pictures: dict[tuple[str, float], bytes] = {}
        self._source = source
        self.tables = tuple(tables)
        self._bundle(wanted_formats())

    @property
    def figure(self) -> Figure:
        """The Matplotlib figure, drawn anew; what is changed in it shows from then on.

        It is drawn from what the picture shows, so that large data is reduced in it.
        """
        if self._figure is None:
            self._figure = self._drawing.figure(interactive.figure_maker())
        return self._figure

    @property
    def axes(self) -> list[Axes]:
        """The axes of `figure`: its images, and its panels of curves."""
        return self.figure.axes

    def reduce_on_zoom(self) -> Any:
        """Return the figure as `%matplotlib widget` has it, reduced anew at each zoom.

        A picture of large data holds only what can be seen of the whole. Here the
        object, as it is now, is looked at again wherever one zooms or moves.

        Returns:
            The canvas, which a notebook shows where it is the last line of a cell.

        Raises:
            ImportError: ipympl is not installed.
            TypeError: The picture is of several objects, or `complex_as` was given.
            KeyError: There is no longer an object of the name that was plotted.
            ReferenceError: What was plotted was given, not named, and is gone since
                the picture was shown.
        """
        if self._source is None:
            raise TypeError(
                "reduce_on_zoom() is for the picture of one object, plotted without "
                "complex_as="
            )
        from datalab_kernel_core.explore.refine import refine

        subject = self._source.subject()
        canvas = interactive.on_canvas(self.figure)
        refine(self.figure, subject)
        return canvas

    def save(self, path: str | os.PathLike[str], dpi: float | None = None) -> Path:
        """Write the picture to a PNG, SVG or PDF file.

        Args:
            path: The file; ``~`` is the home directory. Its suffix tells the format:
                .svg, .pdf, and PNG for any that is no format of pictures. No suffix
                is added.
            dpi: Pixels per inch of a picture that is 6.4 inches wide; 100 unless given.

        Returns:
            The file.

        Raises:
            ValueError: The suffix is that of another format, or `dpi` is not between
                1 and 2400.
            TypeError: `dpi` is no number.
            OSError: The file cannot be written.
        """
        target = Path(path).expanduser()
        suffix = target.suffix.lower().lstrip(".")
        others = Figure().canvas.get_supported_filetypes()
        if suffix in others and suffix not in MIME_TYPES:
            raise ValueError(
                f"save() writes PNG, SVG and PDF, not {suffix}: {str(path)!r}; "
                "for other formats use plot.figure.savefig()"
            )
        kind = suffix if suffix in MIME_TYPES else "png"
        target.write_bytes(self._rendered(kind, _resolution(dpi)))
        return target

    def _rendered(self, kind: str, dpi: float, *, keep: bool = False) -> bytes:
        if self._figure is not None:  # it may have been changed
            return rendered(self._figure, kind, dpi)
        picture = self._pictures.get((kind, dpi))
        if picture is None:
            picture = rendered(self._drawing.figure(), kind, dpi)
            if keep:
                self._pictures[kind, dpi] = picture
        return picture

    def _repr_png_(self) -> bytes:
        return self._rendered("png", DPI)

    def _repr_mimebundle_(
        self,
        include: Any = None,
        exclude: Any = None,  # noqa: ARG002 (IPython's own)
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        formats = wanted_formats()
        if include is not None and MIME_TYPES["svg"] in include:
            formats = Formats(formats.scale, svg=True)
        data, metadata = self._bundle(formats)
        if self._source is not None:
            self._source.let_go()
        if interactive.shows_widgets():
            data |= interactive.widget_view(self.figure)
        return data, metadata

    def _bundle(self, formats: Formats) -> tuple[dict[str, Any], dict[str, Any]]:
        png = self._rendered("png", DPI * formats.scale, keep=True)
        data: dict[str, Any] = {"image/png": png, "text/plain": repr(self)}
        shown: dict[str, Any] = {"alt": repr(self)}
        if formats.scale > 1:
            # Bytes 16 to 24 of a PNG are its width and height.
            sides = (int.from_bytes(png[at : at + 4], "big") for at in (16, 20))
            width, height = (side // formats.scale for side in sides)
            shown |= {"width": width, "height": height}
        if formats.svg:
            data[MIME_TYPES["svg"]] = self._rendered("svg", DPI, keep=True).decode()
        return data, {"image/png": shown}

    def _ipython_display_(self) -> None:
        """Show what one output cannot hold: tables below the picture, a window.

        A table in the same output would hide the picture: front ends show HTML
        rather than PNG.

        Raises:
            NotImplementedError: The picture is all there is; IPython then shows it as
                it shows any object.
        """
        if interactive.shows_windows():
            interactive.show_window(self.figure)
        if not self.tables:
            raise NotImplementedError
        from IPython import display

        show: Callable[..., Any] = display.display
        data, metadata = self._repr_mimebundle_()
        png = b64encode(data["image/png"]).decode("ascii")
        show(data | {"image/png": png}, metadata=metadata, raw=True)
        for table in self.tables:
            show(table)

    def __repr__(self) -> str:
        of = f" of {self._name}" if self._name else ""
        # Texts are kept as Matplotlib takes them, with a backslash before each dollar.
        said = self._drawing.description.replace(r"\$", "$")
        return f"<Plot{of}: {said}>"


def _resolution(dpi: float | None) -> float:
    if dpi is None:
        return DPI
    if isinstance(dpi, bool) or not isinstance(dpi, int | float | np.number):
        raise TypeError(f"dpi={dpi!r:.60} must be a number")
    if not 1 <= dpi <= MAX_DPI:
        raise ValueError(f"dpi={dpi!r:.60} must be between 1 and {MAX_DPI}")
    return float(dpi)
