"""Compute a chain of features or a function over thousands of objects."""

from __future__ import annotations

from importlib import import_module
from typing import Any

#: The module of each public name; names are imported when they are first used.
_HOME = {
    "Chain": "chains",
    "chain": "chains",
    "rng": "random_numbers",
}

__all__ = ["Chain", "chain", "rng"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
