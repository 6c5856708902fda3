"""Checked access to the JSON of a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from datalab_kernel.desktop.companion.exchange import ProtocolError
from datalab_workspace.model.record import KINDS, Kind

_WAIT = 30.0
_LONGEST_WAIT = 3600.0


def malformed(detail: str) -> ProtocolError:
    """Return the error of a request that cannot be read."""
    return ProtocolError(400, "malformed", detail)


def string(data: Mapping[str, Any], name: str) -> str:
    """Return a required string."""
    value = data.get(name)
    if not isinstance(value, str):
        raise malformed(f"expected a string for {name}, got {value!r:.40}")
    return value


def optional_string(data: Mapping[str, Any], name: str) -> str | None:
    """Return an optional string; None if it is missing."""
    return None if data.get(name) is None else string(data, name)


def kind(data: Mapping[str, Any], name: str = "kind") -> Kind:
    """Return a required kind."""
    value = data.get(name)
    for known in KINDS:
        if value == known:
            return known
    raise malformed(f"expected 'signal' or 'image' for {name}, got {value!r:.40}")


def integer(data: Mapping[str, Any], name: str) -> int:
    """Return a required integer."""
    value = data.get(name)
    if type(value) is not int:
        raise malformed(f"expected an integer for {name}, got {value!r:.40}")
    return value


def flag(data: Mapping[str, Any], name: str) -> bool:
    """Return a flag; False if it is missing."""
    value = data.get(name, False)
    if type(value) is not bool:
        raise malformed(f"expected true or false for {name}, got {value!r:.40}")
    return value


def strings(data: Mapping[str, Any], name: str) -> list[str]:
    """Return a required list of strings."""
    values = data.get(name)
    if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
        raise malformed(f"expected a list of strings for {name}, got {values!r:.40}")
    return values


def mapping(data: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return an object; an empty one if it is missing."""
    value = data.get(name)
    value = {} if value is None else value
    if not isinstance(value, dict):
        raise malformed(f"expected an object for {name}, got {value!r:.40}")
    return value


def items(data: Mapping[str, Any], name: str) -> list[Any]:
    """Return a list; an empty one if it is missing."""
    value = data.get(name)
    value = [] if value is None else value
    if not isinstance(value, list):
        raise malformed(f"expected a list for {name}, got {value!r:.40}")
    return value


def waiting_time(query: Mapping[str, str]) -> float:
    """Return the query parameter ``wait``."""
    try:
        value = float(query.get("wait", _WAIT))
    except ValueError:
        raise malformed("expected a number for wait") from None
    if not value >= 0:
        raise malformed("expected a number of seconds for wait")
    return min(value, _LONGEST_WAIT)


def revision(query: Mapping[str, str]) -> int | None:
    """Return the query parameter ``since``; None if it is missing."""
    value = query.get("since")
    if not value:
        return None
    try:
        return int(value)
    except ValueError:
        raise malformed("expected an integer for since") from None
