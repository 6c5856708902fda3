"""The front end's half of a view: a widget that has no output of its own.

It looks for the view's picture in the page and takes its place. So the notebook holds
the picture alone, which is what an export, or a page without the kernel, shows.
"""

from __future__ import annotations

from pathlib import Path

import anywidget
import traitlets

_PARTS = ("axes", "pictures", "paint", "view", "page")


def _text(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


class ViewWidget(anywidget.AnyWidget):
    """What the front end knows of a view."""

    # Texts, not paths: those may be watched for changes. One text, because a module
    # that comes by a message has no place to import others from.
    _esm = "\n".join(_text(f"{part}.js") for part in _PARTS)
    _css = _text("view.css")

    picture = traitlets.Unicode().tag(sync=True)
    about = traitlets.Dict().tag(sync=True)
