"""What a user does in DataLab's window, for tests; runs in DataLab's environment."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from datalab.adapters_metadata import create_resultdata_dict
from datalab.adapters_plotpy import create_adapter_from_object
from datalab.config import Conf
from datalab.gui.roieditor import configure_roi_item_in_tool
from datalab.objectmodel import get_uuid
from qtpy.QtCore import QEvent, Qt, QTimer
from qtpy.QtGui import QMouseEvent
from qtpy.QtWidgets import QApplication, QMessageBox
from sigima.objects import RectangularROI, create_image, create_signal

_running: list[bool] = []


def titles(main: Any, kind: str) -> dict[str, str]:
    """Return the titles of a panel's objects by UUID, in their order."""
    panel = _panel(main, kind)
    return {
        uuid: panel.objmodel[uuid].title for uuid in panel.objmodel.get_object_ids()
    }


def add(main: Any, kind: str, title: str, values: list[Any]) -> str:
    """Add an object; return its UUID."""
    data = np.array(values, float)
    if kind == "signal":
        obj = create_signal(title, np.arange(data.size, dtype=float), data)
    else:
        obj = create_image(title, data)
    panel = _panel(main, kind)
    panel.add_object(obj)
    return str(get_uuid(obj))  # the last one may be a notebook's by now


def set_data(main: Any, kind: str, uuid: str, values: list[Any]) -> None:
    """Set the data of an object, as its table of values does."""
    obj = _panel(main, kind).objmodel[uuid]
    if kind == "signal":
        obj.y = np.array(values, float)
    else:
        obj.data = np.array(values, float)


def rename(main: Any, kind: str, uuid: str, title: str) -> float:
    """Rename an object; return the time of `time.monotonic` after that."""
    _choose(main, kind, [uuid])
    _panel(main, kind).rename_selected_object_or_group(title)
    return time.monotonic()


def remove(main: Any, kind: str, uuids: list[str]) -> float:
    """Remove objects; return the time of `time.monotonic` after that."""
    _choose(main, kind, uuids)
    _panel(main, kind).remove_object(force=True)
    return time.monotonic()


def select(main: Any, kind: str, uuids: list[str]) -> float:
    """Select objects in their panel, and show it; return the time after that."""
    main.set_current_panel(kind)
    _panel(main, kind).objview.select_objects(uuids)
    return time.monotonic()


def show(main: Any, kind: str) -> float:
    """Show a panel; return the time of `time.monotonic` after that."""
    main.set_current_panel(kind)
    return time.monotonic()


def group(main: Any, kind: str, title: str) -> str:
    """Add a group; return its UUID."""
    return str(_panel(main, kind).add_group(title).uuid)


def click(main: Any, kind: str) -> None:
    """Click into the middle of a panel's plot."""
    canvas = _panel(main, kind).plothandler.plot.canvas()
    middle, left = canvas.rect().center(), Qt.LeftButton
    for event, buttons in (
        (QEvent.MouseButtonPress, left),
        (QEvent.MouseButtonRelease, Qt.NoButton),
    ):
        happens = QMouseEvent(event, middle, left, buttons, Qt.NoModifier)
        QApplication.sendEvent(canvas, happens)


def open_dialog(title: str, text: str = "Go on?") -> None:
    """Open a dialog that blocks the window until it is closed; return at once."""
    QTimer.singleShot(0, lambda: QMessageBox(0, title, text).exec_())


def dialogs() -> list[str]:
    """Return the titles of the modal dialogs that are open."""
    widget = QApplication.activeModalWidget()
    return [] if widget is None else [widget.windowTitle()]


def close_dialogs() -> int:
    """Close the modal dialogs that are open; return how many there were."""
    closed = 0
    while (widget := QApplication.activeModalWidget()) is not None:
        widget.close()
        closed += 1
    return closed


def edit_regions(main: Any, kind: str, uuid: str) -> None:
    """Open the editor of the regions of an object, as its menu does; return at once."""
    _choose(main, kind, [uuid])
    QTimer.singleShot(0, _panel(main, kind).processor.edit_roi_graphically)


def enter_rectangle(x0: float, y0: float, dx: float, dy: float) -> None:
    """Make a rectangle the only region in the editor, by its coordinates; accept it."""
    editor = QApplication.activeModalWidget()
    editor.get_plot().del_items(editor.get_roi_items())
    region = RectangularROI([x0, y0, dx, dy], indices=False)
    shape = create_adapter_from_object(region).to_plot_item(editor.obj)
    configure_roi_item_in_tool(shape, editor.obj)
    editor.get_plot().add_item(shape)
    editor.modified = True
    editor.accept()


def accept_dialog() -> None:
    """Accept the modal dialog that is open."""
    QApplication.activeModalWidget().accept()


def run_event_loop(seconds: float) -> None:
    """Run the event loop for some time, as DataLab's drawing does."""
    _running.append(True)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()
    _running.pop()


def event_loop_runs() -> bool:
    """Return whether `run_event_loop` runs."""
    return bool(_running)


def keep_busy(seconds: float) -> None:
    """Keep the window from answering for some seconds; return at once."""
    QTimer.singleShot(0, lambda: _burn(seconds))


def _burn(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


def _choose(main: Any, kind: str, uuids: list[str]) -> None:
    """Select objects, again if a notebook selects others while DataLab draws."""
    view = _panel(main, kind).objview
    select(main, kind, uuids)
    while sorted(view.get_sel_object_uuids()) != sorted(uuids):
        assert {*uuids} <= {*titles(main, kind)}
        select(main, kind, uuids)


def _panel(main: Any, kind: str) -> Any:
    return main.signalpanel if kind == "signal" else main.imagepanel


def results(main: Any, kind: str) -> dict[str, list[Any]]:
    """Return what DataLab shows as results of a panel's objects, by title."""
    panel = _panel(main, kind)
    objects = [panel.objmodel[uuid] for uuid in panel.objmodel.get_object_ids()]
    found = create_resultdata_dict(objects)
    return {
        title: [[*data.headers], data.ylabels, [r.to_html() for r in data.results]]
        for title, data in found.items()
    }


def analyse(main: Any, kind: str, uuids: list[str], *names: str) -> None:
    """Compute features of objects, as the menus do."""
    _choose(main, kind, uuids)
    with Conf.show_result_dialog.context(False):
        for name in names:
            main.calc(name, edit=False)
            _choose(main, kind, uuids)
