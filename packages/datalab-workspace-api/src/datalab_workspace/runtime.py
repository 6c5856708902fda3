"""Properties of the Python environment: the platform and the installed packages."""

from __future__ import annotations

import sys
from importlib.util import find_spec

#: Whether this is a kernel in a web page, without sockets, threads or processes.
IN_BROWSER = sys.platform == "emscripten"
_REMEDY = (
    "it must be added to the environment from which this site built the kernel"
    if IN_BROWSER
    else "install it with pip or conda"
)


def is_installed(package: str) -> bool:
    """Return True if a package can be imported; it is not imported."""
    if package in sys.modules:
        return sys.modules[package] is not None  # None forbids to import it
    return find_spec(package) is not None


def require(package: str, what: str, instead: str = "") -> None:
    """Raise an error unless a package is installed. The package is not imported.

    Args:
        package: Name of the package.
        what: The operation or object that needs it, for example ``"a project file"``.
        instead: An alternative without the package, for the error message.

    Raises:
        ModuleNotFoundError: The package is not installed.
    """
    if is_installed(package):
        return
    otherwise = f", or {instead}" if instead else ""
    raise ModuleNotFoundError(
        f"{what} needs {package}, which is not installed here: {_REMEDY}{otherwise}",
        name=package,
    )
