"""The formats of pictures that IPython is configured for, and their rendering."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from datalab_kernel_core.plotter.text_layout import without_glyph_warnings
from datalab_workspace.runtime import is_installed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: The MIME types of the formats that `Plot.save` writes.
MIME_TYPES = {"png": "image/png", "svg": "image/svg+xml", "pdf": "application/pdf"}

#: The suffixes of other formats, which Matplotlib's figures can be saved in.
OTHER_SUFFIXES = frozenset(
    {"avif", "eps", "gif", "jpeg", "jpg", "pgf", "ps", "raw", "rgba", "svgz", "tif"}
    | {"tiff", "webp"}
)


@dataclass(frozen=True)
class Formats:
    """The formats that IPython's settings ask for.

    Attributes:
        scale: Pixels to draw for one pixel of the page: 2 for a retina display.
        svg: Whether to show SVG in addition to PNG.
    """

    scale: int = 1
    svg: bool = False


def wanted_formats() -> Formats:
    """Return the formats in which the current shell shows Matplotlib's figures.

    `set_matplotlib_formats` and ``%config InlineBackend`` register a formatter for
    `Figure`. Before Matplotlib's backend is loaded, only the configuration exists.
    """
    shell = current_shell()
    if shell is None or not is_installed("matplotlib"):
        return Formats()
    from IPython.core.pylabtools import retina_figure

    formatters = shell.display_formatter.formatters
    shown_by = {
        mime: _lookup(formatters[mime])
        for mime in ("image/png", "image/svg+xml", "image/jpeg", "application/pdf")
        if mime in formatters
    }
    if any(shown_by.values()):
        # Both formatters are partial functions.
        png = getattr(shown_by.get("image/png"), "func", None)
        svg = shown_by.get("image/svg+xml") is not None
        return Formats(2 if png is retina_figure else 1, svg)
    names = _configured(shell)
    return Formats(2 if {"retina", "png2x"} & names else 1, "svg" in names)


def current_shell() -> Any:
    """Return the IPython shell that runs here, None without one."""
    if "IPython" not in sys.modules:
        return None
    from IPython import get_ipython

    return get_ipython()


def _lookup(formatter: Any) -> Any:
    from matplotlib.figure import Figure

    try:
        return formatter.lookup_by_type(Figure)
    except KeyError:
        return None


def _configured(shell: Any) -> set[str]:
    from matplotlib_inline.config import InlineBackend

    backend = (
        InlineBackend.instance()
        if InlineBackend.initialized()
        else InlineBackend(parent=shell)
    )
    return set(backend.figure_formats)


def rendered(figure: Figure, kind: str, dpi: float) -> bytes:
    """Return the content of a picture file.

    Args:
        figure: The picture.
        kind: "png", "svg" or "pdf".
        dpi: Pixels per inch; in vector formats, of their rasterized parts.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    written = BytesIO()
    with without_glyph_warnings():
        if kind == "png" and figure.canvas.manager is None:
            FigureCanvasAgg(figure).print_figure(written, format=kind, dpi=dpi)
        else:
            figure.savefig(written, format=kind, dpi=dpi)
    return written.getvalue()
