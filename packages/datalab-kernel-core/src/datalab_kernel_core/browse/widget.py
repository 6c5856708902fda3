"""The page's half of a panel: a widget without an output of its own.

It finds the panel's picture in the page and replaces it. The notebook therefore
contains only the picture, which an export, or a page without the kernel, shows.
"""

from __future__ import annotations

from pathlib import Path

import anywidget
import traitlets

from datalab_kernel_core.in_page.sources import script

_HERE = Path(__file__).parent


class PanelWidget(anywidget.AnyWidget):
    """The state of a panel that the front end needs."""

    # Strings, because anywidget may watch paths for changes.
    _esm = script(_HERE, "row", "list", "menu", "detail", "panel", "page")
    _css = (_HERE / "panel.css").read_text(encoding="utf-8")

    mark = traitlets.Unicode().tag(sync=True)
