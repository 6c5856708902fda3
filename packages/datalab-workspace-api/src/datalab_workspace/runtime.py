"""What the Python that runs this has, and what to do where it lacks something."""

from __future__ import annotations

import sys
from importlib.util import find_spec

#: A kernel in the page of a web site: no sockets, no threads, no processes.
IN_BROWSER = sys.platform == "emscripten"
_REMEDY = (
    "have it added to the environment that this site's kernel was built from"
    if IN_BROWSER
    else "install it with pip or conda"
)


def is_installed(package: str) -> bool:
    """Return True if a package can be imported; it is not imported."""
    return package in sys.modules or find_spec(package) is not None


def require(package: str, what: str, instead: str = "") -> None:
    """Make sure that a package is installed; it is not imported.

    Args:
        package: Name of the package.
        what: What needs it, as in ``"a project file"``.
        instead: What can be done without it.

    Raises:
        ModuleNotFoundError: It is not installed.
    """
    if is_installed(package):
        return
    otherwise = f", or {instead}" if instead else ""
    raise ModuleNotFoundError(
        f"{what} needs {package}, which is not installed here: {_REMEDY}{otherwise}",
        name=package,
    )
