"""Matplotlib figures that show more of the data where one zooms into them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.artist import Artist

from datalab_kernel_core.explore.curves import CurveSource
from datalab_kernel_core.explore.messages import ViewRequest
from datalab_kernel_core.explore.pixels import PixelSource
from datalab_kernel_core.plotter.curve_style import look_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.backend_bases import RendererBase
    from matplotlib.figure import Figure

    from datalab_kernel_core.plotter.plot_input import PlotItem


def refine(figure: Figure, subject: PlotItem) -> None:
    """Have the figure of one object show all that can be seen wherever it is zoomed.

    Args:
        figure: The figure that `plotter.plot` made of the object. Its axes no longer
            scale themselves.
        subject: The object. It is not copied.
    """
    axes = figure.axes[0]
    record, samples = subject.record, subject.samples
    if samples is not None:
        if look_of(record, 0).style == "Sticks":
            return  # of which a line through the samples is no part
        # Of a complex signal the phase is below the modulus.
        for number, panel in enumerate(figure.axes):
            if panel.lines:
                source = CurveSource(record, samples, phase=number == 1)
                panel.add_artist(_RefinedCurve(panel, source))
    elif axes.images:  # one of pixels of several sizes is drawn as a mesh
        axes.add_artist(_RefinedImage(axes, PixelSource(record)))


class _Refined(Artist):
    """Is drawn before all else in its axes, and brings the data that is to be drawn.

    In this way it does so once for each time that they are drawn, whatever it was that
    changed their limits, and nothing is changed while somebody is told of it.
    """

    def __init__(self, axes: Axes) -> None:
        super().__init__()
        self.set_zorder(-np.inf)
        self.set_in_layout(False)
        # Or data that is set would change the limits, which would ask for data.
        axes.set_autoscale_on(False)
        self._limits = self._seen(axes)

    def draw(self, renderer: RendererBase) -> None:  # noqa: ARG002
        axes = self.axes
        assert axes is not None
        seen = self._seen(axes)
        if seen != self._limits:
            self._limits = seen
            self._bring(axes)  # type: ignore[arg-type]

    def _seen(self, axes: Any) -> tuple[float, ...]:
        return (*axes.get_xlim(), *axes.get_ylim(), *axes.bbox.size)

    def _bring(self, axes: Axes) -> None:
        raise NotImplementedError


class _RefinedCurve(_Refined):
    def __init__(self, axes: Axes, source: CurveSource) -> None:
        super().__init__(axes)
        self._source = source

    def _bring(self, axes: Axes) -> None:
        log = axes.get_xscale() == "log", axes.get_yscale() == "log"
        ends = [
            sorted(np.log10(limits) if is_log else limits)
            for limits, is_log in zip(
                (axes.get_xlim(), axes.get_ylim()), log, strict=True
            )
        ]
        width, height = (max(int(side), 1) for side in axes.bbox.size)
        request = ViewRequest(
            (ends[0][0], ends[0][1]), (ends[1][0], ends[1][1]), width, height, log
        )
        axes.lines[0].set_data(*self._source.points(request))


class _RefinedImage(_Refined):
    def __init__(self, axes: Axes, source: PixelSource) -> None:
        super().__init__(axes)
        self._source = source

    def _bring(self, axes: Axes) -> None:
        x, y = (
            self._source.places(number, limits)
            for number, limits in enumerate((axes.get_xlim(), axes.get_ylim()))
        )
        width, height = (max(int(side), 1) for side in axes.bbox.size)
        extent, values = self._source.part(ViewRequest(x, y, width, height))
        if values.size:
            image = axes.images[0]
            image.set_data(values)
            image.set_extent(extent)
