"""The names of version 0.2 that can still be imported, with a DeprecationWarning.

`datalab_kernel` itself has them, and its modules `workspace`, `plotter`, `discovery`
and `backends`. DataLab imports this package at its start, so nothing is imported here
until a name is used.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

#: The module that has each name of version 0.2 now, by the module that had it. A colon
#: precedes the new name, if it has another one.
NEW_HOMES: dict[str, dict[str, str]] = {
    "datalab_kernel": {
        "Workspace": "datalab_workspace",
        "Plotter": "datalab_kernel_core",
    },
    "datalab_kernel.workspace": {
        "Workspace": "datalab_workspace",
        "WorkspaceMode": "datalab_workspace",
    },
    "datalab_kernel.plotter": {
        "Plotter": "datalab_kernel_core",
        "PlotResult": "datalab_kernel_core:Plot",
    },
    "datalab_kernel.backends": {
        "StandaloneBackend": "datalab_workspace.backends:MemoryBackend",
    },
}
_TABLE = "Plotter(workspace).table(result)"
_BACKEND = "datalab_workspace.backends.Backend"
#: What to use instead of each name that no longer exists, by the module that had it.
GONE_NAMES: dict[str, dict[str, str]] = {
    "datalab_kernel.workspace": {"WorkspaceBackend": _BACKEND},
    "datalab_kernel.plotter": {
        "MatplotlibPlotter": "datalab_kernel_core.Plotter",
        "TableResultDisplay": _TABLE,
        "GeometryResultDisplay": _TABLE,
    },
    "datalab_kernel.backends": {
        "WebApiBackend": "datalab_workspace.connect(url, token)",
        "WorkspaceBackend": _BACKEND,
    },
}


def old_names(module: str) -> Callable[[str], Any]:
    """Return the function `__getattr__` of a module of version 0.2.

    Args:
        module: Full name of the module, a key of the tables above.
    """
    # In DataLab's add-on, the packages are inside another one.
    module = module[module.rindex("datalab_kernel") :]
    new_homes, gone = NEW_HOMES[module], GONE_NAMES.get(module, {})

    def get(name: str) -> Any:
        if name in gone:
            raise ImportError(
                f"{module}.{name} no longer exists; use {gone[name]} instead"
            )
        if name not in new_homes:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        home, _, renamed = new_homes[name].partition(":")
        new = f"{home}.{renamed or name}"
        _warn(f"{module}.{name}", new)
        return getattr(import_module(home), renamed or name)

    return get


def _warn(old: str, new: str) -> None:
    from datalab_workspace.validation import warn_of_old

    warn_of_old(old, new)
