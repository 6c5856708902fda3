"""The errors of a transport, with the same messages on every platform."""

from __future__ import annotations

from datalab_workspace.errors import (
    ConnectionLostError,
    DataLabError,
    NoAnswerError,
)

RETRY = "check that DataLab still runs, then try again"


def rounded(seconds: float) -> str:
    """Return seconds as people read them."""
    return f"{round(seconds, 1):g}"


def no_answer(url: str, what: str, seconds: float, hint: str = "") -> NoAnswerError:
    """Return the error for a server that did not answer in time."""
    return NoAnswerError(
        f"DataLab at {url} did not answer {what} within {rounded(seconds)} s; it is "
        f"busy, or a dialog is open in its window: close it, then try again{hint}"
    )


def connection_lost(url: str, what: str, reason: str) -> ConnectionLostError:
    """Return the error for a connection that ended before the answer was complete."""
    return ConnectionLostError(
        f"the connection to DataLab at {url} broke during {what} ({reason}); DataLab "
        f"may or may not have done it: {RETRY}"
    )


def redirected(url: str) -> DataLabError:
    """Return the error for a server that refers to another address."""
    return DataLabError(
        f"{url} redirects to another address, which is not followed; "
        "give the address of DataLab itself"
    )


def too_large(url: str, size: int, limit: int) -> DataLabError:
    """Return the error for an answer that is larger than DataLab ever sends."""
    return DataLabError(
        f"{url} answers with {size} bytes or more, which is beyond the limit of "
        f"{limit}; is it DataLab?"
    )
