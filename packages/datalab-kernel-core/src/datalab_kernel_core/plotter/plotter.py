"""`plotter.plot`: pictures of the objects in a workspace, and of anything like them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from datalab_kernel_core.plotter import screenshot
from datalab_kernel_core.plotter.curves import signal_drawing
from datalab_kernel_core.plotter.images import image_drawing
from datalab_kernel_core.plotter.options import Options
from datalab_kernel_core.plotter.panels import several
from datalab_kernel_core.plotter.plot import Plot
from datalab_kernel_core.plotter.reduce import Array
from datalab_kernel_core.plotter.screenshot import Screenshot
from datalab_kernel_core.plotter.tables import ResultTable, result_table
from datalab_workspace.arguments import suggests_arguments
from datalab_workspace.objects import to_record
from datalab_workspace.record import Record

if TYPE_CHECKING:
    from datalab_kernel_core.explore.view import View
    from datalab_workspace import Workspace

_ACCEPTED = (
    "the name, UUID or short id of an object, a SignalObj, an ImageObj, a 1-D or 2-D "
    "array of numbers, a pair of 1-D arrays (x, y), or a list of these"
)


class Plotter:
    """Draws signals and images.

    Args:
        workspace: Returns the workspace that names refer to.
    """

    def __init__(self, workspace: Callable[[], Workspace]) -> None:
        self._workspace = workspace

    def __repr__(self) -> str:
        return "<Plotter: plotter.plot(name or object) shows a signal or an image>"

    @suggests_arguments
    def plot(
        self,
        what: Any,
        title: str | None = None,
        *,
        xlabel: str | None = None,
        ylabel: str | None = None,
        zlabel: str | None = None,
        xunit: str | None = None,
        yunit: str | None = None,
        zunit: str | None = None,
        colormap: str | None = None,
        roi: bool = True,
        results: bool = True,
        annotations: bool = True,
        show_roi: bool | None = None,
        show_results: bool | None = None,
        shared_scale: bool = False,
    ) -> Plot:
        """Draw a signal or an image, or several of them in one picture.

        An object that is named is also shown in the window of a running DataLab that
        the workspace is attached to; what `calc` computes of stays as it was chosen.

        Large data is reduced to what can be seen: of a signal the lowest and highest
        samples stay, of an image the means of blocks. A complex signal is drawn as
        modulus and phase, a complex image as its modulus.

        Args:
            what: The name, UUID or short id of an object in the workspace; or a
                `sigima.SignalObj` or `sigima.ImageObj`; an array of numbers, shape
                (N,) or (H, W), masked or not; or a tuple (x, y) of two of shape (N,);
                or a list of these: its signals are drawn over one another with a
                legend, its images side by side below them. It stays as it is, and so
                does the workspace.
            title: Title of the picture, instead of the object's own; of a list, a
                title above all.
            xlabel: Label of the x axis, instead of the object's own.
            ylabel: Label of the y axis, likewise.
            zlabel: Label of an image's colours, likewise.
            xunit: Unit of the x axis, likewise.
            yunit: Unit of the y axis, likewise.
            zunit: Unit of an image's values, likewise.
            colormap: Name of a Matplotlib colour map, for an image.
            roi: Draw the regions of interest.
            results: Draw the geometry results of analyses.
            annotations: Draw what was drawn over the object in DataLab.
            show_roi: The same as `roi`; its name in earlier versions.
            show_results: The same as `results`, likewise.
            shared_scale: Give all images of a list the same range of colours.

        Returns:
            The picture, which a notebook shows where it is the last line of a cell.

        Raises:
            KeyError: There is no object of this name; close matches are named.
            TypeError: `what` is nothing that can be drawn, or an argument is of the
                wrong type or does not fit a signal.
            ValueError: There is no such colour map, or the list is empty.
            StaleFileError: The object was not read from its file yet, and the file no
                longer holds it.
        """
        options = Options(
            title,
            xlabel,
            ylabel,
            zlabel,
            xunit,
            yunit,
            zunit,
            colormap,
            roi=roi if show_roi is None else show_roi,
            results=results if show_results is None else show_results,
            annotations=annotations,
            shared_scale=shared_scale,
        )
        if isinstance(what, list):
            return self._plot_several(what, options)
        record = self._record(what)
        if isinstance(what, str):
            self._workspace().show(what)
        name = repr(what if isinstance(what, str) else record.title or record.kind)
        if record.kind == "image":
            figure = image_drawing(record, options).figure()
            return Plot(figure, name, lambda: self._record(what))
        unused = options.only_for_images()
        if unused:
            raise TypeError(
                f"{', '.join(unused)} can be given only for an image; "
                f"{name} is a signal"
            )
        figure = signal_drawing(record, options).figure()
        return Plot(figure, name, lambda: self._record(what))

    def explore(self, what: Any) -> View:
        """Show a signal or an image to zoom in, to move about and to read values from.

        The wheel zooms, dragging moves, dragging with Shift zooms to a box, and a
        double click shows all again. The kernel sends only what the screen can show,
        and every value that is read is exact. The notebook keeps a picture.

        Args:
            what: What `plot` takes, but for a list. An object that is given, and not
                named, is not copied: what is changed in its data shows at the next
                zoom.

        Returns:
            The view, which a notebook shows where it is the last line of a cell.

        Raises:
            ImportError: anywidget is not installed.
            KeyError: There is no object of this name; close matches are named.
            TypeError: `what` is nothing that can be drawn.
            StaleFileError: The object was not read from its file yet, and the file no
                longer holds it.
        """
        from datalab_kernel_core.explore.view import View

        record = self._record(what)
        return View(
            record, repr(what if isinstance(what, str) else record.title or record.kind)
        )

    def screenshot(self) -> Screenshot:
        """Take a picture of the DataLab window that the workspace is attached to.

        Returns:
            The picture, which a notebook shows where it is the last line of a cell.

        Raises:
            ConnectionError: The workspace is attached to no DataLab, or to one that
                runs on another machine or can't be reached by XML-RPC.
        """
        return screenshot.of_window(self._workspace())

    def display_table(self, result: Any, title: str | None = None) -> ResultTable:
        """Return the table of a table result of sigima, as a notebook shows it.

        Args:
            result: A `TableResult`.
            title: Its title, instead of the result's own.

        Raises:
            TypeError: `result` is not a table result, or `title` no text.
        """
        return result_table(result, "table", title)

    def display_geometry(self, result: Any, title: str | None = None) -> ResultTable:
        """Return the coordinates of a geometry result of sigima as a table.

        Args:
            result: A `GeometryResult`.
            title: Its title, instead of the result's own.

        Raises:
            TypeError: `result` is not a geometry result, or `title` no text.
        """
        return result_table(result, "geometry", title)

    def _plot_several(self, what: list[Any], options: Options) -> Plot:
        if not what:
            raise ValueError(f"cannot plot an empty list; plot() takes {_ACCEPTED}")
        records = [self._item(item, place) for place, item in enumerate(what)]
        unused = options.only_for_images()
        if unused and not any(record.kind == "image" for record in records):
            raise TypeError(
                f"{', '.join(unused)} can be given only for images; "
                "the list holds only signals"
            )
        names = [
            repr(item if isinstance(item, str) else record.title or record.kind)
            for item, record in zip(what, records, strict=True)
        ]
        return Plot(several(records, options), ", ".join(names))

    def _item(self, item: Any, place: int) -> Record:
        try:
            return self._record(item)
        except TypeError as error:
            raise TypeError(f"item {place} of the list: {error}") from error

    def _record(self, what: Any) -> Record:
        if isinstance(what, str):
            return self._workspace().record(what)
        if _is_object(what):
            return to_record(what, copy=False)
        record = to_record(_numbers(what), copy=False)
        record.fields["title"] = ""
        return record


def _numbers(what: object) -> Array | tuple[Array, Array]:
    """Return an array or a pair of them as `to_record` takes it."""
    if isinstance(what, tuple) and len(what) == 2:
        x, y = (np.asanyarray(row) for row in what)
        return _row(x), _row(y)
    if isinstance(what, np.ndarray) and what.ndim in (1, 2):
        return _row(what) if what.ndim == 1 else what
    raise TypeError(f"cannot plot {_described(what)}; plot() takes {_ACCEPTED}")


def _row(values: Array) -> Array:
    """Return numbers as a signal holds them, NaN where they are masked.

    A picture needs no more than that: what a workspace would refuse to round is drawn.
    """
    if values.dtype.kind not in "biufc":
        return values
    dtype = np.complex128 if values.dtype.kind == "c" else np.float64
    with np.errstate(over="ignore", invalid="ignore"):
        row = np.array(np.ma.getdata(values), dtype=dtype)
    row[np.ma.getmaskarray(values)] = np.nan
    return row


def _described(what: object) -> str:
    if isinstance(what, np.ndarray):
        return f"an array of {what.ndim} dimensions"
    return f"a {type(what).__qualname__}"


def _is_object(what: object) -> bool:
    # Where sigima has not been imported, nothing is one of its objects.
    objects = sys.modules.get("sigima.objects")
    return objects is not None and isinstance(
        what, objects.SignalObj | objects.ImageObj
    )
