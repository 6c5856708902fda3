"""The line of the user's code that a warning points to."""

from __future__ import annotations

import inspect
from pathlib import Path

_PACKAGE = str(Path(__file__).parent)


def level_of_user() -> int:
    """Return the stack level at which a warning points to the user's code.

    The level is for a call of `warnings.warn` in the function that calls this one.
    """
    here = inspect.currentframe()
    frame, level = None if here is None else here.f_back, 1
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame, level = frame.f_back, level + 1
    return level
