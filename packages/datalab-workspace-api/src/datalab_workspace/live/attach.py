"""Choose the running DataLab that a workspace attaches to."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from datalab_workspace.backends.base import Backend
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.errors import LiveError, LiveUnavailableError, NoAnswerError
from datalab_workspace.live import advice
from datalab_workspace.live.discovery import WITHIN, locate, search, wanted_mode
from datalab_workspace.live.endpoint import Endpoint, Search, describe
from datalab_workspace.live.processes import is_running
from datalab_workspace.live.transport.address import host_and_port
from datalab_workspace.live.transport.token import Token
from datalab_workspace.live.webapi_settings import of_running_datalab
from datalab_workspace.runtime import IN_BROWSER
from datalab_workspace.validation import warn_caller

if TYPE_CHECKING:
    from datalab_workspace.live.backend import LiveBackend
    from datalab_workspace.live.companion.backend import CompanionBackend

#: A backend that keeps its objects in a running DataLab.
AttachableBackend: TypeAlias = "LiveBackend | CompanionBackend"

#: What attaches a DataLab if there is no workspace yet, and if there is one.
_NEW = "datalab_workspace.connect"
_LEAVE = "disconnect(), then connect"


def backend_of_choice() -> tuple[Backend, tuple[str, ...]]:
    """Return the backend of a new workspace, and notes on the attempts that failed.

    Raises:
        LiveUnavailableError: The environment names a DataLab or asks for live mode, and
            none can be attached (a `ConnectionError`).
        ValueError: The environment asks for an unknown mode.
    """
    mode = wanted_mode()
    if mode == "standalone":
        return MemoryBackend(), ("DATALAB_KERNEL_MODE=standalone",)
    end = time.monotonic() + WITHIN
    searched = search(default=False)
    notes = searched.notes
    if searched.only is not None:
        try:
            return _checked(searched.only, end), notes
        except LiveError as error:
            notes = (*notes, f"by the {searched.only.how}: {error}")
    elif searched.found:
        notes = (*notes, _several(searched.found))
    reasons = "; ".join(notes) or "no DataLab of this user is running"
    if searched.named:
        raise LiveUnavailableError(
            f"the DataLab that DATALAB_WORKSPACE_URL names cannot be attached: "
            f"{reasons}{_others(searched.others, _NEW)}; {advice.USE_VARIABLE}"
        )
    if mode == "live":
        raise LiveUnavailableError(
            f"DATALAB_KERNEL_MODE=live, but no DataLab can be attached: {reasons}"
        )
    if searched.found:
        warn_caller(
            f"not attached to DataLab, working in memory: {'; '.join(notes)}",
            UserWarning,
        )
    return MemoryBackend(), notes


def _checked(endpoint: Endpoint, end: float) -> AttachableBackend:
    """Return a backend, after making sure that the token is accepted.

    If DataLab is busy, the first use of the workspace waits for it instead.
    """
    backend = backend_at(endpoint)
    try:
        if endpoint.answered:
            backend.check(max(0.1, end - time.monotonic()))
    except NoAnswerError:
        backend.close()
        return backend_at(replace(endpoint, answered=False))
    except BaseException:
        backend.close()
        raise
    return backend


def backend_at(endpoint: Endpoint) -> AttachableBackend:
    """Return a backend that keeps its objects in the DataLab at an endpoint.

    DataLab's own protocols are used only if it has no companion.

    Raises:
        LiveUnavailableError: It has no protocol that this package knows.
    """
    if endpoint.companion_url is not None:
        from datalab_workspace.live.companion.backend import CompanionBackend

        return CompanionBackend(endpoint)
    if endpoint.url is None and endpoint.xmlrpc_port is None:
        raise LiveUnavailableError(
            f"{describe(endpoint)} has not started its Web API: start it there (File > "
            "Web API)"
        )
    from datalab_workspace.live.backend import LiveBackend
    from datalab_workspace.live.connection import Connection

    return LiveBackend(Connection(endpoint))


def find_endpoint(url: str | None, token: Token | None) -> Endpoint:
    """Return the endpoint that `Workspace.connect` attaches to.

    Raises:
        LiveError: There is no DataLab, or it does not answer, or there are several (a
            `ConnectionError`).
    """
    if url is not None:
        return locate(url, token)
    searched = search()
    if len(searched.found) > 1:
        raise LiveUnavailableError(_several(searched.found))
    found = searched.only or searched.default
    if found is None:
        raise LiveUnavailableError(
            f"no running DataLab was found{_reasons(searched)}"
            f"{_others(searched.others)}; start DataLab and its Web API (File > Web "
            "API), or pass its url"
        )
    if token is None or found.url is None:
        return found
    return locate(found.url, token)


def find_again(before: Endpoint) -> Endpoint:
    """Return the endpoint of a DataLab that may have been restarted.

    If it ran on this machine and has ended, and exactly one other DataLab of this user
    runs, that one is treated as its successor.

    Raises:
        LiveError: It is not found (a `ConnectionError`).
    """
    problem: LiveError | None = None
    if before.how in ("url", "default port") and before.url is not None:
        try:
            return _with_current_token(locate(before.url, before.token))
        except LiveError as error:
            problem = error
        searched = search(default=False, all=True)
        reason = str(problem)
    else:
        searched = search(default=False)
        found = [each for each in searched.found if each.is_same(before)]
        found += [searched.only] if searched.only is not None else []
        if found:
            return _with_current_token(found[0])
        reason = "; ".join(searched.notes)
    running = [*searched.found, *searched.others]
    if len(running) == 1 and before.is_local and _has_ended(before, problem):
        return running[0]
    because = f" ({reason})" if reason else ""
    raise LiveUnavailableError(
        f"DataLab was not found again{because}{_others(running, _LEAVE)}; start it, "
        "or call disconnect() to continue in memory"
    )


def _with_current_token(endpoint: Endpoint) -> Endpoint:
    """Return the endpoint with the token that a restarted DataLab left in its file."""
    if endpoint.url is None:
        return endpoint
    running = of_running_datalab(host_and_port(endpoint.url))
    if running is None or running.token is None:
        return endpoint
    return replace(endpoint, token=running.token)


def _has_ended(before: Endpoint, problem: LiveError | None) -> bool:
    if isinstance(problem, NoAnswerError):
        return False
    # On Windows, it is not known which processes run.
    return before.pid is None or os.name == "nt" or not is_running(before.pid)


def running_datalabs() -> tuple[str, ...]:
    """Return a sentence for each DataLab that a workspace could attach to."""
    # A browser would ask its user for permission.
    searched = search(default=not IN_BROWSER, all=True)
    running = (*searched.found, *searched.others)
    # Only then does connect() need no URL.
    alone = len(running) == 1 and bool(searched.found)
    sentences = [
        f"{describe(each)} is yours{'' if each.answered else ' and busy'}; "
        f"connect({'' if alone else repr(each.address)}) attaches it"
        for each in running
    ]
    if searched.default is not None:
        place = describe(searched.default)
        return (f"{place} may not be yours; connect() attaches it",)
    return (*(() if searched.found else searched.notes), *sentences)


def _several(found: Sequence[Endpoint]) -> str:
    places = ", ".join(map(describe, found))
    return (
        f"{len(found)} of your DataLabs are running ({places}); choose one with "
        "connect(url)"
    )


def _others(others: Sequence[Endpoint], connect: str = "connect") -> str:
    """Return the part of an error message that names the DataLabs that do run.

    Args:
        others: The DataLabs.
        connect: The function that attaches one of them.
    """
    if not others:
        return ""
    places = " and ".join(each.address for each in others)
    if len(others) == 1:
        way = f"{connect}({others[0].address!r})"
        return f"; but one of your DataLabs answers at {places}: {way}"
    count = len(others)
    return f"; but {count} of your DataLabs answer at {places}: {connect}(url)"


def _reasons(searched: Search) -> str:
    return f" ({'; '.join(searched.notes)})" if searched.notes else ""
