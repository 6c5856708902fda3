"""Jupyter servers that outlived the DataLab window that used them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from datalab_kernel.desktop import record
from datalab_kernel.desktop.activity import Activity
from datalab_kernel.desktop.rest import GoneError, Rest

#: Seconds within which a server must answer.
_WITHIN = 2.0


@dataclass(frozen=True)
class Leftover:
    """A Jupyter server that no window uses.

    Attributes:
        record: Its address.
        activity: The notebooks and kernels that run in it.
    """

    record: record.Record
    activity: Activity


def search() -> Iterator[Leftover]:
    """Yield the servers that no window uses; remove the files of those that ended."""
    for found in record.find():
        try:
            state = Rest(found.url, found.token).ask("GET", "window", within=_WITHIN)
        except GoneError:
            found.remove()
            with suppress(OSError):
                found.log.unlink(missing_ok=True)
            continue
        except ConnectionError:  # it hangs, or something else has its port
            continue
        if not state["attached"]:
            yield Leftover(found, Activity.of(state))


def stop(leftover: Leftover) -> None:
    """Stop a server and its kernels.

    Raises:
        ConnectionError: It does not answer, or a window uses it in the meantime.
    """
    rest = Rest(leftover.record.url, leftover.record.token)
    rest.ask("POST", "stop", {"left_over": True, "detach": False}, within=_WITHIN)
