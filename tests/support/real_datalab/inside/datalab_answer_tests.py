"""A DataLab plugin that runs a test's code in the window; in DataLab's environment.

Tests reach it over XML-RPC: ``call_method("evaluate", {"args": [code]})``; and at the
port that ``DATALAB_TEST_PORT`` names, which answers in every version of DataLab and
does not stop when an XML-RPC call does.
"""

from __future__ import annotations

import json
import os
import threading
from multiprocessing.connection import Connection, Listener
from queue import SimpleQueue
from traceback import TracebackException
from typing import Any
from unittest.mock import patch

import acting
from datalab.plugins import PluginBase, PluginInfo, PluginRegistry
from qtpy.QtCore import QObject, QTimer, Signal
from qtpy.QtWidgets import (
    QAction,
    QApplication,
    QFileDialog,
    QLineEdit,
    QMessageBox,
)

__all__ = ["QApplication", "QTimer", "acting"]  # for the code of tests


class Evaluator(PluginBase):
    """Gives the main window a method that evaluates an expression."""

    PLUGIN_INFO = PluginInfo(name="Evaluator", version="1", description="")

    def register_hooks(self) -> None:
        main, proxy = self.main, self.proxy

        def evaluate(code: str) -> str:
            return json.dumps(eval(code, {"main": main, "proxy": proxy, **globals()}))

        main.evaluate = evaluate
        port = os.environ.get("DATALAB_TEST_PORT")
        if port and not hasattr(main, "_test_port"):
            main._test_port = Port(int(port), main)

    def create_actions(self) -> None:
        """There are none."""


class Port(QObject):
    """A port whose clients send code and receive the JSON of its value.

    Args:
        number: The port of 127.0.0.1.
        main: DataLab's main window.
    """

    _asked = Signal(str, object)

    def __init__(self, number: int, main: Any) -> None:
        super().__init__(main)
        self._asked.connect(lambda code, answers: answers.put(_attempt(main, code)))
        listener = Listener(("127.0.0.1", number))
        threading.Thread(target=self._accept, args=[listener], daemon=True).start()

    def _accept(self, listener: Listener) -> None:
        while True:
            client = listener.accept()
            threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client: Connection) -> None:
        answers: SimpleQueue[tuple[bool, str]] = SimpleQueue()
        with client:
            self._asked.emit(client.recv(), answers)
            client.send(answers.get())


def _attempt(main: Any, code: str) -> tuple[bool, str]:
    """Return whether an expression can be evaluated, and its value or the traceback."""
    try:
        return True, main.evaluate(code)
    except Exception as error:  # noqa: BLE001  the test is to see it
        return False, "".join(TracebackException.from_exception(error).format())


def entries(main: Any) -> list[list[str]]:
    """Return what the menu "Jupyter" has, each time that it is there, by panel."""
    found = []
    for panel in (main.signalpanel, main.imagepanel):
        main.set_current_panel(panel)
        main.plugins_menu.aboutToShow.emit()
        menus = [
            action.menu()
            for action in main.plugins_menu.actions()
            if action.menu() is not None and action.text() == "Jupyter"
        ]
        found += [[entry.text() for entry in menu.actions()] for menu in menus]
    return found


def entry(main: Any, title: str) -> QAction:
    """Return an entry of the menu "Jupyter"."""
    main.plugins_menu.aboutToShow.emit()
    (menu,) = (a.menu() for a in main.plugins_menu.actions() if a.text() == "Jupyter")
    (action,) = (a for a in menu.actions() if a.text() == title)
    assert action.isEnabled()
    return action


def trigger(main: Any, title: str) -> None:
    """Choose an entry of the menu "Jupyter"."""
    entry(main, title).trigger()


def running(main: Any) -> list[str]:
    """Return the titles of the menu of running notebooks."""
    menu = entry(main, "Running notebooks").menu()
    menu.aboutToShow.emit()
    return [action.text() for action in menu.actions()]


def trigger_running(main: Any, title: str) -> None:
    """Choose a notebook from the menu of running notebooks."""
    menu = entry(main, "Running notebooks").menu()
    menu.aboutToShow.emit()
    (action,) = (a for a in menu.actions() if a.text() == title)
    action.trigger()


def press(main: Any, label: str) -> bool:
    """Press a button of a dialog over the window; return whether it is shown."""
    buttons = [
        button
        for box in main.findChildren(QMessageBox)
        if box.isVisible()
        for button in box.buttons()
        if button.text() == label
    ]
    for button in buttons[:1]:
        QTimer.singleShot(0, button.click)
    return bool(buttons)


def choose_file(main: Any, path: str) -> None:
    """Choose a file in the dialog over the window."""
    (dialog,) = (d for d in main.findChildren(QFileDialog) if d.isVisible())
    dialog.findChild(QLineEdit, "fileNameEdit").setText(path)
    dialog.accept()


def shown_boxes(main: Any) -> list[list[str]]:
    """Return the dialogs over the window: the text and the details of each."""
    return [
        [box.text(), box.informativeText()]
        for box in main.findChildren(QMessageBox)
        if box.isVisible()
    ]


def failed_plugins() -> list[str]:
    """Return the names of the modules and plugins that DataLab could not load."""
    return [plugin.name for plugin in PluginRegistry.get_failed_plugins()]


def of_window(main: Any) -> Any:
    """Return the control of the window's Jupyter server."""
    from datalab_kernel.desktop import control

    return control.of_window(main)


def failure_of_menu(main: Any, proxy: Any) -> str:
    """Return an error of the menu, with the variables of its frames."""
    from datalab_kernel.desktop import menu, server

    fails = OSError("no notebook can be opened")
    try:
        with patch.object(server.Server, "open", side_effect=fails):
            menu._Actions(main, proxy).new_notebook()
    except OSError as error:
        shown = TracebackException.from_exception(error, capture_locals=True)
        return "".join(shown.format())
    return ""


def identities() -> list[int]:
    """Return numbers that would change if our modules were imported again."""
    import datalab_workspace
    from datalab_kernel.desktop import server
    from datalab_workspace import errors, workspace

    classes = (
        datalab_workspace.Workspace,
        workspace.Workspace,
        errors.LiveError,
        errors.ObjectNotFoundError,
        server.Server,
    )
    return [id(cls) for cls in classes]
