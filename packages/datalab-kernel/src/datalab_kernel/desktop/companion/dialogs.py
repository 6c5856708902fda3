"""The modal dialogs that are open in DataLab's window."""

from __future__ import annotations

from qtpy.QtWidgets import QApplication, QMessageBox, QProgressDialog


def open_dialog() -> str | None:
    """Return the name of the open modal dialog; None if there is none.

    The name is the title of the dialog or, if it has none, its message or its type. A
    progress bar is not a dialog: DataLab closes it without the user.
    """
    widget = QApplication.activeModalWidget()
    if widget is None or isinstance(widget, QProgressDialog):
        return None
    name = str(widget.windowTitle())
    if not name and isinstance(widget, QMessageBox):
        name = str(widget.text())
    return name or type(widget).__name__


def progress_is_shown() -> bool:
    """Return whether DataLab shows a progress bar, and so is within an operation."""
    return isinstance(QApplication.activeModalWidget(), QProgressDialog)
