"""A check whether Jupyter is installed in DataLab's environment."""

from __future__ import annotations

import sys
from importlib.util import find_spec


def is_installed() -> bool:
    """Return whether this Python can run JupyterLab, which Notebook 7 uses too.

    Nothing is imported. A DataLab that was frozen into one program has no Python that
    could run a server.
    """
    if getattr(sys, "frozen", False):
        return False
    spec = find_spec("jupyterlab")
    # A folder that happens to have this name is found too, but has no origin.
    return spec is not None and spec.origin is not None
