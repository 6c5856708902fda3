"""The Jupyter server of a DataLab window, and its messages to the user.

The control belongs to the window, not to the plugin, which DataLab creates again
whenever plugins are reloaded. Nothing here waits for the server except the end of the
window, and the only modal dialog is the question at that end.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from qtpy.QtCore import QEvent, QObject, QStandardPaths, Signal

from datalab_kernel.desktop import dialogs, leftover
from datalab_kernel.desktop.activity import Activity
from datalab_kernel.desktop.connection import Variables
from datalab_kernel.desktop.launch import Launch
from datalab_kernel.desktop.leftover import Leftover
from datalab_kernel.desktop.record import Record
from datalab_kernel.desktop.server import Server

_SHOWN_MS = 10_000
_FOLDER = "DataLab"
_AS_ROOT = (
    "To allow it, write c.ServerApp.allow_root = True into "
    "~/.jupyter/jupyter_server_config.py."
)


class Control(QObject):  # type: ignore[misc]  # the Qt binding is DataLab's
    """The Jupyter server of a window.

    Args:
        main: DataLab's main window.
    """

    _answered = Signal(object, object)
    _searched = Signal(object, bool)
    _noted = Signal(str)

    def __init__(self, main: Any) -> None:
        super().__init__(main)
        self._server: Server | None = None
        self._folder: Path | None = None
        self._keep = False
        #: The function that returns the variables of a kernel of this window.
        self.variables: Callable[[], Variables] = dict
        self.activity = Activity()
        # These run in the window's thread.
        self._answered.connect(self._on_answer)
        self._searched.connect(self._on_searched)
        self._noted.connect(self.say)
        main.installEventFilter(self)
        main.SIG_CLOSING.connect(self._on_closing)
        if not _unattended():
            self.search(silently=True)

    @property
    def folder(self) -> Path:
        """The folder for notebooks."""
        return self._folder or notebook_folder()

    def open(self, *, new: bool = False, file: Path | None = None) -> None:
        """Open a page in the browser, in a server that is started if necessary.

        Args:
            new: Open a new notebook.
            file: The notebook to open; None for JupyterLab's first page.
        """
        try:
            variables = self.variables()
            if self._server is None or not self._server.runs:
                self.say("Starting Jupyter…")
                self._use(Launch(notebook_folder()), variables)
        except ConnectionError as error:
            self.warn(str(error))
        except OSError as error:
            self.warn(f"Jupyter does not start: {error}")
        else:
            assert self._server is not None
            self._server.open(variables, new=new, file=file)

    def stop(self) -> None:
        """Stop the server and its kernels."""
        if self._server is None or not self._server.runs:
            self.say("This window has no running Jupyter server")
            return
        self.say("Stopping Jupyter…")
        self._server.stop()

    def search(self, *, silently: bool = False) -> None:
        """Look for servers left over, and offer to adopt or stop each.

        Args:
            silently: Say nothing if there is none.
        """

        def look() -> None:
            self._searched.emit([*leftover.search()], silently)

        threading.Thread(target=look, daemon=True).start()

    def say(self, text: str) -> None:
        """Show a message in the window's status bar for some seconds."""
        self.parent().statusBar().showMessage(text, _SHOWN_MS)

    def warn(self, text: str, details: str = "") -> None:
        """Show a dialog that stays until it is closed and does not block the window."""
        dialogs.warn(self.parent(), text, details)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's
        """Ask whether to keep Jupyter running, before the window closes."""
        if event.type() != QEvent.Close or getattr(watched, "hide_on_close", False):
            return False
        self._keep = False
        used = self._server is not None and self._server.runs
        if used and self.activity and not _unattended():
            decision = dialogs.ask_to_keep(watched, self.activity)
            self._keep = decision == "keep"
            if decision == "back":
                event.ignore()
                return True
        return False

    def _use(self, source: Launch | Record, variables: Variables) -> None:
        self.activity, self._folder = Activity(), None
        self._server = Server(source, variables, self._answered.emit)

    def _on_searched(self, found: list[Leftover], silently: bool) -> None:
        if not found and not silently:
            self.say("No Jupyter server is left over")
        for each in found:
            dialogs.offer(
                self.parent(),
                each.activity,
                adopt=partial(self._adopt, each),
                stop=partial(self._stop_leftover, each),
            )

    def _adopt(self, found: Leftover) -> None:
        if self._server is not None and self._server.runs:
            self.warn(
                "This window already uses a Jupyter server.",
                "Stop it (Plugins > Jupyter > Stop Jupyter server), then choose Adopt "
                "Jupyter server.",
            )
            return
        try:
            self._use(found.record, self.variables())
        except ConnectionError as error:
            self.warn(str(error))

    def _stop_leftover(self, found: Leftover) -> None:
        def stop() -> None:
            try:
                leftover.stop(found)
            except ConnectionError as error:
                self._noted.emit(f"Jupyter was not stopped: {error}")
            else:
                self._noted.emit("The Jupyter server left over has stopped")

        threading.Thread(target=stop, daemon=True).start()

    def _on_answer(self, server: Server, answer: dict[str, Any]) -> None:
        if "notebooks" in answer:
            if server is self._server:
                self._note_activity(answer)
        elif "opened" in answer:
            self._report_opened(answer)
        elif "failed" in answer:
            self.warn(f"Jupyter: {answer['failed']}")
        elif "refused" in answer:
            self.warn(f"Jupyter: {answer['refused']}")
        else:
            self._report_end(server, answer)

    def _note_activity(self, answer: dict[str, Any]) -> None:
        if self._folder is None and self._server is not None and self._server.adopted:
            self.say("Jupyter is adopted; call workspace.resync() in its notebooks")
        self.activity = Activity.of(answer)
        self._folder = Path(answer["folder"])

    def _report_opened(self, answer: dict[str, Any]) -> None:
        self.say(f"Opened {answer['opened']}")
        if answer["needs_token"]:
            self.warn(
                "Jupyter asks for its token in the browser.",
                "`jupyter server list` shows the token. This is necessary because "
                "Jupyter's option use_redirect_file is off.",
            )

    def _report_end(self, server: Server, answer: dict[str, Any]) -> None:
        if server is self._server:
            self.activity = Activity()
        code, reason = answer["ended"], answer["reason"]
        if answer["asked"]:
            self.say("The Jupyter server has stopped")
        elif reason:
            hint = [_AS_ROOT] if "--allow-root" in reason else answer["lines"]
            self.warn(f"Jupyter does not start: {reason}", "\n".join(hint))
        else:
            how = "" if code is None else f" (exit code {code})"
            self.warn(f"The Jupyter server has ended{how}", "\n".join(answer["lines"]))

    def _on_closing(self) -> None:
        if self._server is not None:
            self._server.leave(stop=not self._keep)


_of_window: WeakKeyDictionary[Any, Control] = WeakKeyDictionary()


def of_window(main: Any) -> Control:
    """Return the control of a window, the same one each time."""
    control = _of_window.get(main)
    if control is None:
        control = _of_window[main] = Control(main)
    return control


def notebook_folder() -> Path:
    """Return the folder for notebooks: "DataLab" in the user's documents."""
    documents = QStandardPaths.writableLocation(QStandardPaths.DocumentsLocation)
    return Path(documents or Path.home()) / _FOLDER


def _unattended() -> bool:
    """Return whether DataLab runs without a user who could answer a dialog."""
    from datalab.env import execenv

    return bool(execenv.unattended)
