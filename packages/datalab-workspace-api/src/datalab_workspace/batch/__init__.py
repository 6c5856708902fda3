"""Compute a chain of features or a function over thousands of objects."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datalab_workspace.batch.calls import map_items as map
    from datalab_workspace.batch.calls import open_run as open
    from datalab_workspace.batch.chains.chain import Chain, chain
    from datalab_workspace.batch.errors import (
        BatchStoppedError,
        RunExistsError,
        RunLockedError,
    )
    from datalab_workspace.batch.results.item_errors import ItemError
    from datalab_workspace.batch.results.run import Run
    from datalab_workspace.batch.worker.random_numbers import rng

#: The module of each public name, and its name there if it is another one. Names are
#: imported when they are first used.
_HOME = {
    "BatchStoppedError": "errors",
    "Chain": "chains.chain",
    "ItemError": "results.item_errors",
    "Run": "results.run",
    "RunExistsError": "errors",
    "RunLockedError": "errors",
    "chain": "chains.chain",
    "map": "calls:map_items",
    "open": "calls:open_run",
    "rng": "worker.random_numbers",
}

__all__ = [
    "BatchStoppedError",
    "Chain",
    "ItemError",
    "Run",
    "RunExistsError",
    "RunLockedError",
    "chain",
    "map",
    "open",
    "rng",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, original = _HOME[name].partition(":")
    return getattr(import_module(f"{__name__}.{module}"), original or name)


def __dir__() -> list[str]:
    return sorted(__all__)
