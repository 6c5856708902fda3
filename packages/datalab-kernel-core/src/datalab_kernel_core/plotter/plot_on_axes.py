"""A picture that is drawn on a user's own axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from datalab_kernel_core.plotter.drawing import Drawing
from datalab_kernel_core.plotter.options import Options
from datalab_kernel_core.plotter.plot import Plot
from datalab_kernel_core.plotter.tables import ResultTable


class PlotOnAxes(Plot):
    """A picture on axes of a user's figure, which a notebook shows with that figure.

    Args:
        drawing: The content of the picture.
        name: What the picture shows, for its repr.
        tables: The tables of results, which are not shown.
        axes: The axes, one for each image and each panel of curves.

    Raises:
        ValueError: The number of axes does not fit.

    Example:
        >>> from matplotlib.figure import Figure
        >>> left, right = Figure().subplots(1, 2)
        >>> plot = plotter.plot("peak", ax=left)
        >>> plot.axes == [left]
        True
    """

    def __init__(
        self,
        drawing: Drawing,
        name: str,
        tables: Sequence[ResultTable],
        axes: Sequence[Axes],
    ) -> None:
        self._axes = list(axes)
        super().__init__(drawing, name, tables)

    def _prepare(self) -> None:
        self._drawing.draw_on(self._axes)
        self._figure = self._axes[0].get_figure(root=True)

    @property
    def axes(self) -> list[Axes]:
        """The axes that the picture is drawn on.

        Example:
            >>> from matplotlib.figure import Figure
            >>> axes = Figure().subplots()
            >>> plotter.plot("spot", ax=axes).axes[0] is axes
            True
        """
        return list(self._axes)

    def _ipython_display_(self) -> None:
        """Show nothing: the figure is shown by the user, or by Matplotlib."""


def checked_axes(ax: Any, options: Options) -> list[Axes]:
    """Return the axes to draw on.

    Args:
        ax: Matplotlib axes, or a list or array of them.
        options: The options of the picture.

    Raises:
        TypeError: `ax` is something else, or an option applies only to a new figure.
    """
    several = isinstance(ax, list | tuple | np.ndarray)
    axes = list(np.ravel(np.asarray(ax, dtype=object))) if several else [ax]
    if not axes or not all(isinstance(one, Axes) for one in axes):
        raise TypeError(
            f"expected Matplotlib axes or a list of them for ax, got {ax!r:.60}"
        )
    sizes = [name for name in ("width", "height") if getattr(options, name) is not None]
    if sizes:
        raise TypeError(
            f"{' and '.join(sizes)} cannot be combined with ax, whose figure has a size"
        )
    return axes
