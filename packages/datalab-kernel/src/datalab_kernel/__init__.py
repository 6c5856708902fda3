"""The Jupyter kernel of DataLab, based on xeus-python.

`%load_ext datalab_kernel` gives any IPython session the names with which the notebooks
of the kernel start. A script or a module imports them:

    from datalab_kernel import plotter, workspace
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from datalab_kernel._version import __version__
from datalab_kernel.deprecated import old_names
from datalab_kernel.package import Package, notebook_name

if TYPE_CHECKING:
    import numpy as np
    import sigima
    from IPython.core.interactiveshell import InteractiveShell
    from matplotlib import pyplot as plt
    from sigima import create_image, create_signal

    from datalab_kernel.kernelspec import install, uninstall
    from datalab_kernel_core import Plotter
    from datalab_workspace import Workspace

    workspace: Workspace
    plotter: Plotter

__all__ = [
    "__version__",
    "create_image",
    "create_signal",
    "install",
    "load_ipython_extension",
    "np",
    "plotter",
    "plt",
    "sigima",
    "uninstall",
    "unload_ipython_extension",
    "workspace",
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


#: Those that a notebook has without an import. `workspace` and `plotter` are properties
#: of the module.
_OF_NOTEBOOKS = frozenset({"create_image", "create_signal", "np", "plt", "sigima"})
_old_name = old_names(__name__)
sys.modules[__name__].__class__ = Package


def __getattr__(name: str) -> Any:
    if name in _OF_NOTEBOOKS:
        return notebook_name(name)
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    return _old_name(name)


def __dir__() -> list[str]:
    # `help` and `inspect.getmembers` examine each of these names. The others would
    # make a workspace or import sigima then; `__all__` offers them for import.
    return sorted(set(__all__) - _OF_NOTEBOOKS - {"plotter", "workspace"})
