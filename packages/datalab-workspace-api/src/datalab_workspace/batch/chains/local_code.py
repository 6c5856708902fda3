"""Distinguish the code of the user from that of installed packages."""

from __future__ import annotations

import ast
import functools
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

_INSTALLED = ("stdlib", "platstdlib", "purelib", "platlib")


@functools.cache
def _installed_folders() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    return tuple({str(Path(paths[name]).resolve()) for name in _INSTALLED})


def is_local(module: str | None) -> bool:
    """Return whether a module is code of the user, which workers may not have.

    Args:
        module: Its name. That of a notebook or script is "__main__".
    """
    if module is None or module == "__main__":
        return True
    if module.partition(".")[0] in ("datalab_workspace", "sigima"):
        return False
    known = sys.modules.get(module)
    path = getattr(known, "__file__", None)
    if known is None or path is None:
        return known is None and module not in sys.builtin_module_names
    resolved = Path(path).resolve()
    if "site-packages" in resolved.parts or "dist-packages" in resolved.parts:
        return False
    return not str(resolved).startswith(_installed_folders())


def local_files() -> Iterator[Path]:
    """Yield the files of the imported modules that are code of the user."""
    installed = _installed_folders()
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        # Most modules are installed, and this is a quick way to find them.
        if isinstance(file, str) and not file.startswith(installed) and is_local(name):
            yield Path(file)


def local_source(module: ModuleType) -> str:
    """Return the source of a module without comments and positions."""
    path = getattr(module, "__file__", None)
    if path is None:
        return ""
    content = Path(path).read_bytes()
    try:
        return ast.dump(ast.parse(content))
    except (SyntaxError, ValueError):  # it is not a file of Python
        return content.hex()
