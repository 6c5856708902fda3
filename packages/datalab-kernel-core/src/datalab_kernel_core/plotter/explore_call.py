"""The call of the plotter that opens an interactive view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datalab_kernel_core.plotter.make_plot import check_edits, check_view, names_in
from datalab_kernel_core.plotter.options import Options
from datalab_kernel_core.plotter.plot_input import plot_item
from datalab_workspace.model.image_reduction import Reduction
from datalab_workspace.validation import suggest_on_typo

if TYPE_CHECKING:
    from collections.abc import Callable

    from datalab_kernel_core.explore.view import View
    from datalab_workspace import Workspace
    from datalab_workspace.model.record import Record


class ExploreCall:
    """The part of `Plotter` that opens interactive views."""

    if TYPE_CHECKING:
        _workspace: Callable[[], Workspace]

        def _record(self, name: str) -> Record: ...

    @suggest_on_typo
    def explore(
        self,
        what: Any,
        *,
        xlim: Any = None,
        ylim: Any = None,
        xlog: bool | None = None,
        ylog: bool | None = None,
        colormap: str | None = None,
        vmin: float | None = None,
        vmax: float | None = None,
        clip: tuple[float, float] | None = None,
        reduce: Reduction | None = None,
        edit_roi: bool = False,
    ) -> View:
        """Show a signal or an image in an interactive view.

        Turn the wheel to zoom, drag to move, drag with Shift to zoom to a rectangle,
        and double-click to show everything again. The kernel sends data at the
        resolution of the screen, but the values under the pointer are exact. The
        notebook file keeps a picture.

        Regions of interest, results and annotations are shown over the data. The view
        follows the object in the workspace. A line on an image that is chosen shows its
        profile, a point its value; see `Selected`. With ``edit_roi=True`` you can draw
        regions, points and lines, move, resize, name and delete them. Each change is
        made in the workspace at once, so that DataLab shows it; Ctrl+Z takes it back.

        Args:
            what: An argument of `plot` that is not a list. An object or array is not
                copied: changes in its data appear at the next zoom.
            xlim: Bounds of the x axis at first, as for `plot`.
            ylim: Bounds of the y axis at first.
            xlog: Make the x axis of a signal logarithmic or linear.
            ylog: Make the y axis of a signal logarithmic or linear.
            colormap: Name of a Matplotlib colormap, for images.
            vmin: Value of the first color of an image.
            vmax: Value of the last color of an image.
            clip: The percentiles of an image's values at which its colors end.
            reduce: The value of pixels that share a pixel of the screen, as for `plot`.
            edit_roi: Let the user of the view change the regions of interest, points
                and lines of the object, which must be in the workspace.

        Returns:
            The view, which a notebook shows if it is the last line of a cell.

        Raises:
            ImportError: anywidget is not installed.
            KeyError: No object has this name; the message suggests close matches.
            TypeError: `what` cannot be drawn, or an option is of the wrong type or does
                not apply to it.
            ValueError: The colormap is unknown, a number is out of bounds, or
                `edit_roi` is True and `what` is not in the workspace.
            StaleFileError: The data was not read from its file yet, and the file no
                longer contains it.

        Example:
            >>> view = plotter.explore("spot", edit_roi=True)
            >>> view
            <View of 'spot'>
            >>> view.roi is None
            True
        """
        from datalab_kernel_core.explore.view import View

        if isinstance(what, list):
            raise TypeError(
                f"explore() shows one signal or image, got a list of {len(what)}; pass "
                "one of its items"
            )
        item = plot_item(what, self._record)
        options = Options(
            colormap=colormap,
            xlim=xlim,
            ylim=ylim,
            xlog=xlog,
            ylog=ylog,
            vmin=vmin,
            vmax=vmax,
            clip=clip,
            reduce=reduce,
        )
        check_view(item, options)
        check_edits(what, edit_roi=edit_roi)
        workspace = self._workspace() if isinstance(what, str) else None
        name = names_in(what, [item])
        return View(item, name, options, workspace=workspace, edit_roi=edit_roi)
