"""Look at a folder after a save, and save next to another process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

posix = pytest.mark.skipif(sys.platform == "win32", reason="a property of POSIX")


def names_in(folder: Path) -> list[str]:
    """Return the names of all files in a folder, hidden ones included."""
    return sorted(entry.name for entry in folder.iterdir())


def start(code: str, *arguments: str) -> subprocess.Popen[str]:
    """Start a process and wait for its first line."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline()
    return process
