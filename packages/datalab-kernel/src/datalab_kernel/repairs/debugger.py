"""The debugger of the front end: what it shows, and that it always answers.

xeus-python looks in its launcher's module for what a variable looks like in a notebook,
where it never put it, and answers nothing. It blocks the control channel until debugpy
answers, which never comes for going on where nothing is stopped any more, after an
interrupt: the debugger is lost then, and the orderly end of the kernel. Once switched
off, it often cannot be switched on again (see `debug_adapter`). With Python 3.12 and
later debugpy stops the thread that answers, together with those of the user.

Names that wait to be imported are not listed, which would import them. Nothing is
traced any more when the debugger has been switched off.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from datalab_kernel.xeus.registry import NotApplicable, stand_aside
from datalab_kernel_core.imports import ImportHook
from datalab_kernel_core.lazy import is_unused

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from xeus_python_shell.shell import XPythonShell

# xeus-python imports it when the debugger is first started, behind debugpy.
MODULE = "xeus_python_shell.debugger"
DEBUGPY = "debugpy.server.api"
ADAPTER = Path(__file__).with_name("debug_adapter") / "__main__.py"
# How xeus-python names the two parts of a variable as a notebook shows it.
DATA, METADATA = "_repr_data", "_repr_metada"
# The file of its code that formats a variable, and the names in it before that of the
# variable.
CODE = "<string>"
CALL = ("get_ipython", "display_formatter", "format")
PACKAGE = Path(__file__).parents[1]


def install(shell: XPythonShell) -> None:
    """Repair debugpy's part in the kernel, once it is imported."""
    inspection = Inspection(shell, _launcher())
    shell.events.register("pre_execute", inspection.tidy)
    ImportHook({MODULE}, lambda _module: _repair(shell)).install()
    ImportHook({DEBUGPY}, _replace_adapter).install()


def _launcher() -> dict[str, Any]:
    """Return the namespace of the process's first module.

    IPython has put another in its place among the imported modules.
    """
    frame: FrameType | None = sys._getframe()  # noqa: SLF001
    while frame is not None:
        if frame.f_globals.get("__name__") == "__main__":
            return frame.f_globals
        frame = frame.f_back
    raise NotApplicable("the kernel was not started by a program's first module")


def _replace_adapter(debugpy: Any) -> None:
    """Have debugpy start its adapter from a folder of ours."""
    if hasattr(debugpy, "adapter"):
        debugpy.adapter = SimpleNamespace(__file__=str(ADAPTER))


def _repair(shell: XPythonShell) -> None:
    try:
        import pydevd
        from _pydevd_bundle.pydevd_suspended_frames import _FrameVariable

        files = pydevd.get_global_debugger()._files_filtering  # noqa: SLF001
        libraries = [*files._get_library_roots(), str(PACKAGE)]  # noqa: SLF001
        suspended = pydevd.ThreadsSuspendedSingleNotification
        changed = (
            (pydevd.PyDB, "do_wait_suspend", _wait(pydevd.PyDB.do_wait_suspend)),
            (
                suspended,
                "add_on_resumed_callback",
                _call_when_resumed(suspended.add_on_resumed_callback),
            ),
            (
                _FrameVariable,
                "_group_entries",
                _without_stand_ins(_FrameVariable._group_entries),  # noqa: SLF001
            ),
        )
    except (AttributeError, ImportError) as error:
        stand_aside(__name__.rpartition(".")[2], str(error))
        return
    for owner, name, function in changed:
        setattr(owner, name, function)
    # As for an installation that is not editable: no step ends in this package.
    files.set_library_roots(libraries)
    tracing = Tracing()
    shell.events.register("pre_execute", tracing.follow)
    shell.events.register("post_execute", tracing.end_step)


def _wait(wait_suspended: Callable[..., Any]) -> Callable[..., Any]:
    """Return debugpy's method in which a stopped thread waits, repaired."""
    from _pydevd_bundle.pydevd_additional_thread_info import set_additional_thread_info
    from _pydevd_bundle.pydevd_thread_lifecycle import (
        internal_run_thread,
        resume_threads,
    )

    # xeus-python's thread of the control channel, where this is called.
    answering = threading.get_ident()

    def wait(self: Any, thread: threading.Thread, *args: Any, **options: Any) -> Any:
        if threading.get_ident() == answering:
            internal_run_thread(thread, set_additional_thread_info)
            return None
        try:
            return wait_suspended(self, thread, *args, **options)
        except KeyboardInterrupt:
            # Or the next event would suspend the thread again, unannounced.
            resume_threads("*")
            raise

    return wait


def _call_when_resumed(add: Callable[..., Any]) -> Callable[..., Any]:
    """Return debugpy's method that answers a request to go on, once that is done."""

    def add_on_resumed_callback(self: Any, callback: Callable[[], Any]) -> None:
        if self._suspended_thread_id_to_thread:
            add(self, callback)
        else:
            callback()

    return add_on_resumed_callback


def _without_stand_ins(group_entries: Callable[..., Any]) -> Callable[..., Any]:
    """Return debugpy's method that lists the variables of a frame, repaired."""

    def group(self: Any, entries: list[Any], **options: Any) -> Any:
        shown = [entry for entry in entries if not is_unused(entry[1])]
        return group_entries(self, shown, **options)

    return group


def _exempt(thread: threading.Thread) -> None:
    """Keep debugpy from stopping a thread together with those of the user."""
    for name in ("pydev_do_not_trace", "is_pydev_daemon_thread"):
        setattr(thread, name, True)


def _is_of_kernel(thread: threading.Thread) -> bool:
    module = getattr(getattr(thread, "_target", None), "__module__", "")
    return str(module).startswith(f"{PACKAGE.name}.")


class Inspection:
    """Puts what a variable looks like in a notebook where xeus-python looks for it.

    xeus-python has the variable formatted by code of its own, in the notebook's
    namespace or, while a thread is stopped, in that of the frame. With Python 3.12 and
    later it crashes before, where a name has more than one letter: it makes a string
    without the interpreter's lock.

    Args:
        shell: The shell.
        launcher: Where xeus-python looks: the namespace of the process's first module.
    """

    def __init__(self, shell: XPythonShell, launcher: dict[str, Any]) -> None:
        self._shell = shell
        self._launcher = launcher
        self._format = shell.display_formatter.format
        self._left: set[str] = set()
        shell.display_formatter.format = self.format

    def format(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        """Format a value as the notebook does; tell xeus-python if it has asked."""
        shown = self._format(value, *args, **kwargs)
        code = sys._getframe(1).f_code  # noqa: SLF001
        if code.co_filename == CODE:
            names = [name for name in code.co_names if name != "IPython"]
            if (*names[:3],) == CALL and names[3:]:
                parts = names[3] + DATA, names[3] + METADATA
                self._launcher.update(zip(parts, shown, strict=True))
                self._left.update(parts)
        return shown

    def tidy(self) -> None:
        """Remove what xeus-python has left in the notebook's namespace."""
        while self._left:
            self._shell.user_ns.pop(self._left.pop(), None)


class Tracing:
    """Traces the thread of the cells while a front end debugs, and only then."""

    def __init__(self) -> None:
        self._traced = True
        self._breakpoint = sys.breakpointhook

    def follow(self) -> None:
        """Start or stop tracing, before a cell is run."""
        import debugpy  # noqa: T100

        for thread in filter(_is_of_kernel, threading.enumerate()):
            _exempt(thread)
        attached = debugpy.is_client_connected()
        if attached or self._traced:
            self._trace(attached)
        self._traced = attached
        sys.breakpointhook = self._breakpoint if attached else sys.__breakpointhook__

    def _trace(self, wanted: bool) -> None:
        import debugpy  # noqa: T100

        if hasattr(sys, "monitoring"):
            # Python 3.12 and later: debugpy's events cost time in every thread.
            from _pydevd_sys_monitoring import pydevd_sys_monitoring as events

            change = events.start_monitoring if wanted else events.stop_monitoring
            change(all_threads=True)
        # Again for each cell: an interrupt in the debugger ends it.
        debugpy.trace_this_thread(wanted)

    def end_step(self) -> None:
        """Let a step off the end of a cell end there, not in the next cell."""
        from _pydevd_bundle.pydevd_thread_lifecycle import resume_threads
        from pydevd import get_current_thread_id, threadingCurrentThread

        if self._traced:
            resume_threads(get_current_thread_id(threadingCurrentThread()))
