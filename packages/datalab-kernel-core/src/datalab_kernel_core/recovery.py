"""Recovery in a kernel: record the workspace, and say what the last crash has left.

This is for the kernels of notebooks only. An IPython in a terminal that loads the
extension records nothing.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from datalab_workspace.recovery import folder
from datalab_workspace.runtime import IN_BROWSER

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from datalab_workspace import Workspace

#: The variable by which a Jupyter server names the notebook of a kernel, and the one
#: that an editor sets in the namespace.
_SERVER_VARIABLE = "JPY_SESSION_NAME"
_EDITOR_VARIABLE = "__vsc_ipynb_file__"


def install(shell: InteractiveShell) -> None:
    """Announce in the first cell what can be recovered, and pass on later warnings.

    In a browser, nothing is recorded unless the user turns autosave on, so that is
    offered. The first cell of the extension is there the one that loads it.
    """
    events: Any = shell.events  # IPython's own methods are not typed
    if IN_BROWSER:
        _announce_in_page()
        return

    def before_first_cell(*_: object) -> None:
        events.unregister("pre_run_cell", before_first_cell)
        if _is_kernel(shell):
            _announce()

    events.register("pre_run_cell", before_first_cell)
    events.register("post_run_cell", _warn)


def record(workspace: Workspace, shell: InteractiveShell | None) -> None:
    """Record the workspace of a shell until the process ends, if that is a kernel."""
    if shell is None or not _is_kernel(shell):
        return
    from datalab_workspace.recovery.start import start

    start(workspace, notebook=_notebook(shell))


def _is_kernel(shell: InteractiveShell) -> bool:
    return getattr(shell, "kernel", None) is not None


def _notebook(shell: InteractiveShell) -> str:
    """Return the path of the notebook of a kernel; "" if it is not known."""
    return str(
        shell.user_ns.get(_EDITOR_VARIABLE) or os.environ.get(_SERVER_VARIABLE, "")
    )


def _announce() -> None:
    """Write one line if a kernel has died with objects that are not restored yet."""
    parent = folder.root()
    if parent is None:
        return
    left = [each for each in folder.left_folders(parent) if not each.restored]
    if not left:
        return
    from datalab_workspace.recovery.listing import announcement

    line = announcement(left)
    if line is not None:
        sys.stdout.write(f"{line}\n")


def _announce_in_page() -> None:
    """Write what can be recovered, and that autosave is off."""
    from datalab_workspace.recovery.in_browser.offer import offer
    from datalab_workspace.recovery.in_browser.quota import ask

    ask()  # the answer comes after the cell
    _announce()
    line = offer()
    if line is not None:
        sys.stdout.write(f"{line}\n")


def _warn(*_: object) -> None:
    """Give the warnings of recovery, which come from its own thread."""
    start = sys.modules.get("datalab_workspace.recovery.start")
    if start is not None:
        start.warn()
