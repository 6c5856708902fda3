"""Load the packages that the names of a cell need, in a page with Pyodide.

The kernel of Pyodide loads the packages that a cell imports before it runs the cell.
DataLab's names import their packages when they are used, and nothing can be loaded in
the middle of a cell. So the names are looked for, as the imports are.
"""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING, Any

from datalab_workspace.runtime import is_installed

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_USES = {
    "matplotlib": re.compile(r"\bplt\b|\bplotter\b(?!\s*\.\s*explore\b)"),
    "pandas": re.compile(r"\bto_(?:dataframe|pandas)\b"),
}


def install(shell: InteractiveShell) -> None:
    """Load packages before each of the next cells of a shell, if its kernel can.

    Args:
        shell: The shell. Only the kernel of Pyodide has asynchronous transformers.
    """
    kernel: Any = getattr(shell, "kernel", None)
    manager = getattr(kernel, "lite_transform_manager", None)
    if manager is None:
        return
    pyodide: Any = import_module("pyodide_js")

    async def load(lines: list[str]) -> list[str]:
        missing = [name for name in needed("".join(lines)) if not is_installed(name)]
        if missing:
            # It ignores the packages that the site does not have.
            await pyodide.loadPackagesFromImports(f"import {', '.join(missing)}")
        return lines

    manager.line_transforms.append(load)


def needed(cell: str) -> list[str]:
    """Return the packages that the names in a cell need."""
    return [package for package, names in _USES.items() if names.search(cell)]
