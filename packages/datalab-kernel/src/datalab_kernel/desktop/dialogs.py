"""The dialogs of the menu "Jupyter"."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeAlias

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog, QMessageBox

from datalab_kernel.desktop.activity import Activity
from datalab_kernel.desktop.lifetime import VARIABLE

TITLE = "Jupyter"
KEEP, STOP, BACK = "Keep Jupyter running", "Stop Jupyter", "Back to DataLab"
ADOPT, LATER = "Adopt", "Later"
Decision: TypeAlias = Literal["keep", "stop", "back"]


def warn(main: Any, text: str, details: str = "") -> None:
    """Show a message that stays until it is closed and does not block the window."""
    _show(_message(main, QMessageBox.Warning, text, details))


def ask_to_keep(main: Any, activity: Activity) -> Decision:
    """Ask whether to keep Jupyter running when DataLab closes."""
    details = (
        "If Jupyter keeps running, the notebooks keep their variables, and the next "
        "DataLab can adopt them. Unused, Jupyter ends after some hours "
        f"({VARIABLE}, 12 by default)."
    )
    dialog = _message(main, QMessageBox.Question, f"{activity.sentence()}.", details)
    keep = dialog.addButton(KEEP, QMessageBox.AcceptRole)
    stop = dialog.addButton(STOP, QMessageBox.DestructiveRole)
    dialog.setEscapeButton(dialog.addButton(BACK, QMessageBox.RejectRole))
    dialog.setDefaultButton(keep)
    dialog.exec_()
    clicked = dialog.clickedButton()
    dialog.deleteLater()
    if clicked is keep:
        return "keep"
    return "stop" if clicked is stop else "back"


def offer(
    main: Any,
    activity: Activity,
    *,
    adopt: Callable[[], None],
    stop: Callable[[], None],
) -> None:
    """Offer to adopt or stop a server left over, without blocking the window."""
    details = (
        "Adopt it to open its notebooks from this window. In each notebook, "
        "workspace.resync() then attaches the workspace to this DataLab."
    )
    text = (
        f"A Jupyter server of an earlier DataLab is left over. {activity.sentence()}."
    )
    dialog = _message(main, QMessageBox.Question, text, details)
    functions = {
        dialog.addButton(ADOPT, QMessageBox.AcceptRole): adopt,
        dialog.addButton(STOP, QMessageBox.DestructiveRole): stop,
    }
    dialog.setEscapeButton(dialog.addButton(LATER, QMessageBox.RejectRole))

    def choose(button: Any) -> None:
        if button in functions:
            functions[button]()

    dialog.buttonClicked.connect(choose)
    _show(dialog)


def choose_notebook(main: Any, folder: Path, chosen: Callable[[Path], None]) -> None:
    """Let the user choose a notebook, without blocking the window."""
    dialog = QFileDialog(main, "Open notebook", str(folder), "Notebooks (*.ipynb)")
    dialog.setFileMode(QFileDialog.ExistingFile)
    dialog.fileSelected.connect(lambda name: chosen(Path(name)))
    _show(dialog)


def _message(main: Any, icon: Any, text: str, details: str) -> Any:
    dialog = QMessageBox(icon, TITLE, text, parent=main)
    dialog.setInformativeText(details)
    return dialog


def _show(dialog: Any) -> None:
    dialog.setWindowModality(Qt.NonModal)
    dialog.setAttribute(Qt.WA_DeleteOnClose)
    dialog.show()
