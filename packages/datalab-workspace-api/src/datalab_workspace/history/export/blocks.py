"""The code that makes an object again, in blocks: inputs, steps and the verdict.

Everything in it is fixed, a name of the local sigima, or an escaped literal. So a file
that someone else has made can put no code into it.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datalab_workspace.errors import ExportError
from datalab_workspace.history.execution import Execution
from datalab_workspace.history.export.literals import (
    Identifiers,
    call_text,
    is_plain,
    literal,
)
from datalab_workspace.history.replay import Plan, plan_of
from datalab_workspace.history.steps import Call, Edit, Step
from datalab_workspace.history.view_text import details
from datalab_workspace.model.metadata_values import values_equal
from datalab_workspace.model.record import ROI_KEY, Record
from datalab_workspace.result_text import cut

if TYPE_CHECKING:
    from datalab_workspace.history.view import History, HistoryStep


@dataclass(frozen=True)
class Block:
    """A part of exported code.

    Attributes:
        title: What it does, in one line without control characters.
        code: The code.
    """

    title: str
    code: str


def blocks(history: History) -> list[Block]:
    """Return the code after the imports: inputs, steps and the verdict.

    Raises:
        ExportError: The object cannot be made again from objects of the workspace.
    """
    require("sigima", "an exported script", "export a .txt or an RO-Crate")
    return list(_Writer(history).blocks())
