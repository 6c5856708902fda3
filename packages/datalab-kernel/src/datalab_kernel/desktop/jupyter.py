"""Whether Jupyter is installed beside DataLab."""

from __future__ import annotations

import sys
from importlib.util import find_spec


def is_installed() -> bool:
    """Tell whether this Python can run JupyterLab, on which Notebook 7 relies too.

    Nothing is imported for that. A DataLab that was frozen into one program has no
    Python that could run a server.
    """
    if getattr(sys, "frozen", False):
        return False
    spec = find_spec("jupyterlab")
    # A folder that happens to have the name is found too, but has no origin.
    return spec is not None and spec.origin is not None
