"""The versions of the libraries that compute: they decide how results are compared."""

from __future__ import annotations

import functools
import platform
import re
import sys
from importlib.util import find_spec
from pathlib import Path

from datalab_workspace.history.steps import Environment

#: The libraries whose versions can change the bits of a result.
_LIBRARIES = ("sigima", "numpy", "scipy")


@functools.cache
def here() -> Environment:
    """Return the environment of this process; it imports no library.

    Example:
        >>> from datalab_workspace.history.environment import here
        >>> sorted(here().versions)
        ['numpy', 'platform', 'python', 'scipy', 'sigima']
    """
    versions = {name: found for name in _LIBRARIES if (found := _version(name))}
    versions["python"] = platform.python_version()
    versions["platform"] = f"{sys.platform} {platform.machine()}".strip()
    return Environment(versions)


def _version(library: str) -> str | None:
    from importlib import metadata  # with email and zipfile, 36 modules

    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return _version_in_its_files(library)


def _version_in_its_files(library: str) -> str | None:
    """Return the version of a library that is installed without metadata.

    emscripten-forge leaves out the metadata of NumPy and SciPy. Both have a module with
    the version, which is read here because SciPy may not be imported yet.
    """
    spec = find_spec(library)
    if spec is None or spec.origin is None:  # as in a browser without sigima
        return None
    module = Path(spec.origin).with_name("version.py")
    text = module.read_text("utf-8") if module.is_file() else ""
    found = re.search(r"^(?:__)?version(?:__)? *= *[\"']([^\"']+)", text, re.MULTILINE)
    return found[1] if found else None


def computes_alike(recorded: Environment | None, present: Environment) -> bool:
    """Return whether results in two environments must agree in every bit.

    Args:
        recorded: The environment that computed a step; None if it is unknown.
        present: The environment of this process.
    """
    if recorded is None:
        return False
    names = (*_LIBRARIES, "platform")
    return all(recorded.versions.get(n) == present.versions.get(n) for n in names)
