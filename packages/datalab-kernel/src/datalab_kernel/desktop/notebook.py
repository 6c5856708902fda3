"""New notebooks from the template."""

from __future__ import annotations

import itertools
from importlib.resources import files
from pathlib import Path

_NAME = "DataLab"


def create(folder: Path) -> Path:
    """Create a notebook with a name that is not in use.

    Args:
        folder: The folder; created if missing.

    Returns:
        The notebook's file.

    Raises:
        OSError: If it cannot be written.
    """
    template = (files("datalab_kernel.desktop") / "notebook.ipynb").read_bytes()
    folder.mkdir(parents=True, exist_ok=True)
    for number in itertools.count(1):
        path = folder / (f"{_NAME} {number}.ipynb" if number > 1 else f"{_NAME}.ipynb")
        try:
            with path.open("xb") as file:
                file.write(template)
        except FileExistsError:
            continue
        break
    return path
