"""The Jupyter server of a DataLab window, and its messages to the user.

The control belongs to the window, not to the plugin, which DataLab creates again
whenever plugins are reloaded. Nothing here waits for the server, and no dialog is
modal.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from qtpy.QtCore import QObject, QStandardPaths, Qt, Signal
from qtpy.QtWidgets import QMessageBox

from datalab_kernel.desktop.connection import Variables
from datalab_kernel.desktop.server import Server

_SHOWN_MS = 10_000
_FOLDER = "DataLab"


class Control(QObject):  # type: ignore[misc]  # the Qt binding is DataLab's
    """The Jupyter server of a window.

    Args:
        main: DataLab's main window.
    """

    _answered = Signal(object)

    def __init__(self, main: Any) -> None:
        super().__init__(main)
        self._server: Server | None = None
        self._answered.connect(self._on_answer)  # in the window's thread
        main.SIG_CLOSING.connect(self._on_closing)

    def open_notebook(self, environment: Variables) -> None:
        """Open a new notebook, in a server that is started if necessary.

        Args:
            environment: The environment variables of its kernel.
        """
        if self._server is None or not self._server.runs:
            self.say("Starting Jupyter…")
            try:
                self._server = Server(notebook_folder(), self._forward)
            except OSError as error:
                self.warn(f"Jupyter does not start: {error}")
                return
        self._server.open_notebook(environment)

    def stop(self) -> None:
        """Stop the server and its kernels."""
        if self._server is None or not self._server.runs:
            self.say("This window has no running Jupyter server")
            return
        self.say("Stopping Jupyter…")
        self._server.stop()

    def say(self, text: str) -> None:
        """Show a message in the window's status bar for some seconds."""
        self.parent().statusBar().showMessage(text, _SHOWN_MS)

    def warn(self, text: str, details: str = "") -> None:
        """Show a dialog that stays until it is closed and does not block the window."""
        dialog = QMessageBox(QMessageBox.Warning, "Jupyter", text, parent=self.parent())
        dialog.setInformativeText(details)
        dialog.setWindowModality(Qt.NonModal)
        dialog.setAttribute(Qt.WA_DeleteOnClose)
        dialog.show()

    def _forward(self, answer: dict[str, Any]) -> None:
        """Pass on the server's answer; other threads call this."""
        self._answered.emit(answer)

    def _on_answer(self, answer: dict[str, Any]) -> None:
        if "opened" in answer:
            self.say(f"Opened {answer['opened']}")
            if answer["needs_token"]:
                self.warn(
                    "Jupyter asks for its token in the browser.",
                    "`jupyter server list` shows the token. This is necessary because "
                    "Jupyter's option use_redirect_file is off.",
                )
        elif "failed" in answer:
            self.warn(f"Jupyter: {answer['failed']}")
        elif answer["asked"]:
            self.say("The Jupyter server has stopped")
        else:
            self.warn(
                f"The Jupyter server has ended (exit code {answer['ended']})",
                "\n".join(answer["lines"]),
            )

    def _on_closing(self) -> None:
        if self._server is not None:
            self._server.stop(silently=True)


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
