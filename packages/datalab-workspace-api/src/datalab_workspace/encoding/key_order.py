"""The order of metadata keys, which DataLab's project files do not keep.

HDF5 returns the keys of a dict in alphabetical order, scalars before arrays, lists and
dicts. Where the order of a user's keys differs from that, the sidecar records it. The
order inside of sigima's own entries has no meaning and is not recorded.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np

from datalab_workspace.encoding import typed_json
from datalab_workspace.model.record import is_result_key


def recorded(
    metadata: Mapping[Any, Any], plain: Mapping[str, Any], whole: Collection[Any]
) -> dict[str, Any] | None:
    """Return the order of the keys as JSON; None if a file returns it by itself.

    Args:
        metadata: The metadata of a record.
        plain: Its plain form, without the sidecar.
        whole: The keys whose values are in the sidecar, with the order of their keys.
    """
    missing = [key for key in metadata if key not in plain]
    returned = [*_returned(plain), *missing]
    own = [key for key in metadata if not _is_internal(key)]
    is_kept = own == [key for key in returned if not _is_internal(key)]
    inside = ((key, plain[key]) for key in own if key in plain and key not in whole)
    return _node(None if is_kept else list(metadata), inside)


def restored(value: Any, order: Mapping[str, Any]) -> Any:
    """Return a value with the keys of its dicts in a recorded order.

    Args:
        value: Metadata, or a value in it; dicts and lists in it are changed.
        order: The value that `recorded` returned. A key that it lacks comes last.

    Raises:
        LookupError, TypeError or ValueError: The order is malformed.
    """
    for key, below in order.get("in", ()):
        name = typed_json.decode(key)
        is_there = name in value if isinstance(value, dict) else name in _indices(value)
        if is_there:
            value[name] = restored(value[name], below)
    if "keys" not in order or not isinstance(value, dict):
        return value
    keys = [typed_json.decode(key) for key in order["keys"]]
    first = {key: value[key] for key in keys if key in value}
    return first | value


def _indices(value: Any) -> range:
    return range(len(value) if isinstance(value, list) else 0)


def _node(
    keys: list[Any] | None, inside: Iterable[tuple[Any, Any]]
) -> dict[str, Any] | None:
    node: dict[str, Any] = {}
    if keys is not None:
        node["keys"] = [typed_json.encode(key) for key in keys]
    below = [(key, found) for key, value in inside if (found := _below(value))]
    if below:
        node["in"] = [[typed_json.encode(key), found] for key, found in below]
    return node or None


def _below(value: Any) -> dict[str, Any] | None:
    if isinstance(value, list):
        return _node(None, enumerate(value))
    if isinstance(value, dict):
        keys = list(value)
        return _node(None if keys == _returned(value) else keys, value.items())
    return None


def _returned(plain: Mapping[str, Any]) -> list[str]:
    """Return the keys of a plain dict in the order in which a file returns them."""
    members = [k for k, v in plain.items() if isinstance(v, dict | list | np.ndarray)]
    return sorted(plain.keys() - set(members)) + sorted(members)


def _is_internal(key: Any) -> bool:
    return isinstance(key, str) and (key.startswith("_") or is_result_key(key))
