"""Figures that answer to the mouse: in a notebook, or in a window of their own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import matplotlib
from matplotlib.figure import Figure

_WIDGETS = {"widget", "ipympl", "module://ipympl.backend_nbagg"}
_WINDOWS = {
    f"{toolkit}{renderer}"
    for toolkit in ("qt", "qt5", "tk", "gtk3", "gtk4", "wx")
    for renderer in ("agg", "cairo")
} | {"macosx", "wx"}
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def shows_widgets() -> bool:
    """Whether figures are widgets: after ``%matplotlib widget``."""
    return _backend() in _WIDGETS


def shows_windows() -> bool:
    """Whether figures have windows: after ``%matplotlib qt`` and the like."""
    return _backend() in _WINDOWS


def _backend() -> str:
    # Asking Matplotlib itself would make it look for a backend, and load one.
    if "matplotlib.pyplot" not in sys.modules:
        return ""
    name = dict.__getitem__(matplotlib.rcParams, "backend")
    return name.lower() if isinstance(name, str) else ""


def figure_maker() -> Callable[..., Figure]:
    """Return what makes a figure that the current backend can show.

    Only figures with windows are known to pyplot, which forgets them when they are
    closed; all others would stay in memory.
    """
    return _with_window if shows_windows() else Figure


def _with_window(**options: Any) -> Figure:
    from matplotlib import pyplot as plt

    # Shown when the plot is, and not when it is drawn.
    with plt.ioff():
        return plt.figure(**options)


def widget_view(figure: Figure) -> dict[str, Any]:
    """Return the MIME data of a figure as a widget, which is made at the first call."""
    from ipympl.backend_nbagg import Canvas, FigureManager

    if not isinstance(figure.canvas, Canvas):
        FigureManager(Canvas(figure), 0)
    canvas: Any = figure.canvas
    bundle = canvas._repr_mimebundle_()
    return {WIDGET_VIEW: bundle[WIDGET_VIEW]}


def show_window(figure: Figure) -> None:
    """Open the window of a figure, if it has one."""
    if figure.canvas.manager is not None:
        figure.canvas.manager.show()
