"""The browser of this machine."""

from __future__ import annotations

import shutil
from pathlib import Path

#: Names of the program, one a line; `.ci/run` reads them too.
PROGRAMS = Path(__file__).parents[2] / ".ci" / "browsers.txt"


def browser_program() -> str | None:
    """Return the path of Chromium or Chrome; None if neither is installed."""
    names = PROGRAMS.read_text(encoding="utf-8").split()
    return next(filter(None, map(shutil.which, names)), None)
