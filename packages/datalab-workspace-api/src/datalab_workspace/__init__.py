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
    from datalab_workspace import batch
    from datalab_workspace._version import __version__
    from datalab_workspace.batch.errors import (
        BatchStoppedError,
        RunExistsError,
        RunLockedError,
    )
    from datalab_workspace.errors import (
        AmbiguousObjectError,
        ConcurrentChangeError,
        ConnectionLostError,
        DamagedFileError,
        DamagedFileWarning,
        DataLabError,
        DoubtfulResultWarning,
        ExportError,
        FeatureNotFoundError,
        FileChangedError,
        InterruptedChangeError,
        InvalidNameError,
        LiveError,
        LiveUnavailableError,
        NameConflictError,
        NoAnswerError,
        NotAProjectError,
        NothingToUndoError,
        NotReplayableError,
        NotSupportedByProtocolError,
        ObjectNotFoundError,
        ReusedNameError,
        StaleFileError,
        TokenError,
        UnreachableError,
        UnreadableFileError,
        UnsafeFileError,
        UnsupportedDtypeError,
        UnsupportedMetadataError,
        UnsupportedObjectError,
        WorkspaceError,
    )
    from datalab_workspace.events import ChangeEvent, ObjectChange, Origin
    from datalab_workspace.factories import connect
    from datalab_workspace.factories import open_project as open
    from datalab_workspace.history.replay.verdict import Replay
    from datalab_workspace.history.view.history import History
    from datalab_workspace.model.description import (
        Description,
        GroupInfo,
        Listing,
        Status,
        WorkspaceMode,
    )
    from datalab_workspace.model.record import Record
    from datalab_workspace.results_table import Results, ResultValue
    from datalab_workspace.subscriptions import Subscription
    from datalab_workspace.workspace import Workspace

_HOME = {
    "__version__": "_version",
    **dict.fromkeys(
        ("Description", "GroupInfo", "Listing", "Status", "WorkspaceMode"),
        "model.description",
    ),
    **dict.fromkeys(
        (
            "AmbiguousObjectError",
            "ConcurrentChangeError",
            "ConnectionLostError",
            "DamagedFileError",
            "DamagedFileWarning",
            "DataLabError",
            "DoubtfulResultWarning",
            "ExportError",
            "FeatureNotFoundError",
            "FileChangedError",
            "InterruptedChangeError",
            "InvalidNameError",
            "LiveError",
            "LiveUnavailableError",
            "NameConflictError",
            "NoAnswerError",
            "NotAProjectError",
            "NotReplayableError",
            "NotSupportedByProtocolError",
            "NothingToUndoError",
            "ObjectNotFoundError",
            "ReusedNameError",
            "StaleFileError",
            "TokenError",
            "UnreachableError",
            "UnreadableFileError",
            "UnsafeFileError",
            "UnsupportedDtypeError",
            "UnsupportedMetadataError",
            "UnsupportedObjectError",
            "WorkspaceError",
        ),
        "errors",
    ),
    **dict.fromkeys(
        ("BatchStoppedError", "RunExistsError", "RunLockedError"), "batch.errors"
    ),
    **dict.fromkeys(("ChangeEvent", "ObjectChange", "Origin"), "events"),
    "History": "history.view.history",
    "Replay": "history.replay.verdict",
    "Record": "model.record",
    **dict.fromkeys(("ResultValue", "Results"), "results_table"),
    "Subscription": "subscriptions",
    "Workspace": "workspace",
    "connect": "factories",
    "open": "factories:open_project",
}

__all__ = [
    "AmbiguousObjectError",
    "BatchStoppedError",
    "ChangeEvent",
    "ConcurrentChangeError",
    "ConnectionLostError",
    "DamagedFileError",
    "DamagedFileWarning",
    "DataLabError",
    "Description",
    "DoubtfulResultWarning",
    "ExportError",
    "FeatureNotFoundError",
    "FileChangedError",
    "GroupInfo",
    "History",
    "InterruptedChangeError",
    "InvalidNameError",
    "Listing",
    "LiveError",
    "LiveUnavailableError",
    "NameConflictError",
    "NoAnswerError",
    "NotAProjectError",
    "NotReplayableError",
    "NotSupportedByProtocolError",
    "NothingToUndoError",
    "ObjectChange",
    "ObjectNotFoundError",
    "Origin",
    "Record",
    "Replay",
    "ResultValue",
    "Results",
    "ReusedNameError",
    "RunExistsError",
    "RunLockedError",
    "StaleFileError",
    "Status",
    "Subscription",
    "TokenError",
    "UnreachableError",
    "UnreadableFileError",
    "UnsafeFileError",
    "UnsupportedDtypeError",
    "UnsupportedMetadataError",
    "UnsupportedObjectError",
    "Workspace",
    "WorkspaceError",
    "WorkspaceMode",
    "__version__",
    "batch",
    "connect",
    "open",
]


def __getattr__(name: str) -> Any:
    if name == "batch":
        return import_module(f"{__name__}.batch")
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, attribute = _HOME[name].partition(":")
    return getattr(import_module(f"{__name__}.{module}"), attribute or name)


def __dir__() -> list[str]:
    return sorted(__all__)
