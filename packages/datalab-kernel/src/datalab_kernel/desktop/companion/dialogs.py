"""The modal dialogs that are open in DataLab's window."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication, QLabel, QMessageBox, QProgressDialog

_COLLECT_MS = 20


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


@contextmanager
def collected_dialogs() -> Iterator[list[str]]:
    """Close the modal dialogs that open in the context; yield their messages.

    The context must be entered when no dialog is open.
    """
    texts: list[str] = []

    def close() -> None:
        widget = QApplication.activeModalWidget()
        if widget is not None and not isinstance(widget, QProgressDialog):
            texts.append(_text_of(widget))
            widget.close()

    timer = QTimer()
    timer.setInterval(_COLLECT_MS)
    timer.timeout.connect(close)
    timer.start()
    try:
        yield texts
    finally:
        timer.stop()


def _text_of(widget: Any) -> str:
    """Return the message of a dialog."""
    if isinstance(widget, QMessageBox):
        return str(widget.text())
    labels = [label.text() for label in widget.findChildren(QLabel) if label.text()]
    return " ".join([str(widget.windowTitle()), *labels])
