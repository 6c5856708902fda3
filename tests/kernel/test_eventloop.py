"""Windows of Qt live beside the cells. They are shown on a screen in memory."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import psutil
import pytest

from datalab_kernel import kernelspec, qt
from datalab_kernel.repairs import eventloop
from datalab_kernel.xeus.registry import NotApplicable
from support.environments import SOURCES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

REQUIREMENTS = Path(__file__).parent / "qt.txt"
INSTALLED = ("pyqt5", "pyside6")

# Whichever binding it is.
USE_QT = """
import asyncio
from IPython.external.qt_for_kernel import QtCore, QtGui as QtWidgets, QT_API
later = QtCore.QTimer.singleShot
def run(dialog):
    return dialog.exec() if hasattr(dialog, "exec") else dialog.exec_()
"""
WINDOW = "window = QtWidgets.QLabel('open'); window.show()"
FOR_EVER = """
def never_ends(*_):
    print('running')
    while True:
        pass
"""
DIALOG = "dialog = QtWidgets.QDialog(); later(50, dialog.accept); print(run(dialog))"


@pytest.fixture(scope="session")
def python_of_qt(
    python_of: Callable[[Path], Path],
    requirement: Callable[[object, str], None],
    system_packages_hint: str,
) -> Path:
    """The interpreter of an environment with Qt, in which it starts."""
    python = python_of(REQUIREMENTS)
    for api in INSTALLED:
        probe = subprocess.run(
            [python, "-c", qt.PROBE.format(package=qt.PACKAGES[api])],
            env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
            capture_output=True,
            text=True,
            timeout=60,
        )
        requirement(probe.returncode == 0, f"{system_packages_hint} ({probe.stderr})")
    return python


@pytest.fixture(scope="session")
def start_with_qt(
    python_of_qt: Path, jupyter_data: Path, running: Callable
) -> Callable[..., AbstractContextManager]:
    """Start this kernel or the stock one where Qt is, without a screen.

    Variables may be added.
    """
    command = kernelspec.make_kernel_cmd(str(python_of_qt))
    for name, module in (("ours", command[2]), ("stock", "xpython_launcher")):
        spec = {
            "argv": [*command[:2], module, *command[3:]],
            "display_name": name,
            "language": "python",
        }
        directory = jupyter_data / "kernels" / f"{name}-with-qt"
        directory.mkdir(parents=True)
        (directory / "kernel.json").write_text(json.dumps(spec), "utf-8")

    def start(name: str = "ours", **variables: str) -> AbstractContextManager:
        own = {
            "DATALAB_KERNEL_WARMUP": "0",  # what else takes time is measured here
            "PYTHONPATH": SOURCES,
            "QT_QPA_PLATFORM": "offscreen",
        }
        return running(f"{name}-with-qt", **(own | variables))

    return start


@pytest.fixture(scope="module", params=INSTALLED)
def gui(request: pytest.FixtureRequest, start_with_qt: Callable) -> Iterator:
    """A kernel in which `%gui qt` was run, with each of the bindings."""
    with start_with_qt(QT_API=request.param) as kernel:
        done(kernel, "%gui qt")
        done(kernel, USE_QT)
        assert kernel.value("QT_API") == repr(request.param)
        yield kernel


def done(kernel, code: str):
    """Run a cell that is expected to succeed."""
    cell = kernel.run(code)
    assert cell.status == "ok", cell.error
    return cell


def shows(kernel, code: str, text: str):
    """Run a cell, and wait until it, or a callback after it, has shown a text.

    What belongs to another cell is not seen.
    """
    cell = kernel.submit(code)
    appears(kernel, cell, text)
    return kernel.finish(cell)


def appears(kernel, cell, text: str) -> None:
    kernel._collect(cell, lambda: text in cell.stdout + cell.stderr)


def test_the_stock_kernel_still_does_nothing_for_windows(
    start_with_qt: Callable,
) -> None:
    """The defect that `repairs.eventloop` cures; when this fails, drop it."""
    with start_with_qt("stock") as stock:
        done(stock, f"%gui qt\n{USE_QT}\napplication = QtWidgets.QApplication([])")
        done(stock, "fired = []; later(0, lambda: fired.append(1))")
        done(stock, "await asyncio.sleep(0.3)")

        assert stock.value("fired") == "[]"


class TestLiveWindows:
    def test_a_window_is_painted_between_cells(self, gui) -> None:
        shows(
            gui,
            "class Window(QtWidgets.QWidget):\n"
            "    def paintEvent(self, event):\n"
            "        print('painted')\n"
            "window = Window(); window.show()",
            "painted",
        )

        shows(gui, "window.update()", "painted")

    def test_timers_go_on_between_cells(self, gui) -> None:
        shows(
            gui,
            "ticks = []; timer = QtCore.QTimer()\n"
            "def tick():\n"
            "    ticks.append(1)\n"
            "    if len(ticks) == 20:\n"
            "        timer.stop(); print('twenty')\n"
            "timer.timeout.connect(tick); timer.start(5)",
            "twenty",
        )

        assert gui.value("len(ticks)") == "20"

    def test_what_a_callback_prints_belongs_to_the_cell_that_ran_last(
        self, gui
    ) -> None:
        gui.run("later(300, lambda: print('late'))")

        shows(gui, "x = 1", "late")

    def test_a_cell_that_awaits_gets_what_a_callback_sends(self, gui) -> None:
        cell = done(
            gui,
            "future = asyncio.get_running_loop().create_future()\n"
            "later(50, lambda: future.set_result(42))\n"
            "print(await asyncio.wait_for(future, 20))",
        )

        assert cell.stdout == "42\n"

    def test_a_callback_may_start_a_task(self, gui) -> None:
        shows(
            gui,
            "async def task():\n"
            "    await asyncio.sleep(0.01)\n"
            "    print('from the task')\n"
            "def begin():\n"
            "    global kept; kept = asyncio.get_running_loop().create_task(task())\n"
            "later(20, begin)",
            "from the task",
        )

    def test_threads_go_on_while_the_kernel_waits(self, gui) -> None:
        shows(
            gui,
            "import threading, time\n"
            "def count():\n"
            "    for _ in range(20):\n"
            "        time.sleep(0.005)\n"
            "    print('counted')\n"
            "threading.Thread(target=count).start()",
            "counted",
        )

    def test_what_a_cell_deletes_later_is_deleted(self, gui) -> None:
        shows(
            gui,
            "gone = QtCore.QObject()\n"
            "gone.destroyed.connect(lambda *_: print('destroyed'))\n"
            "gone.deleteLater()",
            "destroyed",
        )

    def test_a_window_costs_next_to_nothing(self, gui) -> None:
        gui.run(WINDOW)
        gui.value("window.isVisible()")

        assert psutil.Process(gui.process.pid).cpu_percent(interval=1) < 10

    def test_closing_the_last_window_ends_nothing(self, gui) -> None:
        gui.run(WINDOW)
        shows(
            gui,
            "def close():\n"
            "    QtWidgets.QApplication.closeAllWindows()\n"
            "    print('closed')\n"
            "later(20, close)",
            "closed",
        )

        assert gui.value("window.isVisible()") == "False"

    def test_a_dialog_is_answered_within_a_cell(self, gui) -> None:
        assert done(gui, DIALOG).stdout == "1\n"


class TestAnswers:
    """Cells and interrupts are answered within 0.2 s while a window is open."""

    def test_cells(self, gui) -> None:
        gui.run(WINDOW)

        def answer() -> float:
            begun = time.monotonic()
            gui.run("1")
            return time.monotonic() - begun

        assert median(answer() for _ in range(9)) < 0.2

    @pytest.mark.parametrize(
        "code",
        [
            "print('running')\nwhile True: pass",
            "later(0, lambda: print('running'))\nawait asyncio.sleep(600)",
        ],
        ids=["computes", "awaits"],
    )
    def test_interrupts(self, gui, code: str) -> None:
        gui.run(WINDOW)

        def answer() -> float:
            cell = gui.begin(code, until="running")
            begun = time.monotonic()
            gui.interrupt()
            assert gui.finish(cell).status == "error"
            return time.monotonic() - begun

        assert median(answer() for _ in range(5)) < 0.2

    def test_an_idle_kernel_ignores_interrupts(self, gui) -> None:
        for number in range(20):
            gui.interrupt()
            assert gui.value(f"{number}") == f"{number}"


class TestErrorsAndInterruptsInCallbacks:
    def test_an_error_is_reported_and_ends_nothing(self, gui) -> None:
        shows(gui, "later(20, lambda: 1 / 0)", "ZeroDivisionError")

        assert done(gui, "1 + 1").result == "2"

    def test_an_error_in_what_a_cell_calls_is_none_of_the_cell(self, gui) -> None:
        cell = done(
            gui,
            "button = QtWidgets.QPushButton()\n"
            "button.clicked.connect(lambda: 1 / 0)\n"
            "button.click()\n"
            "print('went on')",
        )

        assert "ZeroDivisionError" in cell.stderr
        assert cell.stdout == "went on\n"

    def test_a_callback_that_never_ends_is_interrupted(self, gui) -> None:
        cell = shows(gui, f"{FOR_EVER}\nlater(20, never_ends)", "running")

        gui.interrupt()

        appears(gui, cell, "KeyboardInterrupt")
        assert gui.value("1 + 1") == "2"

    def test_so_is_one_of_a_module(self, gui, tmp_path: Path) -> None:
        (tmp_path / "elsewhere.py").write_text(FOR_EVER, "utf-8")
        gui.run(f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import elsewhere")
        cell = shows(gui, "later(20, elsewhere.never_ends)", "running")

        gui.interrupt()

        appears(gui, cell, "KeyboardInterrupt")
        done(gui, "del sys.path[0], sys.modules['elsewhere']")

    def test_with_the_callback_the_cell_that_awaits_stops(self, gui) -> None:
        cell = gui.begin(
            f"{FOR_EVER}\nlater(20, never_ends)\nawait asyncio.sleep(600)",
            until="running",
        )

        gui.interrupt()

        assert "CancelledError" in gui.finish(cell).error
        assert gui.value("1 + 1") == "2"


class TestMatplotlib:
    @pytest.fixture(autouse=True)
    def backend(self, gui) -> Iterator[None]:
        done(gui, "%matplotlib qt\nimport matplotlib.pyplot as plt")
        # `plt.show` waits for all of them.
        done(gui, "QtWidgets.QApplication.closeAllWindows()")
        yield
        done(gui, "plt.close('all')")

    def test_a_figure_is_drawn_after_the_cell_and_when_it_changes(self, gui) -> None:
        shown = shows(
            gui,
            "figure, axes = plt.subplots()\n"
            "number = figure.canvas.mpl_connect(\n"
            "    'draw_event', lambda _: print('drawn', axes.get_title()))\n"
            "axes.set_title('first')\n"
            "plt.show()\n"
            "print(figure.canvas.manager.window.isVisible())",
            "drawn first",
        )
        assert "True" in shown.stdout
        assert shown.displayed == []

        shows(gui, "axes.set_title('second')", "drawn second")

    def test_show_may_wait_until_the_windows_are_closed(self, gui) -> None:
        cell = done(
            gui,
            "plt.figure(); later(100, lambda: plt.close('all'))\n"
            "plt.show(block=True); print(plt.get_fignums())",
        )

        assert cell.stdout == "[]\n"

    @pytest.mark.parametrize("wait", ["plt.pause(600)", "plt.show(block=True)"])
    def test_what_waits_is_interrupted_and_dialogs_still_run(
        self, gui, wait: str
    ) -> None:
        code = f"plt.figure(); later(100, lambda: print('running'))\n{wait}"
        cell = gui.begin(code, until="running")

        gui.interrupt()

        assert "KeyboardInterrupt" in gui.finish(cell).error
        assert done(gui, DIALOG).stdout == "1\n"


@pytest.mark.parametrize(
    ("api", "code"),
    [
        ("pyqt5", "%gui qt"),
        ("pyside6", "%matplotlib qt\nimport matplotlib.pyplot as plt; plt.figure()"),
    ],
    ids=["gui", "matplotlib"],
)
def test_a_kernel_with_open_windows_ends_with_code_0(
    start_with_qt: Callable, api: str, code: str
) -> None:
    with start_with_qt(QT_API=api) as kernel:
        done(kernel, f"{code}\n{USE_QT}\n{WINDOW}")
        done(kernel, "timer = QtCore.QTimer(); timer.timeout.connect(lambda: 1 / 0)")
        done(kernel, "timer.start(10)")

        assert kernel.shut_down() == 0


class TestTurningItOnAndOff:
    def test_off_and_on(self, start_with_qt: Callable) -> None:
        with start_with_qt() as kernel:
            done(kernel, f"%gui qt\n{USE_QT}\n{WINDOW}\nfired = []")
            assert kernel.value("get_ipython().active_eventloop") == "'qt'"
            done(kernel, "%gui")
            done(kernel, "later(0, lambda: print('fired') or fired.append(1))")
            done(kernel, "await asyncio.sleep(0.3)")
            assert kernel.value("fired") == "[]"

            shows(kernel, "%gui qt", "fired")

    def test_the_application_may_be_the_users_and_may_be_deleted(
        self, start_with_qt: Callable
    ) -> None:
        with start_with_qt(QT_API="pyside6") as kernel:
            done(kernel, f"{USE_QT}\nmine = QtWidgets.QApplication([])")
            done(kernel, "%gui qt\nassert QtWidgets.QApplication.instance() is mine")

            done(kernel, "mine.shutdown()")

            assert kernel.value("1 + 1") == "2"
            assert psutil.Process(kernel.process.pid).cpu_percent(interval=0.5) < 20
            done(kernel, f"%gui qt\n{WINDOW}")

    def test_the_users_configuration_may_ask_for_it(
        self, start_with_qt: Callable, ipython_folder: Path
    ) -> None:
        """It is read before the kernel's event loop runs."""
        (ipython_folder / "ipython_config.py").write_text(
            "get_config().InteractiveShellApp.gui = 'qt'\n"
        )
        with start_with_qt(IPYTHONDIR=str(ipython_folder.parent)) as kernel:
            shows(kernel, f"{USE_QT}\nlater(20, lambda: print('fired'))", "fired")

    def test_where_qt_cannot_watch_the_selector_it_looks_at_it(
        self, start_with_qt: Callable
    ) -> None:
        with start_with_qt() as kernel:
            done(kernel, "import sys; sys.platform = 'another'")
            done(kernel, f"%gui qt\n{USE_QT}\n{WINDOW}")
            shows(kernel, "later(50, lambda: print('fired'))", "fired")

            assert kernel.value("1 + 1") == "2"
            assert psutil.Process(kernel.process.pid).cpu_percent(interval=1) < 15


class TestChoosingABinding:
    @pytest.mark.parametrize(("name", "api"), [("qt5", "pyqt5"), ("qt6", "pyside6")])
    def test_the_version_asked_for(
        self, start_with_qt: Callable, name: str, api: str
    ) -> None:
        with start_with_qt() as kernel:
            done(kernel, f"%gui {name}\n{USE_QT}")

            assert kernel.value("QT_API") == repr(api)

    def test_what_is_loaded_stays_and_matplotlib_follows(
        self, start_with_qt: Callable
    ) -> None:
        with start_with_qt() as kernel:
            done(kernel, "import PyQt5.QtCore")

            cell = done(kernel, "%gui qt6")

            assert "PyQt5 is used although qt6 was requested" in cell.stderr
            done(kernel, "%matplotlib qt\nfrom matplotlib.backends import qt_compat")
            assert kernel.value("qt_compat.QT_API") == "'PyQt5'"

    def test_one_that_is_not_installed(self, start_with_qt: Callable) -> None:
        with start_with_qt(QT_API="PyQt6") as kernel:
            cell = kernel.run("%gui qt")

            assert "pip install PyQt6" in cell.error

    def test_one_that_does_not_exist(self, start_with_qt: Callable) -> None:
        with start_with_qt(QT_API="qt") as kernel:
            cell = kernel.run("%gui qt")

            assert "pyqt6, pyside6, pyqt5, pyside2" in cell.error

    @pytest.mark.parametrize("code", ["%gui qt", "%matplotlib qt"])
    def test_none_at_all(self, kernel, code: str) -> None:
        cell = kernel.run(code)

        assert "pip install PyQt6" in cell.error
        assert cell.status == "error"


def test_where_qt_cannot_start_the_kernel_survives_and_says_why(
    start_with_qt: Callable,
) -> None:
    with start_with_qt(QT_QPA_PLATFORM="absent") as kernel:
        assert "absent" in kernel.run("%matplotlib qt").error
        done(kernel, "import matplotlib.pyplot as plt; plt.figure()")

        assert "inline" in kernel.value("plt.get_backend()")


class TestOtherToolkits:
    @pytest.mark.parametrize("name", ["tk", "wx", "gtk3", "osx", "no-such"])
    def test_the_magic_names_what_is_supported(self, kernel, name: str) -> None:
        cell = kernel.run(f"%gui {name}")

        assert cell.status == "error"
        assert f"'{name}' is not supported" in cell.error
        assert "qt, qt5, qt6" in cell.error

    @pytest.mark.parametrize("code", ["%gui", "%gui none", "%gui asyncio"])
    def test_nothing_and_asyncio_are_there_anyway(self, kernel, code: str) -> None:
        assert done(kernel, code).stderr == ""

    def test_matplotlib_may_announce_one_and_is_not_stopped(self, kernel) -> None:
        """As it does when `pyplot` is imported after `matplotlib.use("TkAgg")`."""
        cell = done(kernel, "get_ipython().enable_gui('tk')")

        assert "'tk' do not respond" in cell.stderr

    def test_one_that_nobody_knows_is_an_error_in_code_too(self, kernel) -> None:
        assert "ValueError" in kernel.run("get_ipython().enable_gui('no-such')").error

    @pytest.mark.parametrize("backend", ["inline", "agg"])
    def test_backends_without_windows_need_none(self, kernel, backend: str) -> None:
        done(kernel, f"%matplotlib {backend}")


class Events:
    """What `Waiting` needs of `qt.Qt`."""

    has_application = True

    def watch(self, descriptor: int | None) -> None:
        self.descriptor = descriptor

    def wait(self, seconds: float | None) -> None:
        raise KeyboardInterrupt


def test_an_error_that_a_binding_lets_through_does_not_end_the_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As PySide6 does with errors of `event`, from Python 3.12 on."""
    reported = []
    monkeypatch.setattr(sys, "excepthook", lambda *error: reported.append(error[0]))
    with selectors.DefaultSelector() as selector:
        waiting = eventloop.Waiting(selector, Events())

        assert selector.select(600) == []
        assert reported == [KeyboardInterrupt]

        waiting.end()
        assert selector.select(0) == []
        assert reported == [KeyboardInterrupt]


def test_a_binding_that_loses_references_to_none_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """PySide6 6.12.0 does on Python 3.10 and 3.11."""
    calls = []

    class QtCore:
        class QTimer:
            def stop(self) -> None:
                calls.append(1)

    qt._require_correct_refcounts(QtCore, "PySide6")
    monkeypatch.setattr(sys, "getrefcount", lambda _: -len(calls))

    with pytest.raises(qt.QtUnavailable, match="PySide6"):
        qt._require_correct_refcounts(QtCore, "PySide6")


def test_it_stands_aside_where_cells_are_no_tasks() -> None:
    """As in xeus-python 0.17, whose cells run to their end one by one."""

    class Shell:
        enable_gui = None

    with pytest.raises(NotApplicable, match="does not run an event loop"):
        eventloop.install(Shell())

    assert vars(Shell()) == {}


def test_a_plot_has_a_window_where_figures_have(start_with_qt: Callable) -> None:
    windows = (
        "any(w.isVisible() for w in QtWidgets.QApplication.topLevelWidgets() "
        "if w.inherits('QMainWindow'))"
    )
    with start_with_qt() as kernel:
        done(kernel, f"%matplotlib qt\n{USE_QT}")
        quiet = done(kernel, "plot = plotter.plot(np.arange(5.0));")
        assert kernel.value(windows) == "False"
        assert (quiet.result, quiet.displayed) == (None, [])

        shown = done(kernel, "plot")

        assert shown.result.startswith("<Plot of 'signal'")
        assert kernel.value(windows) == "True"
        assert kernel.value("plot.figure.canvas.toolbar is not None") == "True"
        done(kernel, "plot.axes[0].set_xlim(1, 2); plot.figure.canvas.draw()")
        done(kernel, "plt.close(plot.figure)")
        shows(kernel, "later(100, lambda: print('later'))", "later")
        assert kernel.value(windows) == "False"
        assert done(kernel, "plot").result.startswith("<Plot of 'signal'")
