"""Comms: the package `comm` works as under ipykernel, and widgets survive a reload.

xeus-python replaces the package `comm` and ipykernel's module `ipykernel.comm` by
modules of its own. They have neither `comm.base_comm` nor `BaseComm`, ignore the ID
that a comm is given, and keep the installed packages from being imported. With this
module, `comm` is the installed package. Its two functions that a kernel is meant to
replace, `create_comm` and `get_comm_manager`, return objects of `comms.manager`.

With xeus-python, widgets do not reappear when the page is reloaded. The page opens a
comm to request the state of all widgets at once. The C++ code cannot pass such a comm
to Python, and sends no answer. After some seconds the page requests the state of each
widget instead. It does not recognise the answers, because their headers name the last
cell and not the page's request. In addition, xeus-python keeps closed widgets in its
list, and these never answer.

With this module, the kernel immediately refuses a comm that the page opens, so that the
page requests the state of each widget without a delay. Whatever a widget sends while it
handles a message is marked as an answer to that message. A closed comm is removed from
the list. With xeus-python up to 0.17, which runs no event loop, the C++ code passes
comms that the page opens to Python, and the rest of this paragraph does not apply.

Upstream: docs/upstream/comms.md, docs/upstream/comm_package.md
"""

from __future__ import annotations

import os
import sys
import threading
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING, Any

from datalab_kernel.repairs.comms import ipykernel_modules
from datalab_kernel.xeus import cells, loopback, registry, sockets
from datalab_kernel_core.imports import ImportHook

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from comm.base_comm import BaseComm
    from xeus_python_shell.shell import XPythonShell

    from datalab_kernel.repairs.comms.manager import CommManager

# The names of xeus-python's module of comms; up to version 0.14 it has only the second.
PROVIDED = ("comm", ipykernel_modules.COMMS)

_lock = threading.Lock()
_make_manager: Callable[[], CommManager] | None = None
_manager: CommManager | None = None
_finished = False


def install(shell: XPythonShell) -> None:
    """Make the package `comm` available, and let it create comms of this kernel.

    Nothing is imported before `comm` is: a kernel without widgets does not need it.

    Raises:
        NotApplicable: If this xeus-python has other comms, if the kernel has no
            connection file, or if the package `comm` is not installed.
    """
    global _make_manager
    modules = [sys.modules.get(name) for name in PROVIDED]
    native = next(filter(_is_native, modules), None)
    if native is None:
        raise registry.NotApplicable("the module 'comm' is not xeus-python's")
    # Up to version 0.17, no event loop reads requests of the kernel to itself.
    link = loopback.install(shell) if cells.run_as_tasks(shell) else None
    if PathFinder.find_spec("comm") is None:
        raise registry.NotApplicable("the package 'comm' is not installed")

    def make_manager() -> CommManager:
        from datalab_kernel.repairs.comms.manager import CommManager

        return CommManager(shell, native, link)

    _make_manager = make_manager
    for name in PROVIDED:
        sys.modules.pop(name, None)
    ImportHook({"comm"}, set_hooks).install()
    ipykernel_modules.install(shell)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_leave_to_parent)


def _is_native(module: ModuleType | None) -> bool:
    return type(getattr(module, "Comm", None)).__module__ == sockets.NATIVE


def finish() -> None:
    """Send nothing from now on: the front end is no longer there."""
    global _finished
    _finished = True
    if _manager is not None:
        _manager.disconnect()


def _leave_to_parent() -> None:
    """Let a forked process send nothing, nor close the comms of its parent."""
    global _lock
    _lock = threading.Lock()  # a thread that the child lacks may hold the other one
    finish()


def set_hooks(comm: Any) -> None:
    """Make the package `comm` create comms of this kernel, as its README describes."""
    comm.create_comm = create_comm
    comm.get_comm_manager = get_comm_manager


def create_comm(*args: Any, **kwargs: Any) -> BaseComm:
    """Open a comm; the arguments are those of `comm.base_comm.BaseComm`."""
    from datalab_kernel.repairs.comms.manager import Comm

    return Comm(*args, **kwargs)


def get_comm_manager() -> CommManager:
    """Return the manager of all comms of the kernel."""
    global _manager
    with _lock:
        if _manager is None:
            assert _make_manager is not None
            _manager = _make_manager()
            if _finished:
                _manager.disconnect()
        return _manager
