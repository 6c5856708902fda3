"""What goes wrong between here and a server, in the same words on every platform."""

from __future__ import annotations

from datalab_workspace.errors import (
    ConnectionLostError,
    DataLabError,
    NoAnswerError,
)

RETRY = "check that DataLab still runs, then try again"


def named(method: str, path: str) -> str:
    """Return what to call a request: without its query."""
    return f"{method} {path.partition('?')[0]:.200}"


def silent(url: str, what: str, seconds: float, hint: str = "") -> NoAnswerError:
    """Return the error for a server that did not answer in time."""
    return NoAnswerError(
        f"DataLab at {url} did not answer {what} within {seconds:g} s; it is busy, "
        f"or a box is open in its window: close it, then try again{hint}"
    )


def broken(url: str, what: str, reason: str) -> ConnectionLostError:
    """Return the error for a connection that ended in the middle."""
    return ConnectionLostError(
        f"the connection to DataLab at {url} broke during {what} ({reason}); what was "
        f"asked may have been done or not: {RETRY}"
    )


def redirected(url: str) -> DataLabError:
    """Return the error for a server that refers to another one."""
    return DataLabError(
        f"{url} redirects to another address, which is not followed; "
        "give the address of DataLab itself"
    )


def too_large(url: str, size: int, limit: int) -> DataLabError:
    """Return the error for an answer that no DataLab would give."""
    return DataLabError(
        f"{url} answers with {size} bytes or more, which is beyond the limit of "
        f"{limit}; is it DataLab?"
    )
