"""The Jupyter kernel of DataLab, based on xeus-python.

`%load_ext datalab_kernel` gives any IPython session the names with which the notebooks
of the kernel start.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from datalab_kernel._version import __version__
from datalab_kernel.deprecated import OldPackage, old_names

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from datalab_kernel.kernelspec import install, uninstall

__all__ = [
    "__version__",
    "install",
    "load_ipython_extension",
    "uninstall",
    "unload_ipython_extension",
]

_LAZY = {
    "install": "datalab_kernel.kernelspec",
    "uninstall": "datalab_kernel.kernelspec",
}


def load_ipython_extension(ip: InteractiveShell) -> None:
    """Add the DataLab names to an IPython session; keep a workspace that exists.

    IPython calls this function for `%load_ext datalab_kernel`.

    Args:
        ip: The shell of the session.

    Example:
        >>> from IPython.core.interactiveshell import InteractiveShell
        >>> import datalab_kernel
        >>> shell = InteractiveShell()
        >>> datalab_kernel.load_ipython_extension(shell)
        >>> "workspace" in shell.user_ns
        True
    """
    from datalab_kernel_core.extension import load_ipython_extension as load

    load(ip)


def unload_ipython_extension(ip: InteractiveShell) -> None:
    """Remove those DataLab names from the session that the user has not reassigned.

    IPython calls this function for `%unload_ext datalab_kernel`.

    Args:
        ip: The shell of the session.

    Example:
        >>> from IPython.core.interactiveshell import InteractiveShell
        >>> import datalab_kernel
        >>> shell = InteractiveShell()
        >>> datalab_kernel.load_ipython_extension(shell)
        >>> datalab_kernel.unload_ipython_extension(shell)
        >>> "workspace" in shell.user_ns
        False
    """
    from datalab_kernel_core.extension import unload_ipython_extension as unload

    unload(ip)


_old_name = old_names(__name__)
sys.modules[__name__].__class__ = OldPackage


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    return _old_name(name)


def __dir__() -> list[str]:
    return sorted(__all__)
