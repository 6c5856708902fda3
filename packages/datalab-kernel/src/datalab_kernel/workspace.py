"""The names of the module `workspace` of version 0.2; deprecated."""

from __future__ import annotations

from datalab_kernel.deprecated import old_names

__getattr__ = old_names(
    __name__,
    {"Workspace": "datalab_workspace", "WorkspaceMode": "datalab_workspace"},
    {"WorkspaceBackend": "datalab_workspace.backends.Backend"},
)
