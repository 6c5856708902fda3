"""The Jupyter kernel of DataLab, on xeus-python.

`%load_ext datalab_kernel` gives any IPython session the namespace that the
kernel's own notebooks start with.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from datalab_kernel._version import __version__

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
    """Inject the DataLab namespace; loading again keeps the workspace."""
    from datalab_kernel_core.extension import load_ipython_extension as load

    load(ip)


def unload_ipython_extension(ip: InteractiveShell) -> None:
    """Remove the names that are still what was injected."""
    from datalab_kernel_core.extension import unload_ipython_extension as unload

    unload(ip)


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
