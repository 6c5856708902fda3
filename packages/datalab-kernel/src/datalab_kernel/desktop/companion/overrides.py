"""Methods of DataLab that do something else for a short time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_NOTHING = object()


@contextmanager
def override(owner: Any, name: str, function: Callable[..., Any]) -> Iterator[None]:
    """Replace an attribute of one object or module in the context.

    Args:
        owner: The object or module. If it has no such attribute, nothing is replaced.
        name: The attribute.
        function: Its value in the context.
    """
    if not hasattr(owner, name):
        yield
        return
    before = vars(owner).get(name, _NOTHING)
    setattr(owner, name, function)
    try:
        yield
    finally:
        if before is _NOTHING:
            delattr(owner, name)
        else:
            setattr(owner, name, before)
