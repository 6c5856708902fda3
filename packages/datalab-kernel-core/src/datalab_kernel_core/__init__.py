"""The IPython extension that gives a notebook the DataLab names.

    %load_ext datalab_kernel_core

adds the names `workspace`, `plotter`, `sigima`, `np`, `plt`, `create_signal` and
`create_image` to the session. Their modules are imported when a name is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from datalab_kernel_core._version import __version__

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from datalab_kernel_core.plotter.plot import Plot
    from datalab_kernel_core.plotter.plotter import Plotter

__all__ = [
    "Plot",
    "Plotter",
    "__version__",
    "load_ipython_extension",
    "unload_ipython_extension",
]

_LAZY = {
    "Plot": "datalab_kernel_core.plotter.plot",
    "Plotter": "datalab_kernel_core.plotter.plotter",
}


def load_ipython_extension(ip: InteractiveShell) -> None:
    """Add the DataLab names to a shell; a second call keeps the workspace.

    Args:
        ip: The shell.

    Example:
        >>> from IPython.core.interactiveshell import InteractiveShell
        >>> import datalab_kernel_core
        >>> shell = InteractiveShell()
        >>> datalab_kernel_core.load_ipython_extension(shell)
        >>> "plotter" in shell.user_ns
        True
    """
    from datalab_kernel_core import extension

    extension.load_ipython_extension(ip)


def unload_ipython_extension(ip: InteractiveShell) -> None:
    """Remove the DataLab names from a shell, except those that the user has rebound.

    Args:
        ip: The shell.

    Example:
        >>> from IPython.core.interactiveshell import InteractiveShell
        >>> import datalab_kernel_core
        >>> shell = InteractiveShell()
        >>> datalab_kernel_core.load_ipython_extension(shell)
        >>> datalab_kernel_core.unload_ipython_extension(shell)
        >>> "plotter" in shell.user_ns
        False
    """
    from datalab_kernel_core import extension

    extension.unload_ipython_extension(ip)


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
