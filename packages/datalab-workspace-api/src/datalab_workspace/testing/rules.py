"""The rules that a workspace enforces before it calls its backend."""

from __future__ import annotations

from datalab_workspace.testing.groups import RefusedEdits
from datalab_workspace.testing.lookup import UnsuccessfulLookup
from datalab_workspace.testing.names import RefusedNames
from datalab_workspace.testing.processing import RefusedCalculations
from datalab_workspace.testing.refusals import Arguments, RefusedValues
from datalab_workspace.testing.values import UntouchedArguments


class WorkspaceRules(
    RefusedNames,
    UnsuccessfulLookup,
    UntouchedArguments,
    RefusedEdits,
    RefusedValues,
    Arguments,
    RefusedCalculations,
):
    """The rules that are the same with every backend.

    A workspace checks and copies its arguments before it calls its backend. A run with
    one backend therefore proves these rules for all.

    Example:
        >>> from datalab_workspace.testing import WorkspaceRules
        >>> class TestRules(WorkspaceRules):
        ...     def open_workspace(self):
        ...         return dlw.Workspace()
    """
