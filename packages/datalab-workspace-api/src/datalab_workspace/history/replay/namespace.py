"""The names that cells find when they run again, and the magics that they may use."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

from datalab_workspace.errors import NotReplayableError
from datalab_workspace.history.replay.scratch import ScratchWorkspace, workspace_class
from datalab_workspace.runtime import is_installed

#: The modules and functions that a notebook has without an import.
_OFFERED = {"np": "numpy", "sigima": "sigima", "plt": "matplotlib.pyplot"}
_OFFERED_FUNCTIONS = ("create_signal", "create_image")
#: The packages whose workspace and plotter are replaced.
_OWN = ("datalab_workspace", "datalab_kernel", "datalab_kernel_core")
#: Magics without an effect on what a cell computes.
_HARMLESS = """
alias_magic autoreload autosave cd colors config env load_ext matplotlib precision pylab
reload_ext set_env timeit unload_ext who who_ls whos xmode
"""
_RUNNING = frozenset({"capture", "prun", "time"})


class Silent:
    """A plotter, or anything else that shows something: every use is without effect."""

    def __getattr__(self, name: str) -> Silent:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *_arguments: object, **_options: object) -> Silent:
        """Do nothing."""
        return self

    def __iter__(self) -> Iterator[Silent]:
        return iter(())

    def __enter__(self) -> Silent:  # noqa: PYI034  # Self needs Python 3.11
        return self

    def __exit__(self, *_error: object) -> None:
        return None


class Magics:
    """The substitute for the shell while cells run again.

    Args:
        run: Runs code in the namespace of the cells.
    """

    def __init__(self, run: Callable[[str], None]) -> None:
        self.run_cell = run

    def run_line_magic(self, name: str, line: str, *_options: object) -> None:
        """Run what a magic such as ``%time`` runs, and ignore settings."""
        if name in _RUNNING:
            self.run_cell(line)
        elif name == "run":
            raise NotReplayableError(
                "it runs a file, whose code is not kept; put the code into a cell"
            )
        elif name not in _HARMLESS.split():
            raise NotReplayableError(f"it uses the magic %{name}")

    def run_cell_magic(self, name: str, _line: str, cell: str) -> None:
        """Run the text of a cell that a magic such as ``%%time`` runs."""
        if name in _RUNNING:
            self.run_cell(cell)
        elif name not in _HARMLESS.split():
            raise NotReplayableError(f"it uses the magic %%{name}")

    def __getattr__(self, name: str) -> Any:
        if name in ("system", "getoutput", "getoutput_pexpect"):
            raise NotReplayableError("it runs a command of the system")
        if name.startswith("__"):
            raise AttributeError(name)
        return Silent()


class Modules:
    """The imports of cells.

    Args:
        scratch: The workspace that stands for every other one.
    """

    def __init__(self, scratch: ScratchWorkspace) -> None:
        factory = workspace_class(scratch)

        def open_project(path: Any) -> ScratchWorkspace:
            workspace = factory()
            workspace.load(path, lazy=True)
            return workspace

        self._replaced = {
            "Workspace": factory,
            "connect": lambda *_arguments, **_options: factory(),
            "open": open_project,
            "workspace": scratch,
            "plotter": Silent(),
            "Plotter": Silent(),
        }

    def load(
        self,
        name: str,
        namespace: Any = None,
        local: Any = None,
        names: Any = (),
        level: int = 0,
    ) -> Any:
        """Import a module, as `__import__` does."""
        module = builtins.__import__(name, namespace, local, names, level)
        if module.__name__ in _OWN:
            return _Replaced(module, self._replaced)
        return module


class _Replaced(ModuleType):
    """A module some of whose attributes are replaced."""

    def __init__(self, module: ModuleType, attributes: dict[str, Any]) -> None:
        super().__init__(module.__name__)
        vars(self).update(attributes)
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


def namespace(scratch: ScratchWorkspace, run: Callable[[str], None]) -> dict[str, Any]:
    """Return the namespace in which cells run again.

    Args:
        scratch: The workspace.
        run: Runs code in this namespace.
    """
    magics = Magics(run)
    imports = Modules(scratch).load
    own = {**vars(builtins), "__import__": imports, "input": _no_input}
    names: dict[str, Any] = {
        "__name__": "__main__",
        "__builtins__": own,
        "workspace": scratch,
        "plotter": Silent(),
        "display": Silent(),
        "get_ipython": lambda: magics,
        "In": [],
        "Out": {},
    }
    for name, module in _OFFERED.items():
        package = module.partition(".")[0]
        names[name] = import_module(module) if is_installed(package) else Silent()
    sigima = names["sigima"]
    names |= {name: getattr(sigima, name) for name in _OFFERED_FUNCTIONS}
    return names


def _no_input(*_arguments: object) -> str:
    raise NotReplayableError("it asks for input")
