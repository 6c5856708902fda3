"""Windows stay responsive between cells: `%gui qt` and `%matplotlib qt`.

xeus-python accepts both and does nothing, so a window is never drawn. With this module,
Qt does the waiting of the event loop that runs the kernel: Qt processes its own events
until a message or a timer of the loop is due, so neither has to poll the other.

While a cell computes without awaiting, and while a modal dialog is open, the other side
stops, as in every kernel with one thread.

Upstream: docs/upstream/eventloop.md
"""

from __future__ import annotations

import asyncio
import contextvars
import sys
import warnings
from typing import TYPE_CHECKING, Any

from datalab_kernel import qt
from datalab_kernel.xeus import cells
from datalab_kernel.xeus.registry import NotApplicable

if TYPE_CHECKING:
    from xeus_python_shell.shell import XPythonShell

OFF = ("none", "asyncio")  # asyncio's loop always runs
SUPPORTED = "qt, qt5, qt6, asyncio (which always runs) and none"
# The other toolkits of IPython and matplotlib.
OTHERS = (
    "glut",
    "gtk",
    "gtk2",
    "gtk3",
    "gtk4",
    "macosx",
    "osx",
    "pyglet",
    "tk",
    "wx",
)
NOT_LIVE = (
    "windows of {gui!r} do not respond between cells: this kernel supports " + SUPPORTED
)
# The name that Matplotlib has for `%matplotlib notebook`.
CLASSIC = "nbagg"
NOT_SHOWN = (
    "figures of '%matplotlib notebook' and '%matplotlib nbagg' need the classic "
    "Notebook, version 6 or earlier: use '%matplotlib widget'"
)
UNSUPPORTED = "{gui!r} is not supported by this kernel: it supports " + SUPPORTED


def install(shell: XPythonShell) -> None:
    """Let the shell keep windows of Qt responsive when that is requested."""
    if not cells.run_as_tasks(shell):
        raise NotApplicable("this xeus-python does not run an event loop between cells")
    integration = Integration(shell)
    enable_matplotlib = shell.enable_matplotlib

    def enable_backend(gui: str | None = None) -> Any:
        # Before matplotlib does: it would choose a Qt that cannot start, which ends the
        # kernel at the first figure.
        name = (gui or "").lower()
        if name.startswith("qt"):
            integration.enable(name[:3] if name[:3] in qt.BINDINGS else "qt")
        return enable_matplotlib(gui)

    shell.enable_gui = integration.enable
    shell.enable_matplotlib = enable_backend
    shell.register_magic_function(integration.magic, "line", "gui")
    # While a cell runs, IPython replaces `sys.excepthook` by the shell's attribute.
    shell.excepthook = sys.excepthook = qt.report


class Integration:
    """The switch that turns Qt's event loop on and off."""

    def __init__(self, shell: XPythonShell) -> None:
        self._shell = shell
        self._qt: qt.Qt | None = None
        self._waiting: Waiting | None = None

    def magic(self, line: str) -> None:
        """Keep windows responsive between cells, and while a cell awaits.

        %gui qt     use the binding that is loaded, named by QT_API or installed
        %gui qt6    use PyQt6 or PySide6
        %gui qt5    use PyQt5 or PySide2
        %gui        stop; also %gui none

        The application exists from then on and its event loop runs: do not start it.

        Raises:
            UsageError: If that is not possible, with the reason.
        """
        from IPython.core.error import UsageError

        name = line.strip()
        if name.lower() in {*OTHERS, CLASSIC}:
            raise UsageError(UNSUPPORTED.format(gui=name))
        try:
            self.enable(name)
        except (ImportError, ValueError) as error:
            raise UsageError(str(error)) from error

    def enable(self, gui: str | None = None) -> None:
        """Keep the windows of a toolkit responsive.

        A toolkit that IPython knows and this kernel does not support causes a warning
        only: matplotlib, which names the toolkit of its backend, can show windows while
        a cell waits for them.

        Raises:
            ValueError: If there is no such toolkit.
            ImportError: If Qt is not installed or cannot start.
        """
        name = (gui or "none").lower()
        if name in qt.BINDINGS:
            self._enable(name)
        elif name in OFF:
            self._disable()
        elif name in OTHERS:
            _warn(NOT_LIVE.format(gui=gui))
        elif name == CLASSIC:
            _warn(NOT_SHOWN)
        else:
            raise ValueError(UNSUPPORTED.format(gui=gui))

    def _enable(self, name: str) -> None:
        events = qt.start(name)
        self._disable()
        self._qt = events
        self._shell.active_eventloop = name
        self._shell.events.register("pre_run_cell", self._begin)
        self._begin()

    def _disable(self) -> None:
        if self._qt is not None:
            self._shell.events.unregister("pre_run_cell", self._begin)
        if self._waiting is not None:
            self._waiting.end()
        self._qt = self._waiting = self._shell.active_eventloop = None

    def _begin(self, *_: object) -> None:
        """Wait with Qt, and process its events for the cell that begins."""
        loop: Any = asyncio._get_running_loop()  # noqa: SLF001
        if loop is None:
            return  # the kernel is starting, and the user's configuration asks for Qt
        if self._waiting is None and self._qt is not None:
            self._waiting = Waiting(loop._selector, self._qt)  # noqa: SLF001
        if self._waiting is not None:
            self._waiting.context = contextvars.copy_context()


def _warn(text: str) -> None:
    # Not for the caller's line: matplotlib and IPython both call for one `%matplotlib`.
    warnings.warn(text, stacklevel=1)


class Waiting:
    """A replacement for a selector's `select`, in which Qt waits for events."""

    def __init__(self, selector: Any, events: qt.Qt) -> None:
        self.context = contextvars.Context()  # of the cell that output belongs to
        self._selector = selector
        self._select = selector.select
        self._events = events
        # On other systems there is no descriptor, or Qt is not known to watch it.
        events.watch(selector.fileno() if sys.platform == "linux" else None)
        selector.select = self

    def __call__(self, timeout: float | None = None) -> Any:
        """Process Qt's events, and return the ready descriptors, as `select` does.

        It returns after each of Qt's callbacks, because a callback may have scheduled
        work in the kernel's loop.
        """
        if not self._events.has_application:
            return self._select(timeout)
        ready = self._select(0)
        seconds = 0 if ready or (timeout is not None and timeout <= 0) else timeout
        try:
            # A copy, because a callback may run a loop of its own.
            self.context.copy().run(self._events.wait, seconds)
        except BaseException as error:  # noqa: BLE001  # must not end the kernel's loop
            sys.excepthook(type(error), error, error.__traceback__)
        return ready or self._select(0)

    def end(self) -> None:
        """Let the selector do its own waiting again."""
        del self._selector.select
        self._events.watch(None)
