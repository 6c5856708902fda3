"""The source of a function as a history shows it: with all that the function uses."""

from __future__ import annotations

import functools
from types import FunctionType, ModuleType
from typing import Any

from datalab_workspace.batch.chains.function_source import text_of, variables_of
from datalab_workspace.batch.chains.local_code import is_local

_PLAIN = (type(None), bool, int, float, complex, str, bytes)
_CONTAINERS = (list, tuple, dict, set, frozenset)
#: The longest value that is shown.
_LONGEST = 500


def listing_of(function: Any) -> str:
    """Return the source of a function without secrets; "" if it is not known.

    Before it come the imports, the plain variables and the functions of the user that
    it uses.
    """
    from datalab_workspace.history.cells.privacy import masked

    while isinstance(function, functools.partial):
        function = function.func
    call = getattr(function, "__func__", function)
    if not isinstance(call, FunctionType):
        call = getattr(type(function), "__call__", None)  # noqa: B004  # it is read
    if not isinstance(call, FunctionType):
        return ""
    listing = _Listing()
    if not listing.add(call):
        return ""
    return masked(listing.text()) or ""


class _Listing:
    """The lines of a listing, each one once, in the order in which they are needed."""

    def __init__(self) -> None:
        self._imports: dict[str, None] = {}
        self._values: dict[str, None] = {}
        self._functions: dict[str, None] = {}
        self._seen: set[int] = set()

    def add(self, function: FunctionType) -> bool:
        """Add a function after all that it uses; return whether its source is known."""
        self._seen.add(id(function))
        text = text_of(function.__code__)
        if text is None:
            return False
        for name, value in variables_of(function).items():
            self._add_variable(name, value)
        self._functions[text.strip("\n")] = None
        return True

    def text(self) -> str:
        """Return the listing."""
        head = "\n".join([*self._imports, *self._values])
        return "\n\n".join([*([head] if head else []), *self._functions]) + "\n"

    def _add_variable(self, name: str, value: Any) -> None:
        if isinstance(value, ModuleType):
            alias = "" if value.__name__ == name else f" as {name}"
            self._imports[f"import {value.__name__}{alias}"] = None
        elif isinstance(value, FunctionType) and is_local(value.__module__):
            if id(value) not in self._seen:
                self.add(value)
        elif callable(value) and not is_local(getattr(value, "__module__", None)):
            own = getattr(value, "__name__", name)
            alias = "" if own == name else f" as {name}"
            self._imports[f"from {value.__module__} import {own}{alias}"] = None
        elif _is_plain(value):
            self._values[f"{name} = {value!r}"] = None


def _is_plain(value: Any) -> bool:
    if type(value) in _PLAIN:
        return len(repr(value)) <= _LONGEST
    if type(value) not in _CONTAINERS or len(value) > _LONGEST:
        return False
    held = [*value, *value.values()] if isinstance(value, dict) else [*value]
    return all(map(_is_plain, held)) and len(repr(value)) <= _LONGEST
