"""The menu "Jupyter" among DataLab's plugins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtWidgets import QApplication

from datalab_kernel.desktop import connection, control

TITLE = "Jupyter"


def add(main: Any, proxy: Any) -> None:
    """Add the menu to both panels; DataLab shows that of the current panel.

    Args:
        main: DataLab's main window.
        proxy: The object that DataLab gives its plugins to control it.
    """
    actions = _Actions(main, proxy)
    entries: tuple[tuple[str, Callable[[], None], str], ...] = (
        (
            "Open notebook",
            actions.open_notebook,
            "Open a notebook that works with the objects of this window",
        ),
        (
            "Stop Jupyter server",
            actions.stop,
            "Stop the Jupyter server of this window and its kernels",
        ),
        (
            "Copy connection settings",
            actions.copy_settings,
            "Copy the commands, with the token, that attach a DataLab kernel to it",
        ),
    )
    for panel in (main.signalpanel, main.imagepanel):
        with panel.acthandler.new_menu(TITLE):
            for title, triggered, tip in entries:
                panel.acthandler.new_action(
                    title, triggered=triggered, tip=tip, select_condition="always"
                )


class _Actions:
    def __init__(self, main: Any, proxy: Any) -> None:
        self._main = main
        self._proxy = proxy

    @property
    def _control(self) -> control.Control:
        return control.of_window(self._main)

    def open_notebook(self) -> None:
        environment = self._connection()
        if environment is not None:
            self._control.open_notebook(environment)

    def stop(self) -> None:
        self._control.stop()

    def copy_settings(self) -> None:
        environment = self._connection()
        if environment is not None:
            QApplication.clipboard().setText(connection.as_commands(environment))
            self._control.say("Connection settings copied to the clipboard")

    def _connection(self) -> connection.Variables | None:
        try:
            return connection.variables(self._main, self._proxy)
        except ConnectionError as error:
            self._control.warn(str(error))
            return None
