"""`plotter.plot`: pictures of the objects in a workspace, and of anything like them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from datalab_kernel_core.plotter.drawing import drawing_of
from datalab_kernel_core.plotter.options import Options
from datalab_kernel_core.plotter.plot import Plot
from datalab_kernel_core.plotter.plot_input import PlotItem, subject_of, subjects_of
from datalab_kernel_core.plotter.results import Result, checked_results, table_results
from datalab_kernel_core.plotter.screenshot import Screenshot
from datalab_kernel_core.plotter.source import Source
from datalab_kernel_core.plotter.tables import ResultTable
from datalab_workspace.model.record import Record
from datalab_workspace.validation import suggest_on_typo

if TYPE_CHECKING:
    from datalab_kernel_core.explore.view import View
    from datalab_workspace import Workspace


class Plotter:
    """Draws signals and images.

    Args:
        workspace: Returns the workspace that names refer to.
    """

    def __init__(self, workspace: Callable[[], Workspace]) -> None:
        self._workspace = workspace

    def __repr__(self) -> str:
        return "<Plotter: plotter.plot(name or object) shows signals and images>"

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
        show_roi: bool | None = None,
        show_results: bool | None = None,
    ) -> Plot:
        """Draw signals and images.

        An object that is named is also shown in the window of a running DataLab that
        the workspace is attached to; what `calc` computes of stays as it was chosen.

        In a list, signals that follow each other are drawn over each other, images
        that follow each other side by side; signals and images are in rows of their
        own. Large data is reduced to what can be seen: of a signal the lowest and
        highest samples stay, of an image the means of blocks.

        Args:
            what: The name, UUID or short id of an object in the workspace; a
                `sigima.SignalObj` or `sigima.ImageObj`; an array of numbers, shape
                (N,) or (H, W), masked or not; a tuple (x, y) of two of shape (N,); or
                a list of these. It stays as it is, and so does the workspace.
            title: Title of the picture, instead of the object's own.
            titles: Titles of several objects: in the legend or above each image.
            xlabel: Label of the x axis, instead of the object's own.
            ylabel: Label of the y axis, likewise.
            zlabel: Label of an image's colours, likewise.
            xunit: Unit of the x axis, likewise.
            yunit: Unit of the y axis, likewise.
            zunit: Unit of an image's values, likewise.
            colormap: Name of a Matplotlib colour map, for images.
            shared_scale: Give all images of a row one colour scale: from the lowest
                to the highest value of any.
            complex_as: What to draw of complex numbers: "polar" (modulus and phase),
                "cartesian" (real and imaginary part), or "modulus", "phase", "real"
                or "imaginary" alone. By default "polar" for signals and "modulus" for
                images.
            width: Width of the picture in pixels.
            height: Height of the picture in pixels.
            roi: Draw the regions of interest.
            results: Show the results of analyses: geometry in the picture, tables
                below it. Or the results to show instead of the objects' own: sigima's
                GeometryResult or TableResult, or a list of these.
            annotations: Draw the annotations.
            show_roi: The same as `roi`; its name in earlier versions.
            show_results: The same as `results`, likewise.

        Returns:
            The picture, which a notebook shows where it is the last line of a cell.

        Raises:
            KeyError: There is no object of this name; close matches are named.
            TypeError: `what` is nothing that can be drawn, or an argument is of the
                wrong type or does not fit a signal.
            ValueError: There is no such colour map, the list is empty, there are not
                as many titles as objects, a size is out of bounds, or images of
                different units are to share a colour scale.
            StaleFileError: The object was not read from its file yet, and the file no
                longer holds it.
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
            roi=roi if show_roi is None else show_roi,
            results=checked_results(results if show_results is None else show_results),
            annotations=annotations,
        )
        subjects = subjects_of(what, options.titles, self._record)
        _check_fits(subjects, options)
        drawing, tables = drawing_of(subjects, options), _tables(subjects, options)
        source = None
        if not isinstance(what, list) and options.complex_as is None:
            source = Source(what, self._record)
        plot = Plot(drawing, _name(what, subjects), tables, source)
        if isinstance(what, str):
            self._workspace().show(what)
        return plot

    def explore(self, what: Any) -> View:
        """Show a signal or an image to zoom in, to move about and to read values from.

        The wheel zooms, dragging moves, dragging with Shift zooms to a box, and a
        double click shows all again. The kernel sends only what the screen can show,
        and every value that is read is exact. The notebook keeps a picture.

        Args:
            what: What `plot` takes, but for a list. What is given, and not named, is
                not copied: what is changed in its data shows at the next zoom.

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

        subject = subject_of(what, self._record)
        return View(subject, _name(what, [subject]))

    def screenshot(self) -> Screenshot:
        """Take a picture of the DataLab window that the workspace is attached to.

        Returns:
            The picture, which a notebook shows where it is the last line of a cell.

        Raises:
            ConnectionError: The workspace is attached to no DataLab, or to one that
                runs on another machine or can't be reached by XML-RPC.
        """
        return Screenshot(self._workspace().screenshot())

    @suggest_on_typo
    def display_table(
        self,
        result: Any,
        title: str | None = None,
        *,
        visible_only: bool = True,
        transpose_single_row: bool = True,
    ) -> ResultTable:
        """Show the result of an analysis as a table.

        Args:
            result: sigima's TableResult or GeometryResult, or the dictionary of one.
            title: Title of the table, instead of the result's own.
            visible_only: Leave out the columns that the result itself hides.
            transpose_single_row: Show a result of one row as two columns.

        Returns:
            The table, which a notebook shows where it is the last line of a cell.

        Raises:
            TypeError: `result` is no result, or `title` is no text.
            ValueError: The dictionary is not that of a result.
        """
        if title is not None and not isinstance(title, str):
            raise TypeError(f"title={title!r:.60} must be of type str")
        return ResultTable(
            Result.of(result),
            title,
            visible_only=visible_only,
            transpose_single_row=transpose_single_row,
        )

    @suggest_on_typo
    def display_geometry(self, result: Any, title: str | None = None) -> ResultTable:
        """Show the coordinates of a geometry result as a table.

        Args:
            result: sigima's GeometryResult, or the dictionary of one.
            title: Title of the table, instead of the result's own.

        Returns:
            The table, which a notebook shows where it is the last line of a cell.

        Raises:
            TypeError: `result` is no geometry result, or `title` is no text.
            ValueError: The dictionary is not that of a result.
        """
        if not Result.of(result).kind:
            raise TypeError(
                "display_geometry() takes a geometry result; for a table result there "
                "is display_table()"
            )
        return self.display_table(result, title)

    def _record(self, name: str) -> Record:
        return self._workspace().record(name)


def _check_fits(subjects: list[PlotItem], options: Options) -> None:
    unused = options.only_for_images()
    if unused and all(one.record.kind == "signal" for one in subjects):
        names = ", ".join(repr(one.title or "signal") for one in subjects[:3])
        are = "is a signal" if len(subjects) == 1 else "are signals"
        raise TypeError(
            f"{', '.join(unused)} can be given only for an image; {names} {are}"
        )


def _name(what: Any, subjects: list[PlotItem]) -> str:
    if isinstance(what, str):
        return repr(what)
    names = [repr(one.title or one.record.kind) for one in subjects[:3]]
    return ", ".join(names) + ", …" * (len(subjects) > 3)


def _tables(subjects: list[PlotItem], options: Options) -> list[ResultTable]:
    own = isinstance(options.results, bool)
    return [
        ResultTable(
            result,
            f"{subject.title}: {result.title}"
            if own and subject.title and len(subjects) > 1
            else None,
        )
        # Results that were given are about no object in particular.
        for subject in (subjects if own else subjects[:1])
        for result in table_results(subject.record, options.results)
    ]
