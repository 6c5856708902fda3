"""The menus of DataLab's window, with the feature behind each entry.

Runs in DataLab's environment: ``python -m support.real_datalab.menus`` prints, as JSON,
the paths of the menu entries of each panel by the names of their features, and the
paths of all entries. They are read from the menus that the window shows for the panel.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from functools import wraps
from typing import Any

_PREFIX = "compute_"
#: The menus that contain features, as attributes of the window.
_MENUS = ("roi_menu", "operation_menu", "processing_menu", "analysis_menu")
#: Features behind a method of DataLab that has another name.
_OTHER_NAMES = {"roi_extraction": ("extract_roi", "extract_rois")}


def watched_actions() -> dict[Any, tuple[str, ...]]:
    """Return a dict that will contain the features of all actions made from now on."""
    from datalab.gui.actionhandler import BaseActionHandler

    features: dict[Any, tuple[str, ...]] = {}
    new_action, action_for = BaseActionHandler.new_action, BaseActionHandler.action_for

    @wraps(new_action)
    def noted(self: Any, title: str, *args: Any, **kwargs: Any) -> Any:
        action = new_action(self, title, *args, **kwargs)
        method = getattr(kwargs.get("triggered"), "__name__", "")
        if method.startswith(_PREFIX):
            name = method.removeprefix(_PREFIX)
            features[action] = _OTHER_NAMES.get(name, (name,))
        return action

    @wraps(action_for)
    def named(self: Any, function_or_name: Any, *args: Any, **kwargs: Any) -> Any:
        action = action_for(self, function_or_name, *args, **kwargs)
        feature = self.panel.processor.get_feature(function_or_name)
        features[action] = (feature.function.__name__,)
        return action

    BaseActionHandler.new_action, BaseActionHandler.action_for = noted, named
    return features


def entries(menu: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[Any, list[str]]]:
    """Yield the actions of a menu and of its submenus, each with its path."""
    here = (*path, _text(menu.title()))
    for action in menu.actions():
        if action.menu() is not None:
            yield from entries(action.menu(), here)
        elif not action.isSeparator():
            yield action, [*here, _text(action.text())]


def _text(title: str) -> str:
    """Return a title without the marks of keys and dialogs."""
    return title.replace("&", "").removesuffix("...").removesuffix("…")


def _all_entries(window: Any) -> list[list[str]]:
    """Return the paths of all entries of the window's menus."""
    menus = [action.menu() for action in window.menuBar().actions()]
    for menu in menus:
        menu.aboutToShow.emit()
    return [path for menu in menus for _, path in entries(menu)]


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # nothing that a library prints may be part of the answer
    from datalab import app
    from datalab.config import ensure_initialized
    from datalab.utils.qthelpers import datalab_app_context
    from qtpy.QtWidgets import QApplication

    ensure_initialized(load_user_config=True)
    features = watched_actions()
    with datalab_app_context(exec_loop=False):
        window = app.create(splash=False, console=False)
        found: dict[str, Any] = {"entries": []}
        for kind, panel in (
            ("signal", window.signalpanel),
            ("image", window.imagepanel),
        ):
            window.set_current_panel(panel)
            QApplication.processEvents()
            shown = found.setdefault(kind, {})
            for menu in _MENUS:
                getattr(window, menu).aboutToShow.emit()
                for action, path in entries(getattr(window, menu)):
                    for name in features.get(action, ()):
                        shown[name] = path
            found["entries"] += _all_entries(window)
        answers.write(json.dumps(found, ensure_ascii=False))
        answers.flush()
        window.set_modified(False)
        window.close()


if __name__ == "__main__":
    sys.exit(main())
