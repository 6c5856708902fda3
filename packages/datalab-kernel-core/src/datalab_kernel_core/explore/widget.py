"""The front end's half of a view: a widget without an output of its own.

It finds the view's picture in the page and replaces it. The notebook therefore contains
only the picture, which an export, or a page without the kernel, shows.
"""

from __future__ import annotations

from pathlib import Path

import anywidget
import traitlets

_PARTS = ("axes", "pictures", "paint", "link", "view", "page")


def _source(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


class ViewWidget(anywidget.AnyWidget):
    """The state of a view that the front end needs."""

    # Strings, because anywidget may watch paths for changes. One string, because a
    # module that arrives in a message cannot import other modules.
    _esm = "\n".join(_source(f"{part}.js") for part in _PARTS)
    _css = _source("view.css")

    picture = traitlets.Unicode().tag(sync=True)
    about = traitlets.Dict().tag(sync=True)
