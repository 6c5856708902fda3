"""A notebook without IPython: texts that run as cells in one namespace."""

from __future__ import annotations

from typing import Any

import numpy as np
import sigima

from datalab_workspace import Workspace
from datalab_workspace.backends import MemoryBackend
from datalab_workspace.history.cells import running_cell
from datalab_workspace.history.cells.running_cell import CellLog, LoggedCell


class Notebook:
    """Cells that run one after the other, as in a kernel.

    Args:
        workspace: The workspace of the notebook; a new one by default.
    """

    def __init__(self, workspace: Workspace | None = None) -> None:
        self.workspace = workspace or Workspace(backend=MemoryBackend())
        self.log = CellLog()
        self.names: dict[str, Any] = {
            "np": np,
            "sigima": sigima,
            "create_signal": sigima.create_signal,
            "create_image": sigima.create_image,
            "workspace": self.workspace,
        }
        self._count = 0

    def run(self, *texts: str) -> LoggedCell:
        """Run cells; return the last one."""
        for text in texts:
            self._count += 1
            cell = running_cell.begin(self._count, text, self.log)
            failed = True
            try:
                exec(text, self.names)
                failed = False
            finally:
                running_cell.end(cell, failed=failed, namespace=self.names)
        return cell
