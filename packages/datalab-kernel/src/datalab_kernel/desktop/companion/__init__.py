"""The companion: an HTTP server inside DataLab that gives access to its objects.

`docs/protocol.md` specifies its protocol. Requests arrive in threads of the server, and
everything that touches DataLab's objects happens in the thread of its window.

* `start` starts the companion of a window;
* `lifecycle` starts and ends the companion of a window;
* `http_server` is the port of its own, and `timed_socket` keeps the time in it;
* `asgi` adds the same routes to the port of DataLab's Web API;
* `access` checks who may ask, and `dispatch` turns requests into calls;
* `exchange` is a call and its answer, and `service` answers calls;
* `discovery_file` lets programs find the port, and `log_file` has what failed.
"""

from __future__ import annotations

import logging
from typing import Any

#: The attribute of DataLab's window that says that the window has a companion.
MARKER = "_datalab_kernel_companion"


def start(main: Any) -> None:
    """Start the companion of a window, unless the window has one.

    If it cannot start, for example in a version of DataLab that it does not know, its
    log says so, and the window has no companion.

    Args:
        main: DataLab's main window, complete.
    """
    if hasattr(main, MARKER):
        return
    # Set before anything that can fail: it would fail again when the user reloads the
    # plugins.
    setattr(main, MARKER, None)
    log = logging.getLogger(__name__)
    try:
        from datalab_kernel.desktop.companion import log_file

        log_file.install(log)
        from datalab_kernel.desktop.companion.lifecycle import Companion

        setattr(main, MARKER, Companion(main))
    except Exception as error:  # noqa: BLE001  a defect must not reach the user
        kind = type(error).__name__
        log.warning("the companion does not start: %s: %s", kind, error)
