"""Setting the items of sigima's data sets to anything."""

from __future__ import annotations

from typing import Any, TypeVar

T = TypeVar("T")


def with_items(obj: T, **items: Any) -> T:
    """Return `obj` after setting these items of it, without sigima's checks.

    Args:
        obj: A `SignalObj` or `ImageObj`.
        items: Values by name, put there exactly as they are.
    """
    from guidata.config import ValidationMode, temporary_validation_mode

    with temporary_validation_mode(ValidationMode.DISABLED):
        for name, value in items.items():
            setattr(obj, name, value)
    return obj
