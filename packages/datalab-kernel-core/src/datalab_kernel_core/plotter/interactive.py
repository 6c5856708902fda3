"""Interactive figures: widgets in a notebook, or windows of their own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

from datalab_workspace.runtime import missing

_WIDGETS = {"widget", "ipympl", "module://ipympl.backend_nbagg"}
_WINDOWS = {
    f"{toolkit}{renderer}"
    for toolkit in ("qt", "qt5", "tk", "gtk3", "gtk4", "wx")
    for renderer in ("agg", "cairo")
} | {"macosx", "wx"}
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def shows_widgets() -> bool:
    """Return whether figures are widgets, as after ``%matplotlib widget``."""
    return _backend() in _WIDGETS


def shows_windows() -> bool:
    """Return whether figures have windows, as after ``%matplotlib qt``."""
    return _backend() in _WINDOWS


def _backend() -> str:
    # matplotlib.get_backend() would choose and load a backend.
    if "matplotlib.pyplot" not in sys.modules:
        return ""
    name = _current()
    return name.lower() if isinstance(name, str) else ""


def _current() -> Any:
    import matplotlib

    return dict.__getitem__(matplotlib.rcParams, "backend")


def figure_maker() -> Callable[..., Figure]:
    """Return a function that makes a figure which the current backend can show.

    Only figures with windows are made by pyplot, which releases a figure when its
    window is closed. It would keep all others in memory.
    """
    from matplotlib.figure import Figure

    return _with_window if shows_windows() else Figure


def _with_window(**options: Any) -> Figure:
    from matplotlib import pyplot as plt

    # The window opens when the plot is shown, not when it is drawn.
    with plt.ioff():
        return plt.figure(**options)


def on_canvas(figure: Figure) -> Any:
    """Return the widget canvas of a figure, which is made at the first call.

    Raises:
        ImportError: ipympl is not installed.
    """
    with _backend_kept():
        try:
            from ipympl.backend_nbagg import Canvas, FigureManager
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] != "ipympl":
                raise
            raise missing(
                "ipympl",
                "an interactive figure",
                remedy="run pip install ipympl, here and where Jupyter runs, and "
                "reload the page",
            ) from None
    if not isinstance(figure.canvas, Canvas):
        # The manager makes the toolbar; pyplot does not keep the figure.
        canvas = Canvas(figure)
        FigureManager(canvas, 0)
        canvas.header_visible = False  # the header would be "Figure 0"
    return figure.canvas


@contextmanager
def _backend_kept() -> Iterator[None]:
    """Keep the user's backend, which the import of ipympl replaces."""
    import matplotlib

    name = _current()
    yield
    if _current() == name:
        return
    if "matplotlib.pyplot" in sys.modules:
        from matplotlib import pyplot as plt

        plt.switch_backend(name)
    else:
        dict.__setitem__(matplotlib.rcParams, "backend", name)


def widget_view(figure: Figure) -> dict[str, Any]:
    """Return the MIME data of a figure as a widget."""
    bundle = on_canvas(figure)._repr_mimebundle_()
    return {WIDGET_VIEW: bundle[WIDGET_VIEW]}


def show_window(figure: Figure) -> None:
    """Open the window of a figure, if it has one."""
    if figure.canvas.manager is not None:
        figure.canvas.manager.show()
