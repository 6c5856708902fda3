"""Choose the running DataLab that a workspace attaches to."""

from __future__ import annotations

import time
import warnings
from typing import TYPE_CHECKING

from datalab_workspace.backends.base import Backend
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.errors import LiveError, LiveUnavailableError
from datalab_workspace.live.discovery import (
    WITHIN,
    Endpoint,
    Search,
    locate,
    search,
    wanted_mode,
)
from datalab_workspace.live.transport.token import Token
from datalab_workspace.runtime import IN_BROWSER

if TYPE_CHECKING:
    from datalab_workspace.live.backend import LiveBackend


def backend_of_choice() -> tuple[Backend, tuple[str, ...]]:
    """Return the backend of a new workspace, and notes on the attempts that failed.

    Raises:
        LiveUnavailableError: The environment asks for live mode, and no DataLab can be
            attached (a `ConnectionError`).
        ValueError: The environment asks for an unknown mode.
    """
    mode = wanted_mode()
    if mode == "standalone":
        return MemoryBackend(), ("DATALAB_KERNEL_MODE=standalone",)
    end = time.monotonic() + WITHIN
    searched = search(default=False)
    notes = searched.notes
    if searched.found is not None:
        backend = backend_at(searched.found)
        try:
            backend.check(max(0.1, end - time.monotonic()))
        except LiveError as error:
            backend.close()
            notes = (*notes, f"by the {searched.found.how}: {error}")
        else:
            return backend, notes
    if mode == "live":
        raise LiveUnavailableError(
            "DATALAB_KERNEL_MODE=live, but no DataLab can be attached: "
            + ("; ".join(notes) or "no DataLab of this user is running")
        )
    if searched.named or searched.found is not None:
        warnings.warn(
            f"not attached to DataLab, working in memory: {'; '.join(notes)}",
            stacklevel=3,
        )
    return MemoryBackend(), notes


def backend_at(endpoint: Endpoint) -> LiveBackend:
    """Return a backend that keeps its objects in the DataLab at an endpoint."""
    from datalab_workspace.live.backend import LiveBackend
    from datalab_workspace.live.connection import Connection

    return LiveBackend(Connection(endpoint))


def find_endpoint(url: str | None, token: Token | None) -> Endpoint:
    """Return the endpoint that `Workspace.connect` attaches to.

    Raises:
        LiveError: There is no DataLab, or it does not answer (a `ConnectionError`).
    """
    if url is not None:
        return locate(url, token)
    searched = search()
    found = searched.found or searched.default
    if found is None:
        raise LiveUnavailableError(
            f"no running DataLab was found{_reasons(searched)}; start DataLab and its "
            "Web API (File > Web API), or pass its url and token"
        )
    if token is None or found.url is None:
        return found
    return locate(found.url, token)


def find_again(before: Endpoint) -> Endpoint:
    """Return the endpoint of a DataLab that may have been restarted.

    Raises:
        LiveError: It is not found (a `ConnectionError`).
    """
    if before.how in ("url", "default port") and before.url is not None:
        return locate(before.url, before.token)
    searched = search(default=False)
    if searched.found is None:
        raise LiveUnavailableError(
            f"DataLab was not found again{_reasons(searched)}; start it, or call "
            "disconnect() to continue in memory"
        )
    return searched.found


def running_datalabs() -> tuple[str, ...]:
    """Return a sentence for each DataLab that a workspace could attach to."""
    # A browser would ask its user for permission.
    searched = search(default=not IN_BROWSER)
    if searched.found is not None:
        return (f"{describe(searched.found)} is yours; connect() attaches it",)
    if searched.default is not None:
        place = describe(searched.default)
        return (f"{place} may not be yours; connect() attaches it",)
    return searched.notes


def describe(endpoint: Endpoint) -> str:
    """Return an endpoint as people read it: ``DataLab 1.3.0 at http://…``."""
    place = endpoint.url or f"XML-RPC port {endpoint.xmlrpc_port}"
    return f"DataLab {endpoint.version} at {place}"


def _reasons(searched: Search) -> str:
    return f" ({'; '.join(searched.notes)})" if searched.notes else ""
