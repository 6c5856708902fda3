"""The names of DataLab that the companion uses and that DataLab does not document.

They exist in DataLab 1.0 to 1.3. They are checked before the companion starts: if a
later version lacks one of them, the companion stays off.
"""

from __future__ import annotations

from typing import Any

_MAIN = (
    "signalpanel",
    "imagepanel",
    "macropanel",
    "tabwidget",
    "set_current_panel",
    "set_modified",
    "SIG_CLOSING",
)
_PANEL = (
    "objmodel",
    "objview",
    "objprop",
    "acthandler",
    "plothandler",
    "processor",
    "selection_changed",
    "SIG_OBJECT_ADDED",
    "SIG_OBJECT_REMOVED",
    "SIG_REFRESH_PLOT",
    "_BaseDataPanel__separate_views",
    "get_roi_editor_output",
    "IO_REGISTRY",
)
_MODEL = ("_objects", "_groups", "add_group")
_VIEW = (
    "_SimpleObjectTree__update_item",
    "_SimpleObjectTree__add_to_group_item",
    "add_group_item",
    "get_sel_group_uuids",
    "get_sel_object_uuids",
    "SIG_SELECTION_CHANGED",
)
_PLOT = ("remove_item", "plot", "plotwidget")
_PROCESSOR = (
    "SIG_ADD_SHAPE",
    "get_feature",
    "run_feature",
    "_add_object_to_appropriate_panel",
)


def missing_name(main: Any) -> str | None:
    """Return the first name that this DataLab lacks; None if it has all of them.

    Args:
        main: DataLab's main window.
    """
    if missing := _first_missing(main, "the main window", _MAIN):
        return missing
    for panel in (main.signalpanel, main.imagepanel):
        for owner, where, names in (
            (panel, "the panel", _PANEL),
            (getattr(panel, "objmodel", None), "the panel's model", _MODEL),
            (getattr(panel, "objview", None), "the panel's tree", _VIEW),
            (getattr(panel, "plothandler", None), "the panel's plot", _PLOT),
            (getattr(panel, "processor", None), "the panel's processor", _PROCESSOR),
        ):
            if missing := _first_missing(owner, where, names):
                return missing
    return None


def _first_missing(owner: Any, where: str, names: tuple[str, ...]) -> str | None:
    for name in names:
        if not hasattr(owner, name):
            return f"{name} of {where}"
    return None
