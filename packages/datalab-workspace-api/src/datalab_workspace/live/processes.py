"""The processes of this machine: which run, and whose they are."""

from __future__ import annotations

import os
from pathlib import Path


def is_running(pid: int) -> bool:
    """Return whether a process of this user runs; True if that is not known."""
    if os.name == "nt":
        return True  # os.kill would end it
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except (OSError, OverflowError):  # ended, or another user's process has its number
        return False
    return True


def listens_for_another_user(port: int) -> bool:
    """Return whether another user listens on a port; False if it is not known."""
    try:
        table = Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]
    except (OSError, ValueError):
        return False
    listening = "0A"
    for row in table:
        _, local, _, state, _, _, _, uid, *_ = row.split()
        if state == listening and int(local.partition(":")[2], 16) == port:
            return int(uid) != os.getuid()
    return False
