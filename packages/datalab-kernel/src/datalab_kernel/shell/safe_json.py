"""Strings and values as valid JSON, for everything that leaves the kernel.

xeus-python supports the types that JSON has and fails on others. A string with half of
a surrogate pair, such as the name of a file that is not encoded in UTF-8, fails as
well. The conversions are those of Jupyter's own kernel, so that front ends show the
same.

Upstream: docs/upstream/refused_values.md
"""

from __future__ import annotations

import base64
import json
import numbers
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import Any

# The integers that xeus-python can represent.
SMALLEST, LARGEST = -(2**63), 2**64 - 1


def safe_text(text: str) -> str:
    r"""Return a string with U+FFFD in place of each half of a surrogate pair.

    Args:
        text: Any string.

    Returns:
        The same string if it can be encoded in UTF-8.

    Example:
        >>> from datalab_kernel.shell.safe_json import safe_text
        >>> ascii(safe_text("a\udcffb"))
        "'a\\ufffdb'"
    """
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        # Two halves that belong together become the character that they encode.
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def plain(value: Any) -> Any:
    """Return a value in the types that JSON has.

    NumPy's scalars become numbers; arrays, sets and other iterables become lists; dates
    become strings in the format of ISO 8601; bytes become strings in Base64; integers
    of more than 64 bits become floats; numbers that JSON lacks become strings.

    Args:
        value: The content of a message, or part of it.

    Returns:
        Dictionaries with strings as keys, lists, strings, numbers, booleans and None.

    Raises:
        TypeError: If a value has no such form.

    Example:
        >>> from datalab_kernel.shell.safe_json import plain
        >>> plain({"size": (np.int64(3), 2.5), 1: float("nan")})
        {'size': [3, 2.5], '1': 'nan'}
    """
    if isinstance(value, str):
        return safe_text(str(value))
    if isinstance(value, Mapping):
        return {_key(key): plain(item) for key, item in value.items()}
    # The encoder is much faster than Python code for the many values of a list.
    text = safe_text(json.dumps(value, default=_convert, ensure_ascii=False))
    return json.loads(text, parse_int=_integer, parse_constant=_name)


def _convert(value: Any) -> Any:
    """Return a value of a type that JSON lacks in a type that is closer to JSON's."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(value).decode("ascii")
    if hasattr(value, "tolist"):  # a scalar or an array of NumPy
        return value.tolist()
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value)
    if isinstance(value, Mapping):
        return {_key(key): item for key, item in value.items()}
    if isinstance(value, Iterable):
        return list(value)
    raise TypeError(f"JSON has no form of objects of type {type(value).__name__}")


def _integer(digits: str) -> int | float:
    integer = int(digits)
    return integer if SMALLEST <= integer <= LARGEST else float(integer)


def _name(constant: str) -> str:
    """Return the name that Python has for a number that JSON lacks."""
    return repr(float(constant))


def _key(key: Any) -> str:
    if isinstance(key, bool) or key is None:
        return {True: "true", False: "false", None: "null"}[key]
    if isinstance(key, (str, numbers.Number)):
        return safe_text(str(key))
    raise TypeError(f"JSON has no keys of type {type(key).__name__}: {key!r}")
