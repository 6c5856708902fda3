"""Qt in the kernel's process: which binding, whether it can start, and its events.

IPython's rule chooses the binding: the one that is loaded already, then what the
variable `QT_API` names, then PyQt6, PySide6, PyQt5, PySide2.
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

# The values of QT_API, and the packages that they mean.
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
    "{gui} needs a Python binding of Qt, and this Python has none of {names} (with "
    "QtSvg and QtWidgets): pip install {first}"
)
UNKNOWN = "QT_API is {api!r}, which is no binding of Qt: set it to one of {known}"
OVERRULED = "{package} is used although {gui} was asked for: {reason}"
UNSOUND = (
    "this version of {package} would end the kernel before long: it does not count "
    "references right with this version of Python. Install another version of either"
)
NO_START = "Qt cannot start here, so {gui} is left off. {package} says:\n{reason}"

# Creates what the kernel would create, and leaves before anything is torn down.
PROBE = """
import os
from {package}.QtWidgets import QApplication
application = QApplication([])
os._exit(0)
"""
PATIENCE = 60.0  # with the probe, in seconds

# Values of QEvent.Type: integers to some bindings, an enumeration to others.
QUIT = 20
DEFERRED_DELETE = 52
# To tell whether references get lost.
CALLS = 100
# Where Qt cannot watch the selector itself, it looks at it this often, in seconds.
INTERVAL = 0.02
# Python code that runs before a callback does: this module's own, and what PySide6
# makes arguments with, which crashes if that fails.
NOT_CALLBACKS = (__name__, "enum")


class QtUnavailable(ImportError):  # noqa: N818  # as the built-in it stands for
    """Qt is not installed, or cannot start where the kernel runs."""


def start(gui: str) -> Qt:
    """Return Qt with its application, which is created if there is none.

    Args:
        gui: `qt`, `qt5` or `qt6`.

    Raises:
        QtUnavailable: If there is no binding, or no screen that Qt can use.
        ImportError: If the binding's own installation is broken.
    """
    _choose(gui)
    from IPython.external import qt_for_kernel

    _require_sound(qt_for_kernel.QtCore, PACKAGES[qt_for_kernel.QT_API])
    return Qt(qt_for_kernel.QtCore, _application(gui, qt_for_kernel))


class Qt:
    """The events of Qt, processed between those of the kernel."""

    def __init__(self, core: Any, application: Any) -> None:
        self.application = application  # ends when nothing refers to it
        self._core = core
        self._flags = core.QEventLoop.ProcessEventsFlag
        self._events = core.QEventLoop()
        self._timer = core.QTimer()
        self._timer.setSingleShot(True)
        self._timer.setTimerType(core.Qt.TimerType.PreciseTimer)
        self._notifier: Any = None
        application.aboutToQuit.connect(self._remain)

    @property
    def is_there(self) -> bool:
        """Whether the application exists; code of the user's may delete it."""
        return self._core.QCoreApplication.instance() is not None

    def watch(self, descriptor: int | None) -> None:
        """Name the descriptor that ends each `wait` when it can be read."""
        if descriptor is None:
            self._notifier = None
            return
        kind = self._core.QSocketNotifier.Type.Read
        self._notifier = self._core.QSocketNotifier(descriptor, kind)
        self._notifier.setEnabled(False)
        self._notifier.activated.connect(self._descriptor_is_ready)

    def wait(self, seconds: float | None) -> None:
        """Process what has happened; wait for something if nothing has.

        Args:
            seconds: How long to wait at most; None without end.
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
        # Qt leaves to a loop of its own what cells asked to be deleted later.
        self._core.QCoreApplication.sendPostedEvents(None, DEFERRED_DELETE)

    def _remain(self) -> None:
        # A loop that the user ran has ended, as when `plt.show(block=True)` was
        # interrupted. Told once more to quit, Qt would never run a dialog again.
        self._core.QCoreApplication.removePostedEvents(self.application, QUIT)

    def _descriptor_is_ready(self) -> None:
        # Nobody reads it while a dialog waits, which would be told for ever.
        self._notifier.setEnabled(False)


def runs_callback(frames: Iterable[FrameType]) -> bool:
    """Whether the innermost of frames was called by Qt, on behalf of `Qt.wait`."""
    return any(
        outer.f_back is not None
        and outer.f_back.f_code is Qt.wait.__code__
        and outer.f_globals["__name__"] not in NOT_CALLBACKS
        for outer in frames
    )


def report(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Print the error of a callback; PyQt ends the process if no hook does."""
    traceback.print_exception(kind, error, trace)


def _choose(gui: str) -> None:
    """Let `QT_API` name the binding, unless IPython's own choice is right.

    Raises:
        QtUnavailable: If the one that is asked for is not there.
    """
    from IPython.external import qt_loaders

    loaders: Any = qt_loaders
    importlib.invalidate_caches()  # it may have been installed by a cell
    wanted = os.environ.get(VARIABLE, "").lower()
    if wanted and wanted not in PACKAGES:
        raise QtUnavailable(UNKNOWN.format(api=wanted, known=", ".join(PACKAGES)))
    loaded = loaders.loaded_api()
    given = loaded or wanted
    if given and given not in BINDINGS[gui]:
        reason = "it is loaded already" if loaded else f"{VARIABLE} names it"
        warnings.warn(
            OVERRULED.format(gui=gui, reason=reason, package=PACKAGES[given]),
            stacklevel=2,
        )
    candidates = (given,) if given else BINDINGS[gui]
    found = [api for api in candidates if loaders.has_binding(api)]
    if not found:
        names = [PACKAGES[api] for api in candidates]
        raise QtUnavailable(
            MISSING.format(gui=gui, names=", ".join(names), first=names[0])
        )
    if given or gui != "qt":
        os.environ[VARIABLE] = found[0]


def _require_sound(core: Any, package: str) -> None:
    """Refuse a binding that ends the process after some thousand calls.

    PySide6 6.12.0 does before Python 3.12: it gives away references to None that it
    does not own.

    Raises:
        QtUnavailable: If this is one.
    """
    timer = core.QTimer()
    before = sys.getrefcount(None)
    for _ in range(CALLS):
        timer.stop()
    if before - sys.getrefcount(None) > CALLS // 2:
        raise QtUnavailable(UNSOUND.format(package=package))


def _application(gui: str, binding: Any) -> Any:
    core, widgets = binding.QtCore, binding.QtGui  # IPython puts the widgets there
    application = core.QCoreApplication.instance()
    if application is not None:
        return application
    package = PACKAGES[binding.QT_API]
    if sys.platform.startswith("linux"):
        _probe(gui, package)
    if core.qVersion().startswith("5."):  # since 6, Qt does so by itself
        core.QCoreApplication.setAttribute(
            core.Qt.ApplicationAttribute.AA_EnableHighDpiScaling
        )
    return widgets.QApplication(["datalab-kernel"])


def _probe(gui: str, package: str) -> None:
    """Let another process find out whether Qt starts, for it ends one where not.

    Raises:
        QtUnavailable: If it does not.
    """
    command = [sys.executable, "-c", PROBE.format(package=package)]
    try:
        done = subprocess.run(  # noqa: S603
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise QtUnavailable(
            NO_START.format(gui=gui, package=package, reason=error)
        ) from error
    if done.returncode:
        reason = done.stderr.strip() or f"exit code {done.returncode}"
        raise QtUnavailable(NO_START.format(gui=gui, package=package, reason=reason))
