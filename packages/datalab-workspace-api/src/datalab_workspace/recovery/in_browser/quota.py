"""The free space in the storage of a web site.

When the storage is full, JupyterLite does not reply, and its kernel then waits forever.
The browser reports the space between two cells only, so the last report counts.
Chromium reports 10 GiB, even if the disk has less.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from datalab_workspace.live.transport.javascript import javascript

#: MiB to leave to the notebook and the page.
_RESERVE = 8
# In MiB: pyjs passes on numbers of 32 bits.
_ASK = (
    "self.navigator?.storage?.estimate?.().then("
    "e => { self.datalabFreeMiB = Math.min(Math.floor((e.quota - e.usage) / 2**20), "
    "2**20); }, () => {})"
)


def ask() -> None:
    """Let the browser report the free space as soon as no cell runs."""
    scope = _scope()
    if scope is not None:
        scope.eval(_ASK)


def free_bytes() -> int | None:
    """Return the bytes that may be stored; None if the browser has not reported it."""
    scope = _scope()
    free = None if scope is None else getattr(scope, "datalabFreeMiB", None)
    return max(0, int(free) - _RESERVE) << 20 if isinstance(free, int | float) else None


@cache
def _scope() -> Any:
    """Return the global object of the page's worker; None outside of a browser."""
    try:
        return javascript().scope
    except ImportError:
        return None
