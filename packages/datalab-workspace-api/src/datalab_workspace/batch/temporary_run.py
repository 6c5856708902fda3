"""The temporary folder of a run without a file of its own."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from pathlib import Path


class TemporaryRun:
    """A folder that is removed when nothing refers to this object any more.

    Attributes:
        out: The path of the summary project in the folder.
    """

    def __init__(self) -> None:
        folder = tempfile.mkdtemp(prefix="datalab-run-")
        self.out = Path(folder) / "results.h5"
        # Not a TemporaryDirectory, which warns when it is not closed.
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
