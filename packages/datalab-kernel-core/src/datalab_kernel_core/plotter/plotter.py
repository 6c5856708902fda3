"""The plotter: pictures of signals and images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Literal, get_args

from datalab_kernel_core.plotter.deprecated import OldMethods, check_backend
from datalab_kernel_core.plotter.explore_call import ExploreCall
from datalab_kernel_core.plotter.live import LivePlot
from datalab_kernel_core.plotter.make_plot import make_plot
from datalab_kernel_core.plotter.options import Options
from datalab_kernel_core.plotter.plot import Plot
from datalab_kernel_core.plotter.results import checked_results, shown_results
from datalab_kernel_core.plotter.screenshot import Screenshot
from datalab_kernel_core.plotter.tables import ResultTable
from datalab_workspace.attribute_hints import AttributeHints
from datalab_workspace.backends.window import Pictured
from datalab_workspace.model.analysis import Result
from datalab_workspace.model.image_reduction import Reduction
from datalab_workspace.model.record import Record
from datalab_workspace.validation import (
    old_arguments,
    one_of,
    suggest,
    suggest_on_typo,
    unknown_argument,
)

if TYPE_CHECKING:
    from datalab_workspace import Results, Workspace

#: The options of a picture of one object.
_OF_ONE = [
    option.name
    for option in fields(Options)
    if option.name not in ("titles", "shared_scale")
]


class Plotter(ExploreCall, OldMethods, AttributeHints):
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

    _hints = dict.fromkeys(
        ("show", "display", "imshow", "draw", "view"), "use plotter.plot(name)"
    ) | {"save": "use plotter.plot(name).save(path)"}

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
    @suggest(surplus="for several, pass a list, as in plot(['a', 'b'])")
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
        xlim: Any = None,
        ylim: Any = None,
        xlog: bool | Literal["symlog"] | None = None,
        ylog: bool | Literal["symlog"] | None = None,
        grid: bool | None = None,
        aspect: Literal["equal", "auto"] | float | None = None,
        vmin: float | None = None,
        vmax: float | None = None,
        clip: tuple[float, float] | None = None,
        norm: Any = None,
        reduce: Reduction | None = None,
        ax: Any = None,
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
                (N,); or a list of these, in which there may be lists again. Neither it
                nor the workspace is changed.
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
            xlim: Bounds of the x axis: a pair of numbers, None for a bound that follows
                the data. Bounds of dates may be `datetime` or `datetime64`.
            ylim: Bounds of the y axis.
            xlog: Make the x axis logarithmic, or linear if False, instead of the
                object's own scale. "symlog" is linear around 0: up to a thousandth of
                the largest value.
            ylog: The same for the y axis.
            grid: Draw grid lines; the default is True for signals and False for images.
            aspect: "equal" to draw a unit of x as long as one of y, "auto" to fill the
                picture, or the length of a unit of y divided by that of x. By default,
                images are to scale unless they are longer than 5 times their width.
            vmin: Value of the first color of an image; None follows the image.
            vmax: Value of the last color of an image; None follows the image.
            clip: The percentiles of an image's values at which its colors end, such as
                (1, 99), instead of `vmin` and `vmax`.
            norm: How the colors of an image follow its values: "linear", "log",
                "symlog" or a norm of Matplotlib.
            reduce: The value of the pixels of a large image that share one pixel of
                the picture: their "mean", which is the default, "max", "min", or
                "extremes": the highest or the lowest, whichever is farther from the
                mean.
            ax: The Matplotlib axes to draw on, instead of a new figure; a list of them
                if the picture has several images or panels. The figure is then not
                shown a second time.
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
                does not apply to a signal, or two arguments exclude each other.
            ValueError: The colormap or another name is unknown, the list is empty, the
                number of titles or axes does not fit, a number is out of bounds, or
                images of different units would share a color scale.
            StaleFileError: The data was not read from its file yet, and the file no
                longer contains it.

        Example:
            >>> plot = plotter.plot(["peak", "noisy"], title="Before and after")
            >>> plot = plotter.plot(np.eye(8), colormap="gray", vmax=0.5)
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
            xlim=xlim,
            ylim=ylim,
            xlog=xlog,
            ylog=ylog,
            grid=grid,
            aspect=aspect,
            vmin=vmin,
            vmax=vmax,
            clip=clip,
            norm=norm,
            reduce=reduce,
        )
        plot = make_plot(what, options, self._record, ax=ax)
        if isinstance(what, str):
            self._workspace().show(what)
        return plot

    def live(self, name: str, **options: Any) -> LivePlot:
        """Draw an object of the workspace, and draw it again whenever it changes.

        It does not matter who changes the object: this notebook, DataLab's user or
        another notebook. The picture follows the object when it is renamed. It changes
        where the notebook has shown it, at most ten times a second. When the object is
        removed, the last picture stays.

        DataLab reports a change in its window at once if it has a companion. Otherwise,
        the change is found when a call of the workspace looks at DataLab.

        Args:
            name: The name, UUID or short id of the object.
            options: Those of `plot` for one object, such as `title` or `colormap`.

        Returns:
            The live plot, which a notebook shows if it is the last line of a cell.

        Raises:
            KeyError: No object has this name; the message suggests close matches.
            TypeError: `name` is not a string, or an option does not exist, is of the
                wrong type or does not apply to a signal.
            ValueError: The colormap is unknown, or a size is out of bounds.

        Example:
            >>> live = plotter.live("peak")
            >>> _ = workspace.add("peak", np.zeros(50), overwrite=True)
            >>> live
            <LivePlot of 'peak': signal: 50 points from 0 to 0>
        """
        if not isinstance(name, str):
            raise TypeError(
                "live() follows an object of the workspace; pass its name, UUID or "
                f"short id, not {type(name).__name__}"
            )
        for option in options:
            if option not in _OF_ONE:
                raise unknown_argument("live", option, ["name", *_OF_ONE])
        options["results"] = checked_results(options.get("results", True))
        return LivePlot(self._workspace(), name, Options(**options))

    @suggest_on_typo
    def screenshot(self, what: Pictured = "window") -> Screenshot:
        """Take a picture of the DataLab window that the workspace is attached to.

        Args:
            what: "window" for the whole window, "signal" or "image" for the plot of
                that panel alone.

        Returns:
            The picture, which a notebook shows if it is the last line of a cell.

        Raises:
            ValueError: `what` is something else.
            LiveUnavailableError: The workspace is not attached to a running DataLab (a
                `ConnectionError`).
            NotSupportedByProtocolError: DataLab has no companion, and `what` is not
                "window" or its XML-RPC server is not available.
            DataLabError: DataLab has no companion and runs on another machine (a
                `ConnectionError`).

        Example:
            >>> plotter.screenshot().save("window.png")  # doctest: +SKIP
            >>> plotter.screenshot("signal")  # doctest: +SKIP
        """
        one_of(what, "what", get_args(Pictured))
        return Screenshot(self._workspace().backend.window.screenshot(what), what)

    @suggest_on_typo
    def table(
        self,
        result: Any,
        title: str | None = None,
        *,
        visible_only: bool = True,
        transpose_single_row: bool = True,
    ) -> ResultTable | Results:
        """Show the results of analyses as tables.

        Args:
            result: The name, UUID or short id of an object in the workspace, whose
                results are shown; a TableResult or GeometryResult of sigima, or the
                dictionary that its `to_dict` returns; or a list of these, as `calc`
                returns it. The table of a geometry shows its coordinates.
            title: Title of the table of one result, instead of the result's own.
            visible_only: Leave out the columns that one result itself hides.
            transpose_single_row: Show one result of one row as two columns.

        Returns:
            The table of one result; for a name or a list, what `Workspace.results`
            returns. A notebook shows it if it is the last line of a cell.

        Raises:
            KeyError: No object has this name; the message suggests close matches.
            TypeError: `result` is not a result, or `title` is not a string or there may
                be several tables.
            ValueError: The dictionary is not that of a result.

        Example:
            >>> plotter.table({"title": "Width", "names": ["fwhm"], "data": [[2.5]]})
            Width
            fwhm  2.5
            >>> _ = workspace.calc("x_at_minmax", on="peak")
            >>> plotter.table("peak")
            X at min/max [x_at_minmax]
            object      peak
            X@Ymin (s)  0
            X@Ymax (s)  5
        """
        if title is not None and not isinstance(title, str):
            raise TypeError(f"expected a string for title, got {title!r:.60}")
        if isinstance(result, str | list | tuple):
            if title is not None:
                raise TypeError(
                    "title= applies to one result, but a name or a list may have "
                    "several; omit it"
                )
            return shown_results(result, self._workspace().results)
        return ResultTable(
            Result.of(result),
            title,
            visible_only=visible_only,
            transpose_single_row=transpose_single_row,
        )

    def _record(self, name: str) -> Record:
        return self._workspace().record(name)
