"""Wait for a dialog of DataLab's window to be closed."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TypeVar

from datalab_workspace.errors import DataLabError, NoAnswerError
from datalab_workspace.progress import PATIENCE, is_visible

T = TypeVar("T")

#: Seconds of one request that waits.
_TURN = 5.0


class DialogOpenError(DataLabError):
    """A modal dialog is open in DataLab's window, and nothing was done.

    Args:
        title: The title of the dialog.
    """

    def __init__(self, title: str) -> None:
        super().__init__(f"a dialog is open in DataLab's window: {title!r}")
        self.title = title


def wait_for_dialogs(
    send: Callable[[], T], ready: Callable[[float], str | None], patience: float
) -> T:
    """Send a request, and again once the dialog that prevents it is closed.

    A line on stderr says what it waits for.

    Args:
        send: Sends the request.
        ready: Waits for some seconds; returns the title of the dialog that is still
            open, or None.
        patience: Seconds to wait.

    Raises:
        NoAnswerError: The dialog is still open; nothing was done.
    """
    start, said = time.monotonic(), False
    while True:
        try:
            return send()
        except DialogOpenError as error:
            title: str | None = error.title
        while title is not None:
            waited = time.monotonic() - start
            if waited >= patience:
                raise NoAnswerError(
                    f"the dialog {title!r} has been open in DataLab's window for "
                    f"{patience:.3g} s; close it and repeat the call (nothing was done)"
                )
            if waited >= PATIENCE and not said and is_visible():
                said = True
                sys.stderr.write(
                    f"waiting until the dialog {title!r} in DataLab's window is closed"
                    "\n"
                )
            until_said = _TURN if said else PATIENCE
            title = ready(max(0.05, min(until_said, patience - waited)))
