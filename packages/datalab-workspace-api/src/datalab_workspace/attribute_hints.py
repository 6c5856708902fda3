"""Errors for attributes that do not exist, with a hint at what to use instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar


class AttributeHints:
    """A class whose error for an unknown attribute says what to use instead.

    Subclasses set `_hints`, by attribute, and may set `_usual_hint` for all others; it
    may contain ``{name}``.
    """

    _hints: ClassVar[Mapping[str, str]] = {}
    _usual_hint: ClassVar[str] = ""

    if not TYPE_CHECKING:  # a type checker would believe that every attribute exists

        def __getattr__(self, name: str) -> Any:
            """Raise an `AttributeError` with a hint; no attribute is made up."""
            message = f"{type(self).__name__!r} object has no attribute {name!r}"
            if not name.startswith("_"):  # libraries look for those that do
                hint = self._hints.get(name, self._usual_hint.format(name=name))
                message += f"; {hint}" * bool(hint)
            raise AttributeError(message, name=name, obj=self)
