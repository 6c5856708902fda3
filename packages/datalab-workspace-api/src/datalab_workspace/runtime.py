"""Properties of the Python environment: the platform and the installed packages."""

from __future__ import annotations

import sys
from importlib.util import find_spec

#: Whether this is a kernel in a web page, without sockets, threads or processes.
IN_BROWSER = sys.platform == "emscripten"
#: Whether that kernel is Pyodide, which loads a package when a cell imports it.
IN_PYODIDE = IN_BROWSER and "pyodide_js" in sys.modules
#: What sigima imports. In the environment of a page, pip installs sigima without it.
_OF_SIGIMA = (
    *("guidata", "h5py", "makefun", "pandas"),
    *("PIL", "pywt", "requests", "scipy", "skimage"),
)
_NOT_INSTALLED = "which is not installed here"
_INSTALL = "install it with pip or conda"
#: The advice for a file or message that a later version has written.
NEWER_VERSION = (
    "the kernel of this site needs a newer version of datalab-workspace-api"
    if IN_BROWSER
    else "install a newer version of datalab-workspace-api"
)
_IN_A_PAGE = "it must be added to the environment from which this site built the kernel"


def is_installed(package: str) -> bool:
    """Return True if a package can be imported; it is not imported."""
    if package in sys.modules:
        return sys.modules[package] is not None  # None forbids to import it
    return find_spec(package) is not None


def require(package: str, what: str, instead: str = "", *, remedy: str = "") -> None:
    """Raise an error unless a package is installed. The package is not imported.

    Args:
        package: Name of the package. What sigima imports must be installed with it.
        what: The operation or object that needs it, for example ``"a project file"``.
        instead: An alternative without the package, for the error message.
        remedy: How to install it outside of a browser, if not only by its name.

    Raises:
        ModuleNotFoundError: The package is not installed.
    """
    if package in sys.modules and sys.modules[package] is not None:
        return
    for name in (package, *(_OF_SIGIMA if package == "sigima" else ())):
        if not is_installed(name):
            raise missing(name, what, instead, remedy=remedy)


def missing(
    package: str, what: str, instead: str = "", *, remedy: str = ""
) -> ModuleNotFoundError:
    """Return the error for a package that is not installed; see `require`."""
    otherwise = f", or {instead}" if instead else ""
    return ModuleNotFoundError(
        f"{what} needs {package}, {_NOT_INSTALLED}: "
        f"{remedy_for(remedy, package=package)}{otherwise}",
        name=package,
    )


def remedy_for(elsewhere: str = "", *, package: str = "") -> str:
    """Return the remedy for a package that this Python lacks.

    Args:
        elsewhere: How it is added outside of a browser, where no user can install it.
        package: The name by which it is imported.
    """
    if IN_PYODIDE and package:
        return f"run `import {package}` first, which loads it if this site has it"
    return _IN_A_PAGE if IN_BROWSER else elsewhere or _INSTALL


def explained(error: ModuleNotFoundError, what: str) -> ModuleNotFoundError:
    """Return the error of a failed import as one that names the need and the remedy.

    Args:
        error: The error. One that `missing` has made is returned as it is.
        what: The operation that needs the module, for example ``"a TIFF file"``.
    """
    if not error.name or _NOT_INSTALLED in str(error):
        return error
    return missing(error.name.partition(".")[0], what)
