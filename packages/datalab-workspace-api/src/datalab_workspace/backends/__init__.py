"""Backends: where the objects of a workspace are kept, and the contract they obey.

The workspace brings two, `MemoryBackend` and the one for a running DataLab. Another
package can write one: subclass `Backend`, declare its `Capabilities`, pass it to
``Workspace(backend=…)``, and prove it with `datalab_workspace.testing`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datalab_workspace.backends.base import (
        Backend,
        BackendStatus,
        BroughtHome,
        Capabilities,
        Entry,
        Observation,
        PanelGroup,
        Resynced,
    )
    from datalab_workspace.backends.memory import MemoryBackend
    from datalab_workspace.model.description import Summary
    from datalab_workspace.model.project import Group
    from datalab_workspace.model.record import KINDS, PendingRecord, Record

_HOME = {
    **dict.fromkeys(
        (
            "Backend",
            "BackendStatus",
            "BroughtHome",
            "Capabilities",
            "Entry",
            "Observation",
            "PanelGroup",
            "Resynced",
        ),
        "backends.base",
    ),
    "MemoryBackend": "backends.memory",
    "Summary": "model.description",
    "Group": "model.project",
    **dict.fromkeys(("KINDS", "PendingRecord", "Record"), "model.record"),
}

__all__ = [
    "KINDS",
    "Backend",
    "BackendStatus",
    "BroughtHome",
    "Capabilities",
    "Entry",
    "Group",
    "MemoryBackend",
    "Observation",
    "PanelGroup",
    "PendingRecord",
    "Record",
    "Resynced",
    "Summary",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"datalab_workspace.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
