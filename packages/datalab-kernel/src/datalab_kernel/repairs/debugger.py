"""The front end's debugger: it shows variables, and its requests are always answered.

Without this module, xeus-python has these defects:

* It looks for the representation of a variable in the launcher's module, but has stored
  it elsewhere. The front end gets no answer.
* It blocks the control channel until debugpy answers. After an interrupt no thread is
  stopped, and debugpy never answers a request to continue. The debugger then hangs, and
  the kernel cannot shut down in order.
* Often a debugger that was switched off cannot be switched on again (see
  `debug_adapter`).
* With Python 3.12 and later, debugpy stops the thread that sends the answers together
  with the user's threads.
* A breakpoint in a cell that begins with empty lines is not hit, because IPython
  removes these lines and thereby changes the numbers of the others.

The debugger does not list proxies of modules that are not imported yet, because listing
a proxy would import the module. After the debugger has been switched off, cells run
without tracing.

Upstream: docs/upstream/debugger.md, docs/upstream/breakpoints.md,
https://github.com/jupyter-xeus/xeus-python/issues/665
"""

from __future__ import annotations

import itertools
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from datalab_kernel.xeus.registry import NotApplicable, mark_inactive
from datalab_kernel_core.imports import ImportHook
from datalab_kernel_core.lazy import is_unused

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from xeus_python_shell.shell import XPythonShell

# The module that xeus-python imports when the debugger is first started, after debugpy.
MODULE = "xeus_python_shell.debugger"
DEBUGPY = "debugpy.server.api"
ADAPTER = Path(__file__).with_name("debug_adapter") / "__main__.py"
# The suffixes that xeus-python gives to the two parts of a representation.
DATA, METADATA = "_repr_data", "_repr_metada"
# The file name of the code that xeus-python runs to format a variable, and the names in
# that code before the variable's name.
CODE = "<string>"
CALL = ("get_ipython", "display_formatter", "format")
PACKAGE = Path(__file__).parents[1]


def install(shell: XPythonShell) -> None:
    """Repair debugpy's part in the kernel when it is imported."""
    inspection = Inspection(shell, _launcher(shell))
    shell.events.register("pre_execute", inspection.remove_leftovers)
    ImportHook({MODULE}, lambda _module: _repair(shell)).install()
    ImportHook({DEBUGPY}, _replace_adapter).install()


def _launcher(shell: XPythonShell) -> dict[str, Any]:
    """Return the namespace of the process's first module.

    IPython has replaced that module in `sys.modules`. In the program `xpython`, it is
    an empty module, and no code of it runs.
    """
    module: ModuleType | None = getattr(shell, "_orig_sys_modules_main_mod", None)
    if module is None:
        raise NotApplicable("IPython does not know the first module of the process")
    return vars(module)


def _replace_adapter(debugpy: Any) -> None:
    """Make debugpy start its adapter from our folder."""
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
        mark_inactive(__name__.rpartition(".")[2], str(error))
        return
    for owner, name, function in changed:
        setattr(owner, name, function)
    # This package then counts as a library, even in an editable installation: no step
    # ends in it.
    files.set_library_roots(libraries)
    _keep_empty_lines(shell)
    tracing = Tracing()
    shell.events.register("pre_execute", tracing.update)
    shell.events.register("post_execute", tracing.end_step)


def _wait(wait_suspended: Callable[..., Any]) -> Callable[..., Any]:
    """Return the repaired form of debugpy's method in which a stopped thread waits."""
    from _pydevd_bundle.pydevd_additional_thread_info import set_additional_thread_info
    from _pydevd_bundle.pydevd_thread_lifecycle import (
        internal_run_thread,
        resume_threads,
    )

    # xeus-python's thread of the control channel, which calls this function.
    answering = threading.get_ident()

    def wait(self: Any, thread: threading.Thread, *args: Any, **options: Any) -> Any:
        if threading.get_ident() == answering:
            internal_run_thread(thread, set_additional_thread_info)
            return None
        try:
            return wait_suspended(self, thread, *args, **options)
        except KeyboardInterrupt:
            # Otherwise, the next event would suspend the thread again without an
            # announcement.
            resume_threads("*")
            raise

    return wait


def _call_when_resumed(add: Callable[..., Any]) -> Callable[..., Any]:
    """Return the repaired form of debugpy's method that confirms a continue request.

    It confirms the request at once if no thread is stopped.
    """

    def add_on_resumed_callback(self: Any, callback: Callable[[], Any]) -> None:
        if self._suspended_thread_id_to_thread:
            add(self, callback)
        else:
            callback()

    return add_on_resumed_callback


def _without_stand_ins(group_entries: Callable[..., Any]) -> Callable[..., Any]:
    """Return the repaired form of debugpy's method that lists a frame's variables."""

    def group(self: Any, entries: list[Any], **options: Any) -> Any:
        shown = [entry for entry in entries if not is_unused(entry[1])]
        return group_entries(self, shown, **options)

    return group


def _keep_empty_lines(shell: XPythonShell) -> None:
    """Keep the numbers of a cell's lines while a front end debugs.

    The empty lines are added after IPython has transformed the cell. If IPython itself
    kept them, it would not recognise a magic that stands below them.
    """
    import debugpy  # noqa: T100

    transform = shell.input_transformer_manager.transform_cell

    def transform_cell(cell: str) -> str:
        transformed: str = transform(cell)
        if not debugpy.is_client_connected():
            return transformed
        return "\n" * (_empty_lines(cell) - _empty_lines(transformed)) + transformed

    shell.input_transformer_manager.transform_cell = transform_cell


def _empty_lines(cell: str) -> int:
    """Return the number of empty lines at the beginning of a cell."""
    return sum(1 for _line in itertools.takewhile(str.isspace, cell.splitlines(True)))


def _exempt(thread: threading.Thread) -> None:
    """Prevent debugpy from stopping a thread together with those of the user."""
    for name in ("pydev_do_not_trace", "is_pydev_daemon_thread"):
        setattr(thread, name, True)


def _is_of_kernel(thread: threading.Thread) -> bool:
    module = getattr(getattr(thread, "_target", None), "__module__", "")
    return str(module).startswith(f"{PACKAGE.name}.")


class Inspection:
    """The hook that stores a variable's representation where xeus-python expects it.

    xeus-python runs code that formats the variable, in the notebook's namespace or,
    while a thread is stopped, in the namespace of the frame. With Python 3.12 and later
    it crashes before that if the name has more than one letter, because it creates a
    string without holding the interpreter's lock.

    Args:
        shell: The shell.
        launcher: The namespace in which xeus-python looks for the representation. It
            is the namespace of the process's first module.
    """

    def __init__(self, shell: XPythonShell, launcher: dict[str, Any]) -> None:
        self._shell = shell
        self._launcher = launcher
        self._format = shell.display_formatter.format
        self._leftovers: set[str] = set()
        shell.display_formatter.format = self.format

    def format(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        """Format a value as the notebook does; keep it if xeus-python asked."""
        shown = self._format(value, *args, **kwargs)
        code = sys._getframe(1).f_code  # noqa: SLF001
        if code.co_filename == CODE:
            names = [name for name in code.co_names if name != "IPython"]
            if (*names[:3],) == CALL and names[3:]:
                parts = names[3] + DATA, names[3] + METADATA
                self._launcher.update(zip(parts, shown, strict=True))
                self._leftovers.update(parts)
        return shown

    def remove_leftovers(self) -> None:
        """Remove the names that xeus-python has left in the notebook's namespace."""
        while self._leftovers:
            self._shell.user_ns.pop(self._leftovers.pop(), None)


class Tracing:
    """The tracing of the cells' thread, which is on only while a front end debugs."""

    def __init__(self) -> None:
        self._traced = True
        self._breakpoint = sys.breakpointhook

    def update(self) -> None:
        """Start or stop tracing before a cell runs."""
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
            # With Python 3.12 and later, debugpy's events slow down every thread.
            from _pydevd_sys_monitoring import pydevd_sys_monitoring as events

            change = events.start_monitoring if wanted else events.stop_monitoring
            change(all_threads=True)
        # This is repeated for each cell, because an interrupt in the debugger ends
        # tracing.
        debugpy.trace_this_thread(wanted)

    def end_step(self) -> None:
        """End a step at the end of a cell, not in the next cell."""
        from _pydevd_bundle.pydevd_thread_lifecycle import resume_threads
        from pydevd import get_current_thread_id, threadingCurrentThread

        if self._traced:
            resume_threads(get_current_thread_id(threadingCurrentThread()))
