"""A kernel imports from its own environment, whichever one Jupyter runs in.

In a terminal, IPython puts the packages of an activated virtual environment before its
own. xeus-python leaves it at that: a kernel whose kernelspec names another Python would
import what was installed, perhaps for another version, beside the Jupyter server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xeus_python_shell.shell import XPythonShell


def prepare(shell_class: type[XPythonShell]) -> None:
    """Keep shells that are yet to be made from looking for an activated environment."""

    def init_virtualenv(_shell: XPythonShell) -> None:
        pass

    shell_class.init_virtualenv = init_virtualenv
