"""Proxies for the names of a notebook: nothing is imported until one is used."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from datalab_kernel_core.lazy import LazyFunction, LazyModule, lazy_object

if TYPE_CHECKING:
    from datalab_kernel_core.plotter.plotter import Plotter
    from datalab_workspace import Workspace

MODULES = {"sigima": "sigima", "np": "numpy", "plt": "matplotlib.pyplot"}
FUNCTIONS = {"create_signal": "sigima", "create_image": "sigima"}


def lazy_names(
    make_workspace: Callable[[], Workspace],
    make_plotter: Callable[[], Plotter],
    resolved: Callable[[str, Any], None],
) -> dict[str, Any]:
    """Return proxies for the objects, modules and functions, by name.

    Args:
        make_workspace: Makes the workspace when it is first used.
        make_plotter: Makes the plotter when it is first used.
        resolved: Called with the name and the module or function at each use of a
            proxy for one.
    """
    names = {
        "workspace": lazy_object("Workspace", make_workspace),
        "plotter": lazy_object("Plotter", make_plotter),
    }
    for name, target in MODULES.items():
        names[name] = LazyModule(target, partial(resolved, name))
    for name, module in FUNCTIONS.items():
        names[name] = LazyFunction(module, name, partial(resolved, name))
    return names
