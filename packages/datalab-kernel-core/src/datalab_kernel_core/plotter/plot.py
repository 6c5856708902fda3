"""A finished picture, as a notebook shows it."""

from __future__ import annotations

import os
import threading
from base64 import b64encode
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datalab_kernel_core.plotter import interactive
from datalab_kernel_core.plotter.drawing import Drawing
from datalab_kernel_core.plotter.formats import (
    MIME_TYPES,
    OTHER_SUFFIXES,
    Formats,
    rendered,
    wanted_formats,
)
from datalab_kernel_core.plotter.replot import Replot
from datalab_kernel_core.plotter.style import DPI
from datalab_kernel_core.plotter.tables import ResultTable
from datalab_workspace.runtime import is_installed, require

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: A picture of ordinary size would take gigabytes at a higher resolution.
MAX_DPI = 2400
#: Matplotlib must not draw in two threads at once.
_drawing = threading.RLock()


class Plot:
    """A finished picture, shown by a notebook as image/png.

    It keeps the picture and the reduced data in it, not the objects: later changes of
    the objects do not change it.

    Args:
        drawing: The content of the picture. It is drawn at once, so that an error is
            raised here and not inside IPython's display, which would hide it.
        name: What the picture shows, for its repr.
        tables: The tables to show below the picture.
        replot: The data that `reduce_on_zoom` reads again; None if it cannot.

    Example:
        >>> plot = plotter.plot("peak")
        >>> plot.axes[0].set_ylim(0, 2)
        (0.0, 2.0)
    """

    def __init__(
        self,
        drawing: Drawing,
        name: str = "",
        tables: Sequence[ResultTable] = (),
        replot: Replot | None = None,
    ) -> None:
        self._drawing = drawing
        self._name = name
        self._figure: Figure | None = None
        self._pictures: dict[tuple[str, float], bytes] = {}
        self._replot = replot
        self.tables = tuple(tables)
        self._prepare()

    def _prepare(self) -> None:
        self._bundle(wanted_formats())

    @property
    def figure(self) -> Figure:
        """The Matplotlib figure of the picture; the picture shows later changes of it.

        It is drawn at the first access, from the reduced data.

        Example:
            >>> plotter.plot("peak").figure.savefig("peak.jpg")
        """
        if self._figure is None:
            require("matplotlib", "the figure of a plot")
            self._figure = self._drawing.figure(interactive.figure_maker())
        return self._figure

    @property
    def axes(self) -> list[Axes]:
        """The axes of `figure`: one for each image and each panel of curves.

        Example:
            >>> len(plotter.plot(["peak", "spot"]).axes)
            2
        """
        return self.figure.axes

    def reduce_on_zoom(self) -> Any:
        """Return an interactive figure that reads the data again at each zoom.

        The figure is the same as with ``%matplotlib widget``. A picture of large data
        contains only what the whole view can show; this figure reads the visible part
        of the object, in its present state, whenever the user zooms or moves.

        Returns:
            The canvas, which a notebook shows if it is the last line of a cell.

        Raises:
            ImportError: ipympl is not installed.
            TypeError: The picture shows several objects, or `complex_as` or `ax` was
                given.
            KeyError: The plotted object was removed or renamed.
            ReferenceError: The plotted object or array no longer exists.

        Example:
            >>> canvas = plotter.plot("peak").reduce_on_zoom()
        """
        if self._replot is None:
            raise TypeError(
                "reduce_on_zoom() needs a picture of one object, plotted without "
                "complex_as= and ax="
            )
        require("matplotlib", "reduce_on_zoom()", "call plotter.explore()")
        item = self._replot.item()
        from datalab_kernel_core.explore.refine import refine

        canvas = interactive.on_canvas(self.figure)
        refine(self.figure, item)
        return canvas

    def save(self, path: str | os.PathLike[str], dpi: float | None = None) -> Path:
        """Write the picture to a PNG, SVG or PDF file.

        Args:
            path: The file; ``~`` is the home directory. The suffix selects the format:
                SVG for .svg, PDF for .pdf, PNG for .png, for no suffix and for one
                that is not a picture format. No suffix is added.
            dpi: Pixels per inch of a picture that is 6.4 inches wide; 100 by default.

        Returns:
            The file.

        Raises:
            ValueError: The suffix is that of another format, or `dpi` is not between
                1 and 2400.
            TypeError: `dpi` is not a number.
            OSError: The file cannot be written.

        Example:
            >>> plotter.plot("peak").save("peak.svg").name
            'peak.svg'
        """
        target = Path(path).expanduser()
        suffix = target.suffix.lower().lstrip(".")
        if suffix in OTHER_SUFFIXES:
            raise ValueError(
                f"save() writes PNG, SVG and PDF, not {suffix}: {str(path)!r}; "
                "for other formats use plot.figure.savefig()"
            )
        kind = suffix if suffix in MIME_TYPES else "png"
        target.write_bytes(self._rendered(kind, _resolution(dpi)))
        return target

    def _rendered(self, kind: str, dpi: float, *, keep: bool = False) -> bytes:
        with _drawing:
            if self._figure is not None:  # the user may have changed it
                return rendered(self._figure, kind, dpi)
            picture = self._pictures.get((kind, dpi))
            if picture is None and not is_installed("matplotlib"):
                picture = _painted(self._drawing, kind, dpi)
            elif picture is None:
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
        if self._replot is not None:
            self._replot.release()
        if interactive.shows_widgets():
            data |= interactive.widget_view(self.figure)
        return data, metadata

    def mime_data(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the picture as a notebook shows it, but never as a widget.

        Returns:
            The data and the metadata by MIME type, with the size in CSS pixels and the
            alternative text. The PNG file is bytes.

        Example:
            >>> data, metadata = plotter.plot("peak").mime_data()
            >>> metadata["image/png"]["width"]
            640
        """
        formats = wanted_formats()
        data, metadata = self._bundle(formats)
        metadata["image/png"] |= _size(data["image/png"], formats.scale)
        return data, metadata

    def _bundle(self, formats: Formats) -> tuple[dict[str, Any], dict[str, Any]]:
        png = self._rendered("png", DPI * formats.scale, keep=True)
        data: dict[str, Any] = {"image/png": png, "text/plain": repr(self)}
        shown: dict[str, Any] = {"alt": repr(self)}
        if formats.scale > 1:
            shown |= _size(png, formats.scale)
        if formats.svg:
            data[MIME_TYPES["svg"]] = self._rendered("svg", DPI, keep=True).decode()
        return data, {"image/png": shown}

    def _ipython_display_(self) -> None:
        """Show the picture and its tables in separate outputs, and open its window.

        A table in the same output would hide the picture, because front ends prefer
        HTML to PNG.

        Raises:
            NotImplementedError: There is only the picture; IPython then shows it as it
                shows any object.
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
        # Strings are escaped for Matplotlib, with a backslash before each dollar.
        description = self._drawing.description.replace(r"\$", "$")
        return f"<Plot{of}: {description}>"


def _painted(drawing: Drawing, kind: str, dpi: float) -> bytes:
    """Return the content of a PNG file that is drawn without Matplotlib."""
    if kind != "png":
        require("matplotlib", f"a picture in the format {kind.upper()}")
    if dpi != DPI:
        require("matplotlib", "a picture with dpi=")
    from datalab_kernel_core.plotter.painting.picture import painted

    return painted(drawing)


def _size(png: bytes, scale: int) -> dict[str, int]:
    # Bytes 16 to 24 of a PNG are its width and height.
    width, height = (int.from_bytes(png[at : at + 4], "big") for at in (16, 20))
    return {"width": width // scale, "height": height // scale}


def _resolution(dpi: float | None) -> float:
    if dpi is None:
        return DPI
    if isinstance(dpi, bool) or not isinstance(dpi, int | float | np.number):
        raise TypeError(f"expected a number for dpi, got {dpi!r:.60}")
    if not 1 <= dpi <= MAX_DPI:
        raise ValueError(f"dpi={dpi!r:.60} must be between 1 and {MAX_DPI}")
    return float(dpi)
