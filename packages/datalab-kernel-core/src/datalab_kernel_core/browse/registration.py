"""The registration of the panel as what `Workspace.browse` shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datalab_workspace import panels

if TYPE_CHECKING:
    from datalab_kernel_core.browse.panel import Panel
    from datalab_workspace import Workspace
    from datalab_workspace.operations.object_list import Outline


def install() -> None:
    """Let `Workspace.browse` return a `Panel`, whose module is imported when needed."""
    panels.register(_panel)


def _panel(workspace: Workspace, outline: Outline) -> Panel:
    from datalab_kernel_core.browse.panel import Panel

    return Panel(workspace, outline)
