"""The class of the module `datalab_kernel`, which has the names of a notebook.

The package also has modules with the names `workspace` and `plotter`, from version 0.2.
Python binds a module in its package when it is imported, which would hide the names.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any


class Package(ModuleType):
    """A module whose names `workspace` and `plotter` are those of the notebook.

    In a script, they are those of the process; see `datalab_kernel_core.names`.
    """

    @property
    def workspace(self) -> Any:
        """The workspace of the notebook or the process."""
        return notebook_name("workspace")

    @workspace.setter
    def workspace(self, module: ModuleType) -> None:
        """Leave the name as it is when Python has imported the module."""

    @property
    def plotter(self) -> Any:
        """The plotter of the notebook or the process."""
        return notebook_name("plotter")

    @plotter.setter
    def plotter(self, module: ModuleType) -> None:
        """Leave the name as it is when Python has imported the module."""


def notebook_name(name: str) -> Any:
    """Return the object that a name of a notebook means here; see `names.current`."""
    from datalab_kernel_core import names

    return names.current(name)
