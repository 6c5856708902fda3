"""The conformance suite: the rules that every backend of a workspace must obey.

The tests of a backend subclass `WorkspaceConformance` and create its workspaces::

    from datalab_workspace import Workspace
    from datalab_workspace.testing import WorkspaceConformance


    class TestMyBackend(WorkspaceConformance):
        def open_workspace(self):
            return Workspace(backend=MyBackend())

The suite asserts every rule that the backend declares in its `Capabilities`, and the
documented error of every other rule. No test is skipped.

`WorkspaceConformance` is complete. It consists of `BackendRules`, which a backend can
break, and `WorkspaceRules`, which the workspace keeps before it asks its backend. A
project with several backends can run the latter over one of them. The suite needs
pytest and hypothesis, which the extra ``testing`` installs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from datalab_workspace.testing.comparison import assert_same, differences
    from datalab_workspace.testing.conformance import (
        BackendRules,
        WorkspaceConformance,
    )
    from datalab_workspace.testing.machine import WorkspaceMachine
    from datalab_workspace.testing.rules import WorkspaceRules
    from datalab_workspace.testing.suite import WorkspaceSuite

_HOME = {
    "BackendRules": "conformance",
    "WorkspaceConformance": "conformance",
    "WorkspaceMachine": "machine",
    "WorkspaceRules": "rules",
    "WorkspaceSuite": "suite",
    "assert_same": "comparison",
    "differences": "comparison",
}

__all__ = [
    "BackendRules",
    "WorkspaceConformance",
    "WorkspaceMachine",
    "WorkspaceRules",
    "WorkspaceSuite",
    "assert_same",
    "differences",
]

_WITH_ASSERTIONS = (
    "comparison",
    "conflicts",
    "conformance",
    "events",
    "fidelity",
    "groups",
    "lookup",
    "machine",
    "mapping",
    "names",
    "processing",
    "refusals",
    "values",
    "window_machine",
    "window_names",
)
# Before the import, so that a failing assertion shows the values that it compared.
pytest.register_assert_rewrite(*(f"{__name__}.{part}" for part in _WITH_ASSERTIONS))


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
