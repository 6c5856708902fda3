"""The changes that the menu of a panel makes, all by public calls of the workspace."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from datalab_kernel_core.display.short_text import count, shorten

if TYPE_CHECKING:
    from datalab_workspace import Workspace

#: The largest number of objects that one message may name.
_MOST = 100_000


def carry_out(
    workspace: Workspace, action: str, content: Mapping[str, Any], uuids: Sequence[str]
) -> str:
    """Carry out an action of the menu.

    Args:
        workspace: The workspace.
        action: Name of the action.
        content: The message, which has the arguments.
        uuids: UUIDs of the objects that are concerned.

    Returns:
        What has been done, in a few words, and the warnings of the call.

    Raises:
        ValueError: There is no such action.
        Exception: Any error of the call of the workspace.
    """
    function = _ACTIONS.get(action)
    if function is None:
        raise ValueError(f"expected an action of the menu, got {action!r:.40}")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        done = function(workspace, content, uuids)
    return "; ".join([done, *(str(warning.message) for warning in caught)])


def objects_of(content: Mapping[str, Any]) -> list[str]:
    """Return the UUIDs of the objects that a message names."""
    return [str(uuid) for uuid in list(content.get("uuids", ()))[:_MOST]]


def _rename(
    workspace: Workspace, content: Mapping[str, Any], uuids: Sequence[str]
) -> str:
    (uuid,) = uuids
    name = str(content["name"])
    workspace.rename(uuid, name)
    return f"renamed to {shorten(name)}"


def _rename_group(
    workspace: Workspace, content: Mapping[str, Any], _uuids: Sequence[str]
) -> str:
    kind, _, title = str(content["group"]).partition(":")
    name = str(content["name"])
    workspace.rename_group(title, name, kind="image" if kind == "image" else "signal")
    return f"group renamed to {shorten(name)}"


def _remove(
    workspace: Workspace, _content: Mapping[str, Any], uuids: Sequence[str]
) -> str:
    workspace.remove(*uuids)
    return f"removed {count(len(uuids), 'object')}"


def _move(
    workspace: Workspace, content: Mapping[str, Any], uuids: Sequence[str]
) -> str:
    group = str(content["name"])
    workspace.move(uuids, group)
    return f"moved {count(len(uuids), 'object')} to {shorten(group)}"


def _export(
    workspace: Workspace, content: Mapping[str, Any], uuids: Sequence[str]
) -> str:
    path = str(content["name"])
    if len(uuids) == 1:
        workspace.export(uuids[0], path)
    else:
        workspace.export(uuids, path)
    return f"exported {count(len(uuids), 'object')} to {shorten(path)}"


def _show(
    workspace: Workspace, _content: Mapping[str, Any], uuids: Sequence[str]
) -> str:
    workspace.show(uuids[0])
    return "shown in DataLab"


def _select(
    workspace: Workspace, _content: Mapping[str, Any], uuids: Sequence[str]
) -> str:
    workspace.select(uuids)
    return f"selected {count(len(uuids), 'object')}"


def _undo(
    workspace: Workspace, _content: Mapping[str, Any], _uuids: Sequence[str]
) -> str:
    workspace.undo()
    return "the last change is undone"


def _refresh(
    workspace: Workspace, _content: Mapping[str, Any], _uuids: Sequence[str]
) -> str:
    workspace.list()  # which looks at DataLab
    return ""


_ACTIONS: dict[str, Callable[[Any, Mapping[str, Any], Sequence[str]], str]] = {
    "rename": _rename,
    "rename group": _rename_group,
    "remove": _remove,
    "move": _move,
    "export": _export,
    "show": _show,
    "select": _select,
    "undo": _undo,
    "refresh": _refresh,
}
