"""Where a workspace is to be: what the environment says about it."""

from __future__ import annotations

import os

from datalab_workspace.arguments import one_of
from datalab_workspace.errors import LiveUnavailableError

MODE_VARIABLE = "DATALAB_KERNEL_MODE"


def check_mode() -> None:
    """Make sure that the environment asks for nothing but a standalone workspace.

    Raises:
        LiveUnavailableError: It asks for live mode.
        ValueError: It asks for a mode that there is not.
    """
    mode = os.environ.get(MODE_VARIABLE, "")
    if mode in ("", "auto", "standalone"):
        return
    one_of(mode, MODE_VARIABLE, ("standalone", "live"))
    raise LiveUnavailableError(
        f"{MODE_VARIABLE}=live, but this version cannot attach to a running DataLab; "
        "unset it to work standalone"
    )
