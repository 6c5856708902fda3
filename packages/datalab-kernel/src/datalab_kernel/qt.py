"""Qt in the kernel's process: choose a binding, test whether it starts, process events.

The choice follows IPython's rule: the binding that is loaded, or else the one that the
variable `QT_API` names, or else the first of PyQt6, PySide6, PyQt5 and PySide2.

Upstream: docs/upstream/pyside_references.md
"""

from __future__ import annotations

import importlib.util
import math
import os
import subprocess
import sys
import traceback
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import FrameType, TracebackType

# The values of QT_API, and the packages for which they stand.
PACKAGES = {
    "pyqt6": "PyQt6",
    "pyside6": "PySide6",
    "pyqt5": "PyQt5",
    "pyside2": "PySide2",
}
BINDINGS = {
    "qt": tuple(PACKAGES),
    "qt5": ("pyqt5", "pyside2"),
    "qt6": ("pyqt6", "pyside6"),
}
VARIABLE = "QT_API"

MISSING = (
    "{gui} needs a Python binding of Qt with QtSvg and QtWidgets, but this Python has "
    "no {names}: pip install {first}"
)
UNKNOWN = "QT_API is {api!r}, which is not a binding of Qt: set it to one of {known}"
OVERRULED = "{package} is used although {gui} was requested: {reason}"
MISCOUNTS = (
    "this version of {package} would soon end the kernel, because it counts references "
    "wrongly with this version of Python: install another version of one of them"
)
NO_START = "Qt cannot start here, so {gui} stays off. {package} reports:\n{reason}"

# This script creates the application as the kernel would, and ends without teardown.
PROBE = """
import os
from {package}.QtWidgets import QApplication
application = QApplication([])
os._exit(0)
"""
TIMEOUT = 60.0  # of the probe, in seconds

# Values of QEvent.Type, which are integers in some bindings and an enumeration in
# others.
QUIT = 20
DEFERRED_DELETE = 52
# The number of calls with which lost references are detected.
CALLS = 100
# If Qt cannot watch the selector, the kernel polls it at this interval, in seconds.
INTERVAL = 0.02
# The modules whose code runs before that of a callback: this one, and the one with
# which PySide6 creates arguments, which crashes if it is interrupted.
NOT_CALLBACKS = (__name__, "enum")


class QtUnavailable(ImportError):  # noqa: N818  # named for a state, like StopIteration
    """Qt is not installed, or cannot start where the kernel runs."""


def start(gui: str) -> Qt:
    """Return Qt with its application, which is created if it does not exist.

    Args:
        gui: `qt`, `qt5` or `qt6`.

    Raises:
        QtUnavailable: If no binding is installed, or Qt has no screen that it can use.
        ImportError: If the installation of the binding is broken.
    """
    _choose(gui)
    from IPython.external import qt_for_kernel

    _require_correct_refcounts(qt_for_kernel.QtCore, PACKAGES[qt_for_kernel.QT_API])
    return Qt(qt_for_kernel.QtCore, _application(gui, qt_for_kernel))


class Qt:
    """The events of Qt, processed between those of the kernel."""

    def __init__(self, core: Any, application: Any) -> None:
        self.application = application  # it ends when nothing refers to it
        self._core = core
        self._flags = core.QEventLoop.ProcessEventsFlag
        self._events = core.QEventLoop()
        self._timer = core.QTimer()
        self._timer.setSingleShot(True)
        self._timer.setTimerType(core.Qt.TimerType.PreciseTimer)
        self._notifier: Any = None
        application.aboutToQuit.connect(self._ignore_quit)

    @property
    def has_application(self) -> bool:
        """Whether the application exists; user code may delete it."""
        return self._core.QCoreApplication.instance() is not None

    def watch(self, descriptor: int | None) -> None:
        """Set the descriptor that ends each `wait` when it can be read."""
        if descriptor is None:
            self._notifier = None
            return
        kind = self._core.QSocketNotifier.Type.Read
        self._notifier = self._core.QSocketNotifier(descriptor, kind)
        self._notifier.setEnabled(False)
        self._notifier.activated.connect(self._descriptor_is_ready)

    def wait(self, seconds: float | None) -> None:
        """Process the pending events; wait for one if there is none.

        Args:
            seconds: The longest time to wait; None for no limit.
        """
        if self._notifier is None:
            seconds = INTERVAL if seconds is None else min(seconds, INTERVAL)
        if seconds == 0:
            self._events.processEvents(self._flags.AllEvents)
        else:
            if self._notifier is not None:
                self._notifier.setEnabled(True)
            if seconds is not None:
                self._timer.start(math.ceil(seconds * 1000))
            self._events.processEvents(self._flags.WaitForMoreEvents)
            self._timer.stop()
            if self._notifier is not None:
                self._notifier.setEnabled(False)
        # Qt itself deletes objects with a pending `deleteLater()` only in a loop that
        # it runs on its own.
        self._core.QCoreApplication.sendPostedEvents(None, DEFERRED_DELETE)

    def _ignore_quit(self) -> None:
        # The user's own loop has ended, for example because `plt.show(block=True)` was
        # interrupted. If a second request to quit stayed in Qt's queue, Qt could not
        # run a dialog again.
        self._core.QCoreApplication.removePostedEvents(self.application, QUIT)

    def _descriptor_is_ready(self) -> None:
        # While a dialog is open, the descriptor is not read, and Qt would report it
        # again and again.
        self._notifier.setEnabled(False)


def runs_callback(frames: Iterable[FrameType]) -> bool:
    """Return whether these frames include a callback that Qt called in `Qt.wait`."""
    return any(
        outer.f_back is not None
        and outer.f_back.f_code is Qt.wait.__code__
        and outer.f_globals["__name__"] not in NOT_CALLBACKS
        for outer in frames
    )


def report(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Print the error of a callback; without such a hook, PyQt ends the process."""
    traceback.print_exception(kind, error, trace)


def _choose(gui: str) -> None:
    """Set `QT_API` to the binding to use, unless IPython itself chooses it.

    Raises:
        QtUnavailable: If the requested binding is not installed.
    """
    from IPython.external import qt_loaders

    loaders: Any = qt_loaders
    importlib.invalidate_caches()  # a cell may have installed it
    wanted = os.environ.get(VARIABLE, "").lower()
    if wanted and wanted not in PACKAGES:
        raise QtUnavailable(UNKNOWN.format(api=wanted, known=", ".join(PACKAGES)))
    loaded = loaders.loaded_api()
    given = loaded or wanted
    if given and given not in BINDINGS[gui]:
        reason = "it is already loaded" if loaded else f"{VARIABLE} names it"
        warnings.warn(
            OVERRULED.format(gui=gui, reason=reason, package=PACKAGES[given]),
            stacklevel=2,
        )
    candidates = (given,) if given else BINDINGS[gui]
    found = [api for api in candidates if loaders.has_binding(api)]
    if not found:
        names = [PACKAGES[api] for api in candidates]
        raise QtUnavailable(
            MISSING.format(gui=gui, names=" or ".join(names), first=names[0])
        )
    if given or gui != "qt":
        os.environ[VARIABLE] = found[0]


def _require_correct_refcounts(core: Any, package: str) -> None:
    """Reject a binding that would end the process after some thousand calls.

    With Python 3.11 and earlier, PySide6 6.12.0 releases references to None that it
    does not own. When none is left, the process ends.

    Raises:
        QtUnavailable: If the binding has this defect.
    """
    timer = core.QTimer()
    before = sys.getrefcount(None)
    for _ in range(CALLS):
        timer.stop()
    if before - sys.getrefcount(None) > CALLS // 2:
        raise QtUnavailable(MISCOUNTS.format(package=package))


def _application(gui: str, binding: Any) -> Any:
    core, widgets = binding.QtCore, binding.QtGui  # IPython adds the widgets to it
    application = core.QCoreApplication.instance()
    if application is not None:
        return application
    package = PACKAGES[binding.QT_API]
    if sys.platform.startswith("linux"):
        _probe(gui, package)
    if core.qVersion().startswith("5."):  # Qt 6 does so by default
        core.QCoreApplication.setAttribute(
            core.Qt.ApplicationAttribute.AA_EnableHighDpiScaling
        )
    return widgets.QApplication(["datalab-kernel"])


def _probe(gui: str, package: str) -> None:
    """Test whether Qt starts, in another process, because Qt ends it on failure.

    Raises:
        QtUnavailable: If Qt does not start.
    """
    command = [sys.executable, "-c", PROBE.format(package=package)]
    try:
        done = subprocess.run(  # noqa: S603
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise QtUnavailable(
            NO_START.format(gui=gui, package=package, reason=error)
        ) from error
    if done.returncode:
        reason = done.stderr.strip() or f"exit code {done.returncode}"
        raise QtUnavailable(NO_START.format(gui=gui, package=package, reason=reason))
