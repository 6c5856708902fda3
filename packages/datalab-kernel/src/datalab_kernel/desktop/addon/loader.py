"""Import the modules of an archive by a private name.

This module is in the archive, too, and is executed there before anything can be
imported from the archive. So it needs the standard library alone.
"""

from __future__ import annotations

import marshal
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import MAGIC_NUMBER, spec_from_loader
from types import CodeType, ModuleType

#: The package that contains the packages of the archive.
BUNDLE = "_datalab_kernel_bundle"
#: The file with the code of the modules, as one version of Python compiles them.
COMPILED = "compiled"


class Archive(MetaPathFinder, InspectLoader):
    """The importer of the modules of an archive.

    Args:
        path: The path of the archive, for tracebacks.
        files: Its files by name, relative to `BUNDLE`.
    """

    bundle = BUNDLE

    def __init__(self, path: str, files: Mapping[str, bytes]) -> None:
        self._path = path
        self._files = files
        self._code = _for_this_python(files.get(COMPILED, b""))

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002  Python passes it
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        """Return the spec of a module of the archive, None for any other module."""
        file = self._file(fullname)
        if file is None:
            return None
        return spec_from_loader(fullname, self, origin=f"{self._path}/{file}")

    def is_package(self, fullname: str) -> bool:
        """Return whether a module of the archive is a package."""
        return (self._file(fullname) or "").endswith("__init__.py")

    def get_source(self, fullname: str) -> str:
        """Return the source of a module."""
        return self._files.get(self._file(fullname) or "", b"").decode("utf-8")

    def get_code(self, fullname: str) -> CodeType:
        """Return the code of a module."""
        file = self._file(fullname) or ""
        if file in self._code:
            return self._code[file]
        return self.source_to_code(self.get_source(fullname), f"{self._path}/{file}")

    def _file(self, fullname: str) -> str | None:
        """Return the name of the file of a module, None if it has none."""
        if fullname == BUNDLE:
            return "__init__.py"
        package, _, module = fullname.partition(".")
        if package != BUNDLE:
            return None
        stem = module.replace(".", "/")
        names = (f"{stem}/__init__.py", f"{stem}.py")
        return next((name for name in names if name in self._files), None)


def _for_this_python(compiled: bytes) -> Mapping[str, CodeType]:
    """Return the code of modules by file; none if another version compiled them."""
    if not compiled.startswith(MAGIC_NUMBER):
        return {}
    code: dict[str, CodeType] = marshal.loads(compiled[len(MAGIC_NUMBER) :])  # noqa: S302  it is our own code, like the sources next to it
    return code


def companion(path: str, files: Mapping[str, bytes]) -> ModuleType:
    """Import the companion from an archive, and return its module.

    Once its modules are imported, those of another version need another process.

    Args:
        path: The path of the archive.
        files: Its files by name.
    """
    root = f"{BUNDLE}.{files['root'].decode()}"
    if root not in sys.modules:
        _forget_failures()
        sys.meta_path.append(Archive(path, files))
    return import_module(root)


def _forget_failures() -> None:
    """Remove the modules and importers of attempts that failed."""
    for name in [*sys.modules]:
        if name.partition(".")[0] == BUNDLE:
            del sys.modules[name]
    # Each attempt has another copy of the class.
    others = [one for one in sys.meta_path if getattr(one, "bundle", "") != BUNDLE]
    sys.meta_path[:] = others
