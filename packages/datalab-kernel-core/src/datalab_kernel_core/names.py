"""The names `workspace`, `plotter`, `sigima`… in a notebook, a script or a module.

In a notebook they are those of its session. Elsewhere the process has them once.
Nothing is imported, and no DataLab is looked for, until one of them is used.
"""

from __future__ import annotations

import sys
import threading
from functools import cache
from typing import TYPE_CHECKING, Any

from datalab_kernel_core.lazy_names import lazy_names

if TYPE_CHECKING:
    from datalab_kernel_core.plotter.plotter import Plotter
    from datalab_workspace import Workspace

_making = threading.Lock()


def current(name: str) -> Any:
    """Return the object that a name means here.

    In IPython, the names belong to the session, even if the extension is not loaded.
    If the user has bound `workspace` to another workspace, that one is returned.

    Args:
        name: "workspace", "plotter", "sigima", "np", "plt", "create_signal" or
            "create_image".

    Example:
        >>> from datalab_kernel_core import names
        >>> names.current("workspace") is names.current("workspace")
        True
    """
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    if shell is None:
        with _making:  # `cache` would let two threads make two workspaces
            return _of_process()[name]
    from datalab_kernel_core.namespace import namespace_of

    namespace = namespace_of(shell)
    if name == "workspace":
        return namespace.current_workspace()
    return namespace.offered[name]


@cache
def _of_process() -> dict[str, Any]:
    """Return the names of a process that is not a session of IPython."""
    from datalab_kernel_core import submodules

    submodules.install()
    names: dict[str, Any] = {}

    def make_workspace() -> Workspace:
        from datalab_workspace import Workspace

        return Workspace()

    def make_plotter() -> Plotter:
        from datalab_kernel_core.plotter.plotter import Plotter

        return Plotter(names["workspace"])

    names.update(lazy_names(make_workspace, make_plotter, names.__setitem__))
    return names
