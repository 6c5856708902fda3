"""The environment of child processes: none waits for a key in a pager.

A pager that a child starts, for example with `!git log`, waits for a key that no front
end can send, and the cell runs forever. In addition, programs learn that their output
may contain colors. The variables are those that ipykernel sets, and like ipykernel this
module overrides the values that the kernel inherits; a cell can set them again.

Upstream: docs/upstream/environment.md
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xeus_python_shell.shell import XPythonShell

VARIABLES = {
    "PAGER": "cat",
    "GIT_PAGER": "cat",
    "TERM": "xterm-color",
    "CLICOLOR": "1",
    "CLICOLOR_FORCE": "1",
    "FORCE_COLOR": "1",
}
# Programs prefer these to PAGER, so a user's own value would bring the pager back.
PREFERRED_PAGERS = ("MANPAGER", "SYSTEMD_PAGER", "BAT_PAGER", "AWS_PAGER")


def install(_shell: XPythonShell) -> None:
    """Set the environment that child processes inherit."""
    os.environ.update(VARIABLES)
    for name in PREFERRED_PAGERS:
        if name in os.environ:
            os.environ[name] = "cat"
