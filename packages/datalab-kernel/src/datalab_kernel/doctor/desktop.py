"""A check for a running DataLab to which workspaces would attach."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from datalab_kernel.doctor.findings import Finding

if TYPE_CHECKING:
    from datalab_workspace.live.discovery import Endpoint, Mode, Search

_START = "start DataLab and its Web API (File > Web API)"


def check() -> Iterator[Finding]:
    """Search for a DataLab as a workspace does; show no token."""
    try:
        from datalab_workspace.live.discovery import search, wanted_mode

        mode = wanted_mode()
    except (ImportError, ValueError) as error:
        yield Finding("error", f"a workspace cannot be created: {error}")
        return
    if mode == "standalone":
        yield Finding(
            "note", "workspaces are standalone, as DATALAB_KERNEL_MODE requires"
        )
        return
    yield from _findings(search(), mode)


def _findings(searched: Search, mode: Mode) -> Iterator[Finding]:
    for note in searched.notes:
        yield Finding("warn", note, _START)
    if searched.only is not None:
        yield Finding("ok", f"workspaces attach to {_described(searched.only)}")
    elif searched.found:
        yield Finding(
            "warn",
            f"{len(searched.found)} of your DataLabs are running: workspaces do not "
            "choose one of them",
            "pass its URL to workspace.connect(url), or set DATALAB_WORKSPACE_URL",
        )
    elif searched.named:
        yield Finding(
            "error",
            "the DataLab that DATALAB_WORKSPACE_URL names does not answer: creating a "
            "workspace fails",
            f"{_START}, or unset the variable",
        )
    elif mode == "live":
        yield Finding(
            "error", "DATALAB_KERNEL_MODE=live, but no DataLab is running", _START
        )
    else:
        yield Finding("note", "your DataLab is not running: workspaces are standalone")
    several = searched.found if searched.only is None else ()
    for endpoint in (*several, *searched.others):
        yield Finding("note", f"{_described(endpoint)} is running")
    if searched.default is not None:
        yield Finding(
            "note",
            f"{_described(searched.default)} may be another user's; "
            "workspace.connect() attaches it",
        )


def _described(endpoint: Endpoint) -> str:
    connection = []
    if endpoint.url is not None:
        connection.append(f"Web API at {endpoint.url}")
    if endpoint.xmlrpc_port is not None:
        connection.append(f"XML-RPC port {endpoint.xmlrpc_port}")
    if endpoint.companion_url is not None:
        connection.append(f"companion at {endpoint.companion_url}")
    version = f" {endpoint.version}" if endpoint.version else ""
    return f"DataLab{version} ({', '.join(connection)})"
