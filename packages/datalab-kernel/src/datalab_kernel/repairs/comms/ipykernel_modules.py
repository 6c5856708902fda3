"""ipykernel's modules, if ipykernel is installed next to this kernel.

Libraries import them to open comms or to find the connection file of the kernel. Some
of these modules assume that the kernel is ipykernel's own. They are changed as soon as
they are imported:

* `ipykernel.ipkernel` replaces the functions of the package `comm`: they are set again.
* The comms of `ipykernel.comm` send through ipykernel's own kernel: they send through
  this one.
* `ipykernel.kernelapp` has no application: it gets one that describes this kernel, so
  that `ipykernel.get_connection_file()` returns the kernel's file.
"""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from datalab_kernel.repairs import comms
from datalab_kernel.xeus import loopback
from datalab_kernel_core.imports import ImportHook

if TYPE_CHECKING:
    from collections.abc import Callable

    from xeus_python_shell.shell import XPythonShell

# The module that xeus-python provides, whether or not ipykernel is installed.
COMMS = "ipykernel.comm"


def install(shell: XPythonShell) -> None:
    """Make ipykernel's modules work with this kernel when they are imported."""
    if PathFinder.find_spec("ipykernel") is None:
        # Libraries that import only this module do not need ipykernel.
        sys.modules[COMMS] = _Provided(COMMS, "The comms of the kernel.")
        return
    actions: dict[str, Callable[[Any], None]] = {
        "ipykernel.comm.comm": _send_through_this_kernel,
        "ipykernel.ipkernel": lambda _module: comms.set_hooks(sys.modules["comm"]),
        "ipykernel.kernelapp": lambda module: _describe_kernel(module, shell),
    }
    ImportHook(actions, lambda module: actions[module.__name__](module)).install()


class _Provided(ModuleType):
    """A stand-in for the module `ipykernel.comm` where ipykernel is not installed."""

    __all__ = ("Comm", "CommManager")

    def __getattr__(self, name: str) -> Any:
        if name == "CommManager":
            return comms.get_comm_manager  # there is only one
        if name == "Comm":
            from datalab_kernel.repairs.comms.manager import Comm

            return Comm
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")


def _send_through_this_kernel(module: Any) -> None:
    from datalab_kernel.repairs.comms.manager import Comm

    if hasattr(module, "BaseComm"):  # as of ipykernel 6.18
        module.BaseComm.publish_msg = Comm.publish_msg


def _describe_kernel(module: Any, shell: XPythonShell) -> None:
    """Create ipykernel's application with what is true of this kernel.

    It is not initialised: it opens no socket and starts no thread.
    """
    path = loopback.connection_file()
    application = module.IPKernelApp
    if path is None or vars(application).get("_instance") is not None:
        return
    described = application(connection_file=path)
    if Path(path).is_file():
        described.load_connection_file()
    described.shell, described.kernel = shell, shell.kernel
    # `instance` would refuse, because this kernel has another IPython application.
    application._instance = described  # noqa: SLF001
