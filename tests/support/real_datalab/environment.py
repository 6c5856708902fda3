"""What DataLab's own environment is, and whether its window can be shown.

DataLab has an environment of its own on purpose: what we write is read by the
application that its users have, not by what happens to be installed for the tests.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from support.environments import InstallationError

REQUIREMENTS = Path(__file__).with_name("datalab.txt")
# In it: what a missing system library looks like, in the words of the dynamic loader
# and in those of Qt.
_MISSING_LIBRARY = ("cannot open shared object file", "Qt platform plugin")
_PROBE = "from PyQt5.QtWidgets import QApplication; QApplication([])"


def missing_library(python: Path) -> str | None:
    """Return what Qt says if a system library is missing that it needs, else None."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    probe = subprocess.run(
        [python, "-I", "-c", _PROBE],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    if probe.returncode == 0:
        return None
    said = probe.stderr.strip()
    if any(sign in said for sign in _MISSING_LIBRARY):
        return said.splitlines()[-1]
    raise InstallationError(f"Qt does not start in {python.parents[1]}: {said}")
