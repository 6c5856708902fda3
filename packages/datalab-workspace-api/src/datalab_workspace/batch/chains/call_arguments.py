"""The arguments of a call as data, by which a run that was opened is continued."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from datalab_workspace.batch.chains.chain import Chain
from datalab_workspace.batch.chains.local_code import is_local


def call_of(
    chain: Chain, items: Any, options: Mapping[str, Any], limits: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Return the arguments of a call as data for JSON.

    Args:
        chain: The chain.
        items: The items as they were passed.
        options: The options with which they are chosen and read.
        limits: The limits of the workers.

    Returns:
        The arguments. None if they have no such form: functions that no module has,
        second operands, parameter objects, and objects in memory or in DataLab.
    """
    paths = _paths(items)
    if paths is None:
        return None
    given = {
        n: value for n, value in {**options, **limits}.items() if value is not None
    }
    try:
        written = json.loads(json.dumps(chain.as_json()))
        json.dumps(given)
        again = Chain.from_json(written)
        same = Chain(again.steps, key=chain.key).fingerprint == chain.fingerprint
    except (ValueError, TypeError, ImportError, AttributeError):
        return None
    if not same:
        return None
    return {"chain": written, "items": paths, "key": chain.key, "options": given}


def only_known_functions(call: Mapping[str, Any]) -> bool:
    """Return whether the functions of a call are in modules of the user, all imported.

    The data may come from elsewhere with its folder. So it must neither import a module
    nor call any function that is installed.

    Args:
        call: The arguments as data; see `call_of`.
    """
    steps = call["chain"]["steps"]
    named = [s if isinstance(s, str) else _named(s) for s in steps]
    places = [place for place in named if ":" in place]
    modules = [place.partition(":")[0] for place in places]
    return all(name in sys.modules and is_local(name) for name in modules)


def _named(step: Any) -> str:
    """Return the feature or function of a step, as `Chain.from_json` finds it."""
    found = (
        step.get("feature") or step.get("function") if isinstance(step, dict) else ""
    )
    return str(found)


def _paths(items: Any) -> list[str] | None:
    """Return paths and patterns that do not depend on the current folder."""
    given = [items] if isinstance(items, (str, Path)) else items
    if not isinstance(given, (list, tuple)):
        return None
    if not all(isinstance(item, (str, Path)) for item in given):
        return None
    return [os.path.abspath(os.path.expanduser(item)) for item in given]  # noqa: PTH100, PTH111  # also patterns
