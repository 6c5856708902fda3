"""Turn an exception into the failure of an item."""

from __future__ import annotations

import traceback
from pathlib import Path

from datalab_workspace.batch.messages import ItemFailure

#: The folder of the frames between a worker and the chain. Modules in an archive have
#: no `__file__`.
_OWN = Path((lambda: None).__code__.co_filename).parent
#: The longest message and traceback that a receipt carries.
_LONGEST_MESSAGE = 2_000
_LONGEST_TRACEBACK = 20_000


def failure_of_error(error: BaseException) -> ItemFailure:
    """Return an exception as text.

    Args:
        error: The exception. It may be one whose string raises an error itself.
    """
    try:
        message = str(error)
    except Exception:  # noqa: BLE001  a class of the user
        message = "the error has no message"
    report = traceback.TracebackException.from_exception(error)
    own = 0
    for frame in report.stack:
        if _OWN not in Path(frame.filename).parents:
            break
        own += 1
    # An error of our own code keeps its frames.
    if own < len(report.stack):
        del report.stack[:own]
    text = "".join(report.format())
    return ItemFailure(
        type(error).__name__,
        message[:_LONGEST_MESSAGE],
        text[-_LONGEST_TRACEBACK:],
    )
