"""Advice in error messages that a page of a browser needs in other words."""

from __future__ import annotations

from datalab_workspace.backends.window import COMPANION_NEEDED
from datalab_workspace.runtime import IN_BROWSER

#: The advice for a URL in the environment that cannot be used.
USE_VARIABLE = (
    "correct it in os.environ, or delete it there to work in memory"
    if IN_BROWSER
    else "correct or unset the variable, or set DATALAB_KERNEL_MODE=standalone to work "
    "in memory"
)
#: The reason why an operation is left to the Web API. A page has no other way.
NO_XMLRPC = "" if IN_BROWSER else ", and XML-RPC, which can, is not available"


def give_token(url: str) -> str:
    """Return the advice for a DataLab that needs another token."""
    shown = "DataLab shows the token under File > Web API"
    if IN_BROWSER:
        return (
            f"{shown}: run workspace.ask_token({url!r}), type it into the field, then "
            "connect again"
        )
    return (
        f"{shown}: call workspace.ask_token({url!r}), or set DATALAB_WORKSPACE_TOKEN, "
        "then connect again"
    )


def use_xmlrpc(what: str) -> str:
    """Return the message about an operation that needs XML-RPC without a known port.

    Args:
        what: The operation.
    """
    if IN_BROWSER:  # which reaches the Web API alone
        return f"{what} needs {COMPANION_NEEDED}"
    return (
        f"{what} needs DataLab's XML-RPC server, whose port is not known: set "
        "DATALAB_XMLRPCPORT to it, on DataLab's machine, and call resync()"
    )
