"""Values that a function must not take with it to the workers."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

_RANDOM = (np.random.Generator, np.random.RandomState, np.random.BitGenerator)
#: The classes whose objects belong to one process, by module.
_OF_PROCESS = (
    ("datalab_workspace.workspace", "Workspace"),
    ("datalab_workspace.session", "Session"),
)


def check(value: Any, name: str, *, strict: bool) -> None:
    """Raise an error for an object that another process cannot use.

    Args:
        value: The object.
        name: Its name in quotes, for the error.
        strict: Also refuse generators of random numbers.

    Raises:
        ValueError: It is a workspace, or a generator of random numbers.
    """
    if _is_of_process(value):
        raise ValueError(
            f"the function uses {name}, a workspace: the workers would get a copy of "
            "all of its objects, and lose what they add to it; return the results, "
            "pass objects as arguments, or open a file in the function"
        )
    random = sys.modules.get("random")
    if strict and (
        isinstance(value, _RANDOM)
        or (random is not None and isinstance(value, random.Random))
    ):
        raise ValueError(
            f"the function uses {name}, a random number generator, so that its results "
            "would depend on the order of the items; take the numbers from "
            "dlw.batch.rng()"
        )


def unstable(value: Any, name: str, variable: str) -> ValueError:
    """Return the error for a value that a later run cannot recognise.

    Args:
        value: The value.
        name: Its name in quotes.
        variable: Name of the variable of the function that it is a part of.
    """
    inside = variable and repr(variable) != name
    part = f"{variable!r}, in which {name} is" if inside else f"{name},"
    return ValueError(
        f"the function uses {part} a {type(value).__name__} without stable content, "
        "so that a later run cannot recognise it; pass it to the function in another "
        "form, or pass key= with a string that stands for this version"
    )


def _is_of_process(value: Any) -> bool:
    for module, name in _OF_PROCESS:
        known = sys.modules.get(module)
        if known is not None and isinstance(value, getattr(known, name)):
            return True
    return False
