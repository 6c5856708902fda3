"""The conformance suite: the rules of a backend, and those of every workspace."""

from __future__ import annotations

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from datalab_workspace.testing.conflicts import ConflictRules
from datalab_workspace.testing.events import EventRules
from datalab_workspace.testing.exchange import ExchangeRules
from datalab_workspace.testing.fidelity import Fidelity
from datalab_workspace.testing.groups import GroupRules
from datalab_workspace.testing.lookup import LookupRules
from datalab_workspace.testing.machine import WorkspaceMachine
from datalab_workspace.testing.mapping import MappingRules
from datalab_workspace.testing.names import NameRules
from datalab_workspace.testing.processing import ProcessingRules
from datalab_workspace.testing.refusals import RefusalRules
from datalab_workspace.testing.rules import WorkspaceRules
from datalab_workspace.testing.suite import WorkspaceSuite
from datalab_workspace.testing.undo import UndoRules
from datalab_workspace.testing.values import ValueRules
from datalab_workspace.testing.window_machine import WindowMachine
from datalab_workspace.testing.window_names import WindowNames


class MachineRule(WorkspaceSuite):
    """A workspace agrees with its model after any sequence of operations."""

    #: Number and length of the random sequences of operations.
    machine_settings = settings(max_examples=25, stateful_step_count=25, deadline=None)

    def test_any_sequence_of_operations(self) -> None:
        """The workspace agrees with its model after any operations."""
        suite = self
        shared = self.open_workspace().capabilities.shared
        base = WindowMachine if shared else WorkspaceMachine

        class Machine(base):  # type: ignore[misc, valid-type]  # chosen at run time
            def __init__(self) -> None:
                super().__init__(suite)

        run_state_machine_as_test(Machine, settings=self.machine_settings)


class BackendRules(
    NameRules,
    WindowNames,
    LookupRules,
    ValueRules,
    ConflictRules,
    EventRules,
    ExchangeRules,
    Fidelity,
    GroupRules,
    MappingRules,
    RefusalRules,
    ProcessingRules,
    UndoRules,
    MachineRule,
):
    """The rules that depend on the backend.

    Example:
        >>> from datalab_workspace.testing import BackendRules
        >>> class TestMyBackend(BackendRules):
        ...     def open_workspace(self):
        ...         return dlw.Workspace()
    """


class WorkspaceConformance(BackendRules, WorkspaceRules):
    """The rules that a workspace obeys with any backend.

    Example:
        >>> from datalab_workspace.testing import WorkspaceConformance
        >>> class TestMyBackend(WorkspaceConformance):
        ...     def open_workspace(self):
        ...         return dlw.Workspace()
    """
