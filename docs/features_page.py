"""Write the page that lists the features: ``python docs/features_page.py``.

The page is the table of `Workspace.features`, in the order of DataLab's menus. A test
fails if the page is not what this module writes.
"""

from __future__ import annotations

import re
from pathlib import Path

from datalab_workspace import Workspace
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.model.record import KINDS
from datalab_workspace.processing.feature_table import FeatureInfo
from datalab_workspace.processing.menus import SEPARATOR

PAGE = Path(__file__).parent / "reference" / "features.md"
_INTRODUCTION = """\
# Features

Each entry of DataLab's menus has a name in `workspace.calc`. The tables have the order
of the menus in DataLab 1.3. In a notebook, `workspace.features(search="smooth")` finds
features by everyday words, Tab completes `workspace.calc.`, and
`workspace.calc.gaussian_filter?` shows the allowed values of each parameter.

A parameter without a default has to be given; for `…` sigima takes the value from the
object. [`calc`](workspace.md) explains the arguments that all features have.
"""
_HEAD = """\
| DataLab | `calc` | gives | parameters |
| --- | --- | --- | --- |
"""
#: The menu of features that DataLab's window does not show.
_ELSEWHERE = "Not in the menus"
_GIVES = {
    "the name of a new ": "",
    "an analysis result, or None": "analysis result",
    "a list of names, of a new ": "list: ",
}


def page() -> str:
    """Return the page."""
    workspace = Workspace(backend=MemoryBackend())
    parts = [_INTRODUCTION]
    for kind in KINDS:
        parts.append(f"\n## For {kind}s\n")
        menus: dict[str, list[FeatureInfo]] = {}
        for info in workspace.features(kind):
            menus.setdefault(_menu(info), []).append(info)
        for menu, infos in menus.items():
            parts.append(f"\n### {menu}\n\n{_HEAD}")
            parts.extend(_row(info) for info in infos)
    return "".join(parts)


def _menu(info: FeatureInfo) -> str:
    return info.menu.rpartition(SEPARATOR)[0] or _ELSEWHERE


def _row(info: FeatureInfo) -> str:
    entry = info.menu.rpartition(SEPARATOR)[2]
    gives = info.gives
    for words, short in _GIVES.items():
        gives = gives.replace(words, short)
    parameters = ", ".join(info.parameters).replace("<from the object>", "…")
    parameters = f"`{parameters}`" if parameters else ""
    cells = (entry or info.does, f"`{info.name}`", gives, parameters)
    return f"| {' | '.join(re.sub(r'[|]', r'&#124;', cell) for cell in cells)} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
