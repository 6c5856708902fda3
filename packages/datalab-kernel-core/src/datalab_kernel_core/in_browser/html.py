"""Outputs whose script runs in the page."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from IPython import display

_FOLDER = Path(__file__).parent


def show(script: str, argument: str, plain: str) -> None:
    """Display an output in which a script draws.

    A page runs the script of an output when a cell makes it, or when the notebook is
    opened and trusted.

    Args:
        script: Name of the file of the script, which defines the function `draw`.
        argument: The string that is passed to it, with the element to draw in.
        plain: What the output says where no script is run. A script that runs takes it
            away.
    """
    code = (_FOLDER / script).read_text(encoding="utf-8")
    # As a literal of JavaScript that cannot end the element.
    literal = json.dumps(argument).replace("<", "\\u003c")
    page = (
        f"<div>{html.escape(plain)}</div><script>(() => {{\n"
        "const place = document.currentScript.previousElementSibling;\n"
        f"place.textContent = '';\n{code}\ndraw(place, {literal});\n}})();</script>"
    )
    show_bundle: Callable[..., Any] = display.display  # IPython does not type it
    show_bundle({"text/html": page, "text/plain": plain}, raw=True)
