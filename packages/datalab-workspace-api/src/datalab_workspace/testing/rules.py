"""The rules that a workspace keeps before it asks its backend."""

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
    """The rules that are the same over every backend.

    A workspace checks and copies what it is given, and only then asks its backend. One
    run over one backend proves these rules for all.
    """
