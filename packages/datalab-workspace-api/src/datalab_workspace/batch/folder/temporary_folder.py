"""The folder of a run that has no file for its results."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from pathlib import Path


class TemporaryFolder:
    """A folder that is removed with this object, or at the end of the process.

    `tempfile.TemporaryDirectory` warns when it is removed with its object, which is
    what is wanted here. It would also be removed by the end of a forked process.

    Attributes:
        path: The folder.
    """

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="datalab-run-"))
        weakref.finalize(self, _remove, self.path, os.getpid())


def _remove(path: Path, process: int) -> None:
    if os.getpid() == process:
        shutil.rmtree(path, ignore_errors=True)
