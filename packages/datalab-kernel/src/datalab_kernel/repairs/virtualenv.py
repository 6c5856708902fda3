"""The import path: a kernel does not use the packages of Jupyter's environment.

In a terminal, IPython gives the packages of an activated virtual environment priority
over its own, and xeus-python keeps that behaviour. A kernel whose kernelspec names a
different Python would then import the packages of the Jupyter server's environment,
which may be built for another version. ipykernel disables this search in its shell
(https://github.com/ipython/ipykernel/pull/96).

Upstream: docs/upstream/virtualenv.md
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xeus_python_shell.shell import XPythonShell


def prepare(shell_class: type[XPythonShell]) -> None:
    """Stop new shells from searching for an activated environment."""

    def init_virtualenv(_shell: XPythonShell) -> None:
        pass

    shell_class.init_virtualenv = init_virtualenv
