"""The names of version 0.2 that can still be imported, with a DeprecationWarning.

`datalab_kernel` itself has them, and its modules `workspace`, `plotter`, `discovery`
and `backends`. DataLab imports this package at its start, so nothing is imported here
until a name is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def old_names(
    module: str,
    new_homes: Mapping[str, str],
    gone: Mapping[str, str] | None = None,
) -> Callable[[str], Any]:
    """Return the function `__getattr__` of a module of version 0.2.

    Args:
        module: Full name of the module.
        new_homes: The module that has each name now; followed by a colon and the new
            name if it has another one.
        gone: What to use instead of each name that no longer exists.
    """

    def get(name: str) -> Any:
        if gone is not None and name in gone:
            raise ImportError(
                f"{module}.{name} no longer exists; use {gone[name]} instead"
            )
        if name not in new_homes:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        home, _, renamed = new_homes[name].partition(":")
        new = f"{home}.{renamed or name}"
        _warn(f"{module}.{name}", new)
        return getattr(import_module(home), renamed or name)

    return get


def _warn(old: str, new: str) -> None:
    from datalab_workspace.validation import warn_of_old

    warn_of_old(old, new)
