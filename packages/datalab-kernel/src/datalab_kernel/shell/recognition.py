"""The module by which libraries recognise the shell of a notebook.

Libraries find out in different ways whether they run in a notebook: rich looks at the
name of the shell's class, plotly also at the name of its module, and tqdm at the list
of loaded modules. All of them expect ipykernel's shell, and without it they draw
progress bars as text and put megabytes of JavaScript into the notebook.

So the class of the shell has ipykernel's name, and the module `ipykernel.zmqshell`
contains it. To import the real module would delay the start by 0.2 s, and it may not be
installed. Its other contents are loaded from it when they are used.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import module_from_spec
from types import ModuleType
from typing import Any

from datalab_kernel_core.imports import ImportHook

PACKAGE = "ipykernel"
NAME = "ipykernel.zmqshell"


class ShellModule(ModuleType):
    """The module `ipykernel.zmqshell` with another shell.

    Args:
        shell_class: The class of the shell.
    """

    def __init__(self, shell_class: type) -> None:
        super().__init__(NAME, __doc__)
        self.__spec__ = ModuleSpec(NAME, None)
        self.__package__ = PACKAGE
        setattr(self, shell_class.__name__, shell_class)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {NAME!r} has no attribute {name!r}")
        return getattr(self._real(), name)

    def __dir__(self) -> list[str]:
        return sorted({*vars(self), *dir(self._real())})

    def _real(self) -> ModuleType:
        """Load the real module; the shell's class stays the one of this kernel.

        Raises:
            ModuleNotFoundError: If ipykernel is not installed.
        """
        if "_loaded" not in vars(self):
            import ipykernel

            spec = PathFinder.find_spec(NAME, ipykernel.__path__)
            if spec is None or spec.loader is None:
                raise ModuleNotFoundError(f"No module named {NAME!r}", name=NAME)
            module = module_from_spec(spec)
            spec.loader.exec_module(module)
            self._loaded = module
        return self._loaded


def install(shell_class: type) -> None:
    """Let libraries recognise a class as the shell of a notebook."""
    module = ShellModule(shell_class)
    shell_class.__module__ = NAME
    sys.modules[NAME] = module

    def attach(package: ModuleType) -> None:
        setattr(package, NAME.rpartition(".")[2], module)

    ImportHook({PACKAGE}, attach).install()
