"""Recognise lines of a run journal that no run has written.

A journal may be damaged, or come from elsewhere with its folder.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

#: The states of more items do not fit into memory.
_MOST_ITEMS = 100_000_000
_NUMBER = (int, float)


def is_sound(line: Any) -> bool:
    """Return whether a line has the form in which runs write it."""
    if not isinstance(line, dict):
        return False
    items, part = line.get("items", 0), line.get("part", "part")
    return (
        isinstance(items, int)
        and 0 <= items <= _MOST_ITEMS
        and isinstance(line.get("engine", ""), str)
        and isinstance(line.get("seconds", 0.0), _NUMBER)
        and isinstance(line.get("outputs", {}), dict)
        and isinstance(line.get("written", {}), dict)
        and isinstance(part, str)
        and PurePath(part).name == part  # never a path to elsewhere
        and _maps_strings(line.get("units", {}))
        and isinstance(receipts := line.get("receipts", []), list)
        and all(map(_is_receipt, receipts))
    )


def _is_receipt(found: Any) -> bool:
    if not _is_list(found, 6):
        return False
    index, name, fingerprint, seconds, rows, failure = found
    return (
        isinstance(index, int)
        and index >= 0
        and isinstance(name, str)
        and isinstance(fingerprint, str)
        and isinstance(seconds, _NUMBER)
        and isinstance(rows, list)
        and all(map(_is_row, rows))
        and (failure is None or _has_strings(failure))
    )


def _is_row(found: Any) -> bool:
    if not _is_list(found, 3):
        return False
    name, values, objects = found
    return (
        isinstance(name, str)
        and isinstance(values, dict)
        and isinstance(objects, list)
        and all(map(_has_strings, objects))
    )


def _has_strings(found: Any) -> bool:
    """Return whether a value is a list of three strings."""
    return _is_list(found, 3) and all(isinstance(one, str) for one in found)


def _maps_strings(found: Any) -> bool:
    return isinstance(found, dict) and all(isinstance(v, str) for v in found.values())


def _is_list(found: Any, length: int) -> bool:
    return isinstance(found, list) and len(found) == length
