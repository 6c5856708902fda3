"""The front end's half of a view: a widget without an output of its own.

It finds the view's picture in the page and replaces it. The notebook therefore contains
only the picture, which an export, or a page without the kernel, shows.
"""

from __future__ import annotations

from pathlib import Path

import anywidget
import traitlets

from datalab_kernel_core.in_page.sources import script

_HERE = Path(__file__).parent


class ViewWidget(anywidget.AnyWidget):
    """The state of a view that the front end needs."""

    # Strings, because anywidget may watch paths for changes.
    _esm = script(
        _HERE,
        *("axes", "plot", "pictures", "paint", "shapes", "geometry", "draw"),
        *("profile", "edit", "lut", "view", "page"),
    )
    _css = (_HERE / "view.css").read_text(encoding="utf-8")

    picture = traitlets.Unicode().tag(sync=True)
    about = traitlets.Dict().tag(sync=True)
    overlay = traitlets.Dict().tag(sync=True)
