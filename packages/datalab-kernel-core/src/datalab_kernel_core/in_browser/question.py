"""The question of the browser before a page with unsaved objects is left.

The objects of a kernel in a page end with the page. The front end can ask only by code
in the page, which anywidget brings there. To import anywidget takes seconds in a page,
so its message is written here. Without anywidget in the site, nothing is asked.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module, metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datalab_kernel_core.lazy import is_unused
from datalab_workspace.runtime import is_installed

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from datalab_workspace import Workspace

#: The version of the protocol of Jupyter widgets.
_PROTOCOL = "2.1.0"
_TARGET = "jupyter.widget"


def install(shell: InteractiveShell, workspace: Callable[[], Workspace]) -> None:
    """Let the browser ask while the workspace of a shell has unsaved objects.

    Args:
        shell: The shell.
        workspace: Returns the workspace, or a proxy of one that is not in use yet.
    """
    if not (is_installed("anywidget") and is_installed("comm")):
        return
    question = _Question()

    def after_cell(*_: object) -> None:
        question.ask(is_unsaved(workspace()))

    events: Any = shell.events  # IPython's own methods are not typed
    events.register("post_run_cell", after_cell)


def is_unsaved(workspace: Workspace) -> bool:
    """Return whether objects of a workspace would end with the page."""
    if is_unused(workspace) or workspace.backend.location is not None:
        return False
    from datalab_workspace.recovery.autosave_calls import is_saving

    session = workspace._session  # noqa: SLF001  of the same project
    return bool(workspace.modified and workspace.list() and not is_saving(session))


class _Question:
    """The half of the question that is in the kernel; it begins when it is needed."""

    def __init__(self) -> None:
        self._comm: Any = None
        self._unsaved = False

    def ask(self, unsaved: bool) -> None:
        """Let the browser ask from now on, or no longer."""
        if unsaved == self._unsaved:
            return
        self._unsaved = unsaved
        if self._comm is not None:
            state = {"unsaved": unsaved}
            self._comm.send({"method": "update", "state": state, "buffer_paths": []})
            return
        comm = import_module("comm")
        if "ipywidgets" not in sys.modules:  # which does it, too
            # Otherwise, xeus-python sends nothing.
            comm.get_comm_manager().register_target(_TARGET, _refuse)
        self._comm = comm.create_comm(
            target_name=_TARGET,
            data={"state": {**_model(), "unsaved": unsaved}, "buffer_paths": []},
            metadata={"version": _PROTOCOL},
        )


def _refuse(comm: Any, _message: Any) -> None:
    """Close a comm that the page opens: the widgets are all made here."""
    comm.close()


def _model() -> dict[str, Any]:
    """Return the state of a widget of anywidget that is not shown."""
    major, minor, *_ = metadata.version("anywidget").split(".")
    version = f"~{major}.{minor}.*"
    return {
        "_model_module": "anywidget",
        "_model_module_version": version,
        "_model_name": "AnyModel",
        "_view_module": "anywidget",
        "_view_module_version": version,
        "_view_name": "AnyView",
        "_anywidget_id": f"{__name__}.Question",
        "_esm": Path(__file__).with_name("question.js").read_text(encoding="utf-8"),
    }
