"""The menu "Jupyter" among DataLab's plugins."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from qtpy.QtWidgets import QApplication, QMenu

from datalab_kernel.desktop import connection, control, dialogs
from datalab_kernel.desktop.activity import Activity

TITLE = "Jupyter"
RUNNING = "Running notebooks"


def add(main: Any, proxy: Any) -> None:
    """Add the menu to both panels; DataLab shows that of the current panel.

    Args:
        main: DataLab's main window.
        proxy: The object that DataLab gives its plugins to control it.
    """
    actions = _Actions(main, proxy)
    for panel in (main.signalpanel, main.imagepanel):
        with panel.acthandler.new_menu(TITLE):
            for title, triggered, tip in actions.entries():
                action = panel.acthandler.new_action(
                    title, triggered=triggered, tip=tip, select_condition="always"
                )
                if title == RUNNING:
                    actions.add_running(action)


class _Actions:
    def __init__(self, main: Any, proxy: Any) -> None:
        self._main = main
        self._control = control.of_window(main)
        self._control.variables = lambda: connection.variables(main, proxy)

    def entries(self) -> tuple[tuple[str, Callable[[], None] | None, str], ...]:
        """Return title, function and tip of each entry."""
        return (
            (
                "New notebook",
                self.new_notebook,
                "Open a new notebook that works with the objects of this window",
            ),
            (
                "Open notebook…",
                self.open_notebook,
                "Open an existing notebook from the folder for notebooks",
            ),
            (
                "Open JupyterLab",
                self.open_lab,
                "Open JupyterLab, with the folder for notebooks",
            ),
            (RUNNING, None, "Show the notebooks that are running"),
            (
                "Adopt Jupyter server…",
                self.adopt,
                "Look for a Jupyter server that an earlier DataLab left running",
            ),
            (
                "Stop Jupyter server",
                self.stop,
                "Stop the Jupyter server of this window and its kernels",
            ),
            (
                "Copy connection settings",
                self.copy_settings,
                "Copy the commands, with the token, that attach a DataLab kernel to it",
            ),
        )

    def add_running(self, action: Any) -> None:
        """Give an action the menu of the running notebooks."""
        menu = QMenu(self._main)
        menu.aboutToShow.connect(lambda: self._show_running(menu))
        action.setMenu(menu)
        action.destroyed.connect(menu.deleteLater)  # plugins are reloaded

    def new_notebook(self) -> None:
        self._control.open(new=True)

    def open_notebook(self) -> None:
        folder = self._control.folder
        folder.mkdir(parents=True, exist_ok=True)
        dialogs.choose_notebook(
            self._main, folder, lambda file: self._control.open(file=file)
        )

    def open_lab(self) -> None:
        self._control.open()

    def adopt(self) -> None:
        self._control.search()

    def stop(self) -> None:
        self._control.stop()

    def copy_settings(self) -> None:
        try:
            variables = self._control.variables()
        except ConnectionError as error:
            self._control.warn(str(error))
            return
        QApplication.clipboard().setText(connection.as_commands(variables))
        self._control.say("Connection settings copied to the clipboard")

    def _show_running(self, menu: Any) -> None:
        menu.clear()
        activity, folder = self._control.activity, self._control.folder
        for path in activity.notebooks:
            menu.addAction(path, partial(self._control.open, file=folder / path))
        if activity.others or not activity:
            menu.addAction(Activity(others=activity.others).sentence()).setEnabled(
                False
            )
