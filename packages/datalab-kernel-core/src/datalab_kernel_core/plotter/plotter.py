"""The plotter: pictures of signals and images."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from datalab_kernel_core.plotter.deprecated import OldMethods, check_backend
from datalab_kernel_core.plotter.drawing import build_drawing
from datalab_kernel_core.plotter.options import Options
from datalab_kernel_core.plotter.plot import Plot
from datalab_kernel_core.plotter.plot_input import PlotItem, plot_item, plot_items
from datalab_kernel_core.plotter.replot import Replot
from datalab_kernel_core.plotter.results import Result, checked_results, table_results
from datalab_kernel_core.plotter.screenshot import Screenshot
from datalab_kernel_core.plotter.tables import ResultTable
from datalab_workspace.model.record import Record
from datalab_workspace.validation import old_arguments, suggest_on_typo

if TYPE_CHECKING:
    from datalab_kernel_core.explore.view import View
    from datalab_workspace import Workspace


class Plotter(OldMethods):
    """A maker of pictures of the signals and images in a workspace.

    Args:
        workspace: The workspace in which names are looked up, or a function that
            returns it.
        backend: Deprecated; it has no effect.

    Example:
        >>> from datalab_kernel_core import Plotter
        >>> Plotter(workspace).plot("peak").save("peak.png").name
        'peak.png'
    """

    def __init__(
        self, workspace: Workspace | Callable[[], Workspace], backend: str | None = None
    ) -> None:
        self._workspace = workspace if callable(workspace) else lambda: workspace
        if backend is not None:
            check_backend(backend, "Plotter", "backend=")

    def __repr__(self) -> str:
        return "<Plotter: plotter.plot(name or object) shows signals and images>"

    @old_arguments(
        "roi",
        "results",
        obj_or_name="what",
        show_roi="roi",
        show_results="results",
    )
    @suggest_on_typo
    def plot(
        self,
        what: Any,
        title: str | None = None,
        *,
        titles: list[str] | None = None,
        xlabel: str | None = None,
        ylabel: str | None = None,
        zlabel: str | None = None,
        xunit: str | None = None,
        yunit: str | None = None,
        zunit: str | None = None,
        colormap: str | None = None,
        shared_scale: bool = False,
        complex_as: str | None = None,
        width: int | None = None,
        height: int | None = None,
        roi: bool = True,
        results: Any = True,
        annotations: bool = True,
    ) -> Plot:
        """Draw signals and images.

        If `what` is a name and the workspace is attached to a running DataLab, DataLab
        shows the object in its window too. The selection that `calc` uses does not
        change.

        Consecutive signals of a list share one panel. Consecutive images are placed
        side by side. Signals and images are in separate rows. Large data is reduced to
        the resolution of the picture: a signal keeps its lowest and highest samples, an
        image is averaged over blocks.

        Args:
            what: The name, UUID or short id of an object in the workspace; a
                `sigima.SignalObj` or `sigima.ImageObj`; an array of numbers, shape
                (N,) or (H, W), masked or not; a tuple (x, y) of two arrays of shape
                (N,); or a list of these. Neither it nor the workspace is changed.
            title: Title of the picture, instead of the object's own.
            titles: Titles of several objects: in the legend or above each image.
            xlabel: Label of the x axis, instead of the object's own.
            ylabel: Label of the y axis, instead of the object's own.
            zlabel: Label of an image's color bar, instead of the object's own.
            xunit: Unit of the x axis, instead of the object's own.
            yunit: Unit of the y axis, instead of the object's own.
            zunit: Unit of an image's values, instead of the object's own.
            colormap: Name of a Matplotlib colormap, for images.
            shared_scale: Use one color scale for all images of a row: from the lowest
                to the highest value of all of them.
            complex_as: The parts of complex numbers: "polar" (modulus and phase),
                "cartesian" (real and imaginary part), or "modulus", "phase", "real"
                or "imaginary" alone. The default is "polar" for signals and "modulus"
                for images.
            width: Width of the picture in pixels.
            height: Height of the picture in pixels.
            roi: Draw the regions of interest.
            results: Show the results of analyses: geometry in the picture, tables
                below it. Or the results to show instead of the object's own: a
                GeometryResult or TableResult of sigima, or a list of these.
            annotations: Draw the annotations.

        Returns:
            The picture, which a notebook shows if it is the last line of a cell.

        Raises:
            KeyError: No object has this name; the message suggests close matches.
            TypeError: `what` cannot be drawn, or an argument is of the wrong type or
                does not apply to a signal.
            ValueError: The colormap is unknown, the list is empty, the number of
                titles differs from the number of objects, a size is out of bounds, or
                images of different units would share a color scale.
            StaleFileError: The data was not read from its file yet, and the file no
                longer contains it.

        Example:
            >>> plot = plotter.plot(["peak", "noisy"], title="Before and after")
            >>> plot = plotter.plot(np.eye(8), colormap="gray")
        """
        options = Options(
            title,
            titles,
            xlabel,
            ylabel,
            zlabel,
            xunit,
            yunit,
            zunit,
            colormap,
            shared_scale,
            complex_as,
            width,
            height,
            roi=roi,
            results=checked_results(results),
            annotations=annotations,
        )
        items = plot_items(what, options.titles, self._record)
        _check_fits(items, options)
        drawing, tables = build_drawing(items, options), _tables(items, options)
        replot = None
        if not isinstance(what, list) and options.complex_as is None:
            replot = Replot(what, self._record)
        plot = Plot(drawing, _name(what, items), tables, replot)
        if isinstance(what, str):
            self._workspace().show(what)
        return plot

    def explore(self, what: Any) -> View:
        """Show a signal or an image in an interactive view.

        Turn the wheel to zoom, drag to move, drag with Shift to zoom to a rectangle,
        and double-click to show everything again. The kernel sends data at the
        resolution of the screen, but the values under the pointer are exact. The
        notebook file keeps a picture.

        Args:
            what: An argument of `plot` that is not a list. An object or array is not
                copied: changes in its data appear at the next zoom.

        Returns:
            The view, which a notebook shows if it is the last line of a cell.

        Raises:
            ImportError: anywidget is not installed.
            KeyError: No object has this name; the message suggests close matches.
            TypeError: `what` cannot be drawn.
            StaleFileError: The data was not read from its file yet, and the file no
                longer contains it.

        Example:
            >>> plotter.explore("spot")
            <View of 'spot'>
        """
        from datalab_kernel_core.explore.view import View

        item = plot_item(what, self._record)
        return View(item, _name(what, [item]))

    def screenshot(self) -> Screenshot:
        """Take a picture of the DataLab window that the workspace is attached to.

        Returns:
            The picture, which a notebook shows if it is the last line of a cell.

        Raises:
            ConnectionError: The workspace is not attached to a DataLab, or DataLab
                runs on another machine or cannot be reached by XML-RPC.

        Example:
            >>> plotter.screenshot().save("window.png")  # doctest: +SKIP
        """
        return Screenshot(self._workspace().backend.window.screenshot("window"))

    @suggest_on_typo
    def table(
        self,
        result: Any,
        title: str | None = None,
        *,
        visible_only: bool = True,
        transpose_single_row: bool = True,
    ) -> ResultTable:
        """Show the result of an analysis as a table.

        Args:
            result: A TableResult or GeometryResult of sigima, or the dictionary that
                its `to_dict` returns. The table of a geometry shows its coordinates.
            title: Title of the table, instead of the result's own.
            visible_only: Leave out the columns that the result itself hides.
            transpose_single_row: Show a result of one row as two columns.

        Returns:
            The table, which a notebook shows if it is the last line of a cell.

        Raises:
            TypeError: `result` is not a result, or `title` is not a string.
            ValueError: The dictionary is not that of a result.

        Example:
            >>> plotter.table({"title": "Width", "names": ["fwhm"], "data": [[2.5]]})
            Width
            fwhm  2.5
        """
        if title is not None and not isinstance(title, str):
            raise TypeError(f"expected a string for title, got {title!r:.60}")
        return ResultTable(
            Result.of(result),
            title,
            visible_only=visible_only,
            transpose_single_row=transpose_single_row,
        )

    def _record(self, name: str) -> Record:
        return self._workspace().record(name)


def _check_fits(items: list[PlotItem], options: Options) -> None:
    unused = options.only_for_images()
    if unused and all(item.record.kind == "signal" for item in items):
        names = ", ".join(repr(item.title or "signal") for item in items[:3])
        are = "is a signal" if len(items) == 1 else "are signals"
        apply = "applies" if len(unused) == 1 else "apply"
        raise TypeError(f"{', '.join(unused)} {apply} only to images; {names} {are}")


def _name(what: Any, items: list[PlotItem]) -> str:
    if isinstance(what, str):
        return repr(what)
    names = [repr(item.title or item.record.kind) for item in items[:3]]
    return ", ".join(names) + ", …" * (len(items) > 3)


def _tables(items: list[PlotItem], options: Options) -> list[ResultTable]:
    own = isinstance(options.results, bool)
    return [
        ResultTable(
            result,
            f"{item.title}: {result.title}"
            if own and item.title and len(items) > 1
            else None,
        )
        # Results that the caller passed belong to the picture, not to each object.
        for item in (items if own else items[:1])
        for result in table_results(item.record, options.results)
    ]
