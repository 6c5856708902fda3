"""The namespace of a DataLab notebook, for any IPython.

    %load_ext datalab_kernel_core

injects `workspace`, `plotter`, `sigima`, `np`, `plt`, `create_signal` and
`create_image`. Their modules are imported at the first use.
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
    """Inject the DataLab namespace into a shell; loading again keeps the workspace.

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
    """Remove the injected names that the user did not rebind.

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
    return sorted({*globals(), *__all__})
