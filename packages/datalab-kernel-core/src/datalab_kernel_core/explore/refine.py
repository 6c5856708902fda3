"""Matplotlib figures that show more of the data when a user zooms in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.artist import Artist

from datalab_kernel_core.explore.messages import ViewRequest
from datalab_kernel_core.explore.visible_pixels import VisiblePixels
from datalab_kernel_core.explore.visible_samples import VisibleSamples
from datalab_kernel_core.plotter.curve_style import CurveStyle
from datalab_kernel_core.plotter.image_drawing import with_sharp_edges
from datalab_kernel_core.plotter.samples import component

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.backend_bases import RendererBase
    from matplotlib.figure import Figure

    from datalab_kernel_core.plotter.plot_input import PlotItem


def refine(figure: Figure, item: PlotItem) -> None:
    """Make the figure of one object read the visible data at each zoom.

    Args:
        figure: The figure that `plotter.plot` made of the object. Its axes stop scaling
            themselves.
        item: The object. It is not copied.
    """
    axes = figure.axes[0]
    record, samples = item.record, item.samples
    if samples is not None:
        if CurveStyle.of(record, 0).kind == "Sticks":
            return  # which have no line through the samples
        # The phase of a complex signal is below its modulus.
        for number, panel in enumerate(figure.axes):
            if panel.lines:
                y = samples.y
                if y.dtype.kind == "c":
                    y = component(y, "phase" if number == 1 else "modulus")
                visible = VisibleSamples(samples.x, y)
                panel.add_artist(_RefinedCurve(panel, visible))
    elif axes.images:  # an image whose pixels differ in size is a mesh
        axes.add_artist(_RefinedImage(axes, VisiblePixels(record)))


class _Refined(Artist):
    """An artist that updates the data of its axes before they are drawn.

    It is drawn first. The data is therefore updated once for each drawing, whatever
    changed the limits, and not inside a callback about the limits.
    """

    def __init__(self, axes: Axes) -> None:
        super().__init__()
        self.set_zorder(-np.inf)
        self.set_in_layout(False)
        # Otherwise new data would change the limits, which would request new data.
        axes.set_autoscale_on(False)
        self._limits = self._view(axes)

    def draw(self, renderer: RendererBase) -> None:  # noqa: ARG002
        axes = self.axes
        assert axes is not None
        view = self._view(axes)
        if view != self._limits:
            self._limits = view
            self._update_data(axes)  # type: ignore[arg-type]

    def _view(self, axes: Any) -> tuple[float, ...]:
        return (*axes.get_xlim(), *axes.get_ylim(), *axes.bbox.size)

    def _update_data(self, axes: Axes) -> None:
        raise NotImplementedError


class _RefinedCurve(_Refined):
    def __init__(self, axes: Axes, visible: VisibleSamples) -> None:
        super().__init__(axes)
        self._visible = visible

    def _update_data(self, axes: Axes) -> None:
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
        axes.lines[0].set_data(*self._visible.points(request))


class _RefinedImage(_Refined):
    def __init__(self, axes: Axes, visible: VisiblePixels) -> None:
        super().__init__(axes)
        self._visible = visible

    def _update_data(self, axes: Axes) -> None:
        x, y = (
            self._visible.pixel_range(number, limits)
            for number, limits in enumerate((axes.get_xlim(), axes.get_ylim()))
        )
        width, height = (max(int(side), 1) for side in axes.bbox.size)
        extent, values = self._visible.part(ViewRequest(x, y, width, height))
        if values.size:
            image = axes.images[0]
            image.set_data(with_sharp_edges(values))
            image.set_extent(extent)
