"""The conformance suite as a whole."""

from __future__ import annotations

from datalab_workspace.testing.fidelity import Fidelity
from datalab_workspace.testing.groups import GroupRules
from datalab_workspace.testing.mapping import MappingRules
from datalab_workspace.testing.names import NameRules
from datalab_workspace.testing.refusals import RefusalRules
from datalab_workspace.testing.values import ValueRules


class WorkspaceConformance(
    NameRules, ValueRules, Fidelity, GroupRules, MappingRules, RefusalRules
):
    """Every rule that a user of a workspace can rely on, whatever its backend."""
