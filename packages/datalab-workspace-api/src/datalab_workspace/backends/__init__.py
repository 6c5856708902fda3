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
        PanelGroup,
    )
    from datalab_workspace.backends.memory import MemoryBackend

__all__ = [
    "Backend",
    "BackendStatus",
    "BroughtHome",
    "Capabilities",
    "Entry",
    "MemoryBackend",
    "PanelGroup",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = "memory" if name == "MemoryBackend" else "base"
    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
