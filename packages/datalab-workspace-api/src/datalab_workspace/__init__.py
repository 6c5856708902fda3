"""DataLab's signals and images in any Python program.

    import datalab_workspace as dlw
    import numpy as np

    ws = dlw.Workspace()
    ws.add("noise", np.random.standard_normal(1000))
    ws.save("analysis.h5")

Public names are imported when they are first used, so that importing this package costs
nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datalab_workspace._version import __version__
    from datalab_workspace.description import (
        Description,
        GroupInfo,
        Listing,
        Status,
        WorkspaceMode,
    )
    from datalab_workspace.errors import (
        ConnectionLostError,
        DamagedFileError,
        DataLabError,
        FeatureNotFoundError,
        FileChangedError,
        InvalidNameError,
        LiveError,
        LiveUnavailableError,
        NameConflictError,
        NoAnswerError,
        NotAProjectError,
        ObjectNotFoundError,
        StaleFileError,
        TokenError,
        UnreachableError,
        UnsafeFileError,
        UnsupportedDtypeError,
        UnsupportedMetadataError,
        UnsupportedObjectError,
        WorkspaceError,
    )
    from datalab_workspace.record import Record
    from datalab_workspace.workspace import Workspace
    from datalab_workspace.workspace import open_project as open

_HOME = {
    "__version__": "_version",
    **dict.fromkeys(
        ("Description", "GroupInfo", "Listing", "Status", "WorkspaceMode"),
        "description",
    ),
    **dict.fromkeys(
        (
            "ConnectionLostError",
            "DamagedFileError",
            "DataLabError",
            "FeatureNotFoundError",
            "FileChangedError",
            "InvalidNameError",
            "LiveError",
            "LiveUnavailableError",
            "NameConflictError",
            "NoAnswerError",
            "NotAProjectError",
            "ObjectNotFoundError",
            "StaleFileError",
            "TokenError",
            "UnreachableError",
            "UnsafeFileError",
            "UnsupportedDtypeError",
            "UnsupportedMetadataError",
            "UnsupportedObjectError",
            "WorkspaceError",
        ),
        "errors",
    ),
    "Record": "record",
    "Workspace": "workspace",
    "open": "workspace:open_project",
}

__all__ = [
    "ConnectionLostError",
    "DamagedFileError",
    "DataLabError",
    "Description",
    "FeatureNotFoundError",
    "FileChangedError",
    "GroupInfo",
    "InvalidNameError",
    "Listing",
    "LiveError",
    "LiveUnavailableError",
    "NameConflictError",
    "NoAnswerError",
    "NotAProjectError",
    "ObjectNotFoundError",
    "Record",
    "StaleFileError",
    "Status",
    "TokenError",
    "UnreachableError",
    "UnsafeFileError",
    "UnsupportedDtypeError",
    "UnsupportedMetadataError",
    "UnsupportedObjectError",
    "Workspace",
    "WorkspaceError",
    "WorkspaceMode",
    "__version__",
    "open",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, attribute = _HOME[name].partition(":")
    return getattr(import_module(f"{__name__}.{module}"), attribute or name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
