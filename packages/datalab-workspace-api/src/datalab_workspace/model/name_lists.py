"""Arguments that take one name or several, also in nested lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

import numpy as np

from datalab_workspace.model.naming import checked_key

#: One name, or several: also lists of lists of names, as `calc` returns them.
NamesOf: TypeAlias = "str | Iterable[NamesOf]"


def listed(names: NamesOf) -> list[str]:
    """Return the names in an argument that takes one name or several.

    Args:
        names: A name, or an iterable of names and of further iterables, such as the
            nested list that `calc` returns for several objects and regions.

    Raises:
        TypeError: Something in it is neither a name nor several.
    """
    return [names] if isinstance(names, str) else [*_flat(names)]


def _flat(names: NamesOf) -> Iterator[str]:
    if isinstance(names, str):
        yield names
    elif _may_hold_names(names):
        for one in names:
            yield from _flat(one)
    else:
        yield checked_key(names)  # the error says what it is


def _may_hold_names(value: object) -> bool:
    """Return whether a value may be an iterable of names: no object, no numbers."""
    if isinstance(value, bytes | bytearray) or hasattr(value, "metadata"):
        return False
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "OUT"
    return isinstance(value, Iterable)
