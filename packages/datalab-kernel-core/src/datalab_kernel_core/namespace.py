"""The names that a notebook can use without an import."""

from __future__ import annotations

import sys
import warnings
import weakref
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from datalab_kernel_core import recovery, submodules
from datalab_kernel_core.lazy import stands_for
from datalab_kernel_core.lazy_names import MODULES, lazy_names
from datalab_kernel_core.matcher import datalab_matcher

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from datalab_kernel_core.completion import Variables
    from datalab_kernel_core.plotter.plotter import Plotter
    from datalab_workspace import Workspace

_MISSING = object()
#: The names of each shell that has them.
namespaces: WeakKeyDictionary[InteractiveShell, Namespace] = WeakKeyDictionary()


class Namespace:
    """The names injected into one shell, and the workspace behind them.

    Args:
        shell: The shell. Only a weak reference to it is kept.

    Attributes:
        workspace: The workspace that is made here.
        offered: The names, and the objects, modules and functions that they mean.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell = weakref.ref(shell)
        self.offered = lazy_names(self._make_workspace, self._plotter, self._resolved)
        self.workspace: Workspace = self.offered["workspace"]
        self._injected: dict[str, Any] = {}
        self._matcher = datalab_matcher(self._variables)

    def inject(self) -> None:
        """Bind every name that is not in use; keep the user's own variables.

        Warns:
            UserWarning: The user has variables of the same names.
        """
        shell = self._live_shell()
        free, kept = {}, []
        for name, offer in self.offered.items():
            current = shell.user_ns.get(name, _MISSING)
            if current is _MISSING:
                free[name] = offer
            elif not stands_for(offer, current):
                kept.append(name)
        # %who lists only names that are pushed as interactive.
        shell.push(free, interactive=False)
        matchers = shell.Completer.custom_matchers
        if self._matcher not in matchers:
            matchers.append(self._matcher)
        self._injected.update(free)
        if kept:
            warnings.warn(
                f"kept your own {', '.join(kept)}; delete yours with del and run "
                "%reload_ext to get DataLab's",
                stacklevel=4,
            )

    def withdraw(self) -> None:
        """Unbind every injected name that the user did not rebind."""
        shell = self._live_shell()
        shell.drop_by_id(self._injected)
        self._injected.clear()
        matchers = shell.Completer.custom_matchers
        if self._matcher in matchers:
            matchers.remove(self._matcher)

    def _variables(self) -> Variables:
        from datalab_kernel_core.variables import ShellVariables

        modules = tuple(MODULES.values())
        return ShellVariables(self._variable, self.current_workspace, modules)

    def current_workspace(self) -> Workspace:
        """Return the workspace that the user calls `workspace`.

        This is the injected workspace, unless the user bound the name to another one,
        for example by ``workspace = datalab_workspace.open(path)``.
        """
        shell = self._shell()
        held = None if shell is None else shell.user_ns.get("workspace")
        # isinstance() would create the injected workspace, so it must not be called
        # with the proxy.
        if held is not self.workspace:
            from datalab_workspace import Workspace

            if isinstance(held, Workspace):
                return held
        return self.workspace

    def _make_workspace(self) -> Workspace:
        from datalab_workspace import Workspace

        workspace = Workspace()
        if workspace.capabilities.window:
            _announce(workspace)
        recovery.record(workspace, self._shell())
        return workspace

    def _variable(self, name: str) -> object:
        return self._live_shell().user_ns.get(name)

    def _plotter(self) -> Plotter:
        from datalab_kernel_core.plotter.plotter import Plotter

        return Plotter(self.current_workspace)

    # IPython's own methods are not typed.
    def _live_shell(self) -> Any:
        shell = self._shell()
        if shell is None:
            raise ReferenceError("the shell of this namespace is gone")
        return shell

    def _resolved(self, name: str, value: Any) -> None:
        """Replace a proxy by its module or function."""
        proxy, self.offered[name] = self.offered[name], value
        shell = self._shell()
        holders = [self._injected]
        if shell is not None:
            holders += [shell.user_ns, shell.user_ns_hidden]
        for holder in holders:
            if holder.get(name) is proxy:
                holder[name] = value


def namespace_of(shell: InteractiveShell) -> Namespace:
    """Return the names of a shell, which may not have the extension yet."""
    if shell not in namespaces:
        namespaces[shell] = Namespace(shell)
        submodules.install()
    return namespaces[shell]


def _announce(workspace: Workspace) -> None:
    """Write one line that names the DataLab which a workspace is attached to.

    It sends no request: the status would list all objects, which may take long.
    """
    sys.stdout.write(f"Attached to {workspace.backend.location}\n")
