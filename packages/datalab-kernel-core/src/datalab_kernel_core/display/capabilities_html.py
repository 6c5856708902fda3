"""The table of the abilities of a workspace, with their explanations."""

from __future__ import annotations

import dataclasses
import inspect
import re
from typing import Any

from datalab_kernel_core.display import markup
from datalab_kernel_core.display.short_text import html
from datalab_workspace.backends.capabilities import Capabilities

_LONG = 300
#: An attribute and its explanation, in a docstring.
_EXPLAINED = re.compile(r"^    (\w+): (.+(?:\n {8}.+)*)", re.MULTILINE)


def capabilities_html(capabilities: Capabilities) -> str:
    """Return the abilities as HTML."""
    explained = dict(_EXPLAINED.findall(inspect.getdoc(Capabilities) or ""))
    rows = [
        [
            html(name),
            html(value),
            html(explained.get(name, "").replace("`", ""), _LONG),
        ]
        for name, value in _values(capabilities)
    ]
    table = markup.table(("ability", "here", "meaning"), rows, "  w")
    return markup.page(markup.heading("Capabilities"), table)


def capabilities_text(capabilities: Capabilities) -> str:
    """Return the abilities as lines of text."""
    lines = (f"  {name}: {value}" for name, value in _values(capabilities))
    return "\n".join(["capabilities", *lines])


def _values(capabilities: Capabilities) -> list[tuple[str, str]]:
    return [
        (field.name, _text(getattr(capabilities, field.name)))
        for field in dataclasses.fields(capabilities)
    ]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "all" if value is None else ", ".join(sorted(value))
