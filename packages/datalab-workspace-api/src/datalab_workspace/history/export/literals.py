"""Python literals and names for exported code, from values that a file may contain."""

from __future__ import annotations

import builtins
import keyword
import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from datalab_workspace.errors import ExportError

#: The greatest depth, digits of an integer and size of an array of a literal.
_DEEPEST, _BITS, _LARGEST = 20, 4096, 10_000
_WIDTH = 76
_UNUSABLE = re.compile(r"[^a-z0-9_]+")
#: The names that exported code uses itself.
_OWN = frozenset(("dlw", "exported", "np", "path", "project", "sigima", "sys", "Path"))


def literal(value: Any, depth: int = 0) -> str:
    """Return the literal of a value: JSON data, or an array of numbers.

    Args:
        value: None, a flag, a number or a string; or a list, dict or array of these.
        depth: The number of lists and dicts around it.

    Raises:
        ExportError: The value has another type, or is too deep.
    """
    if depth > _DEEPEST:
        raise ExportError("a parameter is nested too deep to be exported")
    if isinstance(value, Mapping):
        pairs = [
            f"{literal(str(name))}: {literal(each, depth + 1)}"
            for name, each in value.items()
        ]
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, np.ndarray):
        return _array(value, depth)
    if isinstance(value, list | tuple):
        return f"[{', '.join(literal(each, depth + 1) for each in value)}]"
    return _scalar(value)


def _array(value: np.ndarray[Any, Any], depth: int) -> str:
    if value.dtype.kind not in "biuf" or value.size > _LARGEST:
        raise ExportError(
            f"an array of {value.size} {value.dtype} cannot be exported as code"
        )
    dtype = literal(value.dtype.name)
    return f"np.array({literal(value.tolist(), depth + 1)}, dtype={dtype})"


def _scalar(value: Any) -> str:
    if isinstance(value, np.generic):
        value = value.item()
    # A subclass may have a repr that is not a literal.
    if value is None or isinstance(value, bool):
        return repr(value)
    if isinstance(value, int) and int(value).bit_length() <= _BITS:
        return repr(int(value))
    if isinstance(value, float):
        number = float(value)
        return repr(number) if math.isfinite(number) else f'float("{number}")'
    if isinstance(value, str):
        return repr(str(value))
    raise ExportError(f"a value of type {type(value).__name__} cannot be exported")


def is_plain(value: Any) -> bool:
    """Return whether a value of a parameter is its own form in JSON."""
    if isinstance(value, list):
        return all(is_plain(each) and not isinstance(each, list) for each in value)
    return value is None or isinstance(value, bool | int | float | str)


class Identifiers:
    """The variables of exported code: valid, short, and each used once."""

    def __init__(self) -> None:
        self._used: set[str] = set()

    def make(self, name: str | None, otherwise: str) -> str:
        """Return a new variable.

        Args:
            name: The name of the object, which the variable resembles if it can.
            otherwise: The variable for a name that cannot be one.
        """
        short = _UNUSABLE.sub("_", (name or "").lower()[:30]).strip("_")
        wanted = short if short and _is_usable(short) else otherwise
        found, number = wanted, 1
        while found in self._used:
            number += 1
            found = f"{wanted}_{number}"
        self._used.add(found)
        return found


def _is_usable(name: str) -> bool:
    return (
        name.isidentifier()
        and not keyword.iskeyword(name)
        and not keyword.issoftkeyword(name)
        and not hasattr(builtins, name)
        and name not in _OWN
    )


def call_text(function: str, arguments: list[str]) -> str:
    """Return a call, in one line or with one argument for each line."""
    line = f"{function}({', '.join(arguments)})"
    if len(line) <= _WIDTH or not arguments:
        return line
    return f"{function}(\n" + "".join(f"    {each},\n" for each in arguments) + ")"
