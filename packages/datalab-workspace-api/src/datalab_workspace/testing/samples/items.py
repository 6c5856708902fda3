"""Set the items of sigima data sets without validation."""

from __future__ import annotations

from typing import Any, TypeVar

T = TypeVar("T")


def with_items(obj: T, **items: Any) -> T:
    """Set items of `obj` without sigima's validation, and return `obj`.

    Args:
        obj: A `SignalObj` or `ImageObj`.
        items: Values by name, which are set without conversion.
    """
    from guidata.config import ValidationMode, temporary_validation_mode

    with temporary_validation_mode(ValidationMode.DISABLED):
        for name, value in items.items():
            setattr(obj, name, value)
    return obj
