"""Advice in error messages, which depends on what can be done where this runs."""

from __future__ import annotations

from datalab_workspace.runtime import IN_BROWSER


def give_token(url: str) -> str:
    """Return what to do about a DataLab that needs another token."""
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


def use_xmlrpc(what: str, url: str | None) -> str:
    """Return the message about an operation that needs XML-RPC without a known port.

    Args:
        what: The operation.
        url: The URL by which DataLab is attached.
    """
    if not IN_BROWSER:
        return (
            f"{what} needs DataLab's XML-RPC server, whose port is not known: set "
            "DATALAB_XMLRPCPORT to it, on DataLab's machine, and call resync()"
        )
    return (
        f"{what} is not possible through DataLab's Web API, and a page has no other "
        "way: it is possible if datalab-kernel is installed in DataLab and the "
        f"workspace has the token; call disconnect(), ask_token({url!r}) and connect()"
    )
