"""Make the archive of the add-on from the sources of the installed packages."""

from __future__ import annotations

import ast
import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

from datalab_kernel._version import __version__
from datalab_kernel.desktop.addon import loader
from datalab_kernel.desktop.addon.loader import BUNDLE

#: The module with the function `start`.
COMPANION = "datalab_kernel.desktop.companion"
_PACKAGES = ("datalab_kernel", "datalab_workspace")
_ABOUT = "about.json"


def build(root: str = COMPANION) -> bytes:
    """Return the archive: a module, and all our modules that it may import.

    Args:
        root: Full name of the module.

    Raises:
        FileNotFoundError: There is no such module.
        ValueError: A module is imported in a way that would not import the private one.
    """
    files = _files(root)
    about = {"version": __version__, "digest": _digest(files)}
    files[_ABOUT] = json.dumps(about).encode()
    buffer = io.BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            # With a fixed time, the same sources make the same archive.
            info = ZipInfo(name)
            info.external_attr = 0o644 << 16
            archive.writestr(info, content, ZIP_DEFLATED)
    return buffer.getvalue()


def digest(root: str = COMPANION) -> str:
    """Return the digest of the archive that `build` would return."""
    return _digest(_files(root))


def about(path: Path) -> tuple[str, str] | None:
    """Return version and digest of an archive; None if it is not one of the add-on.

    Raises:
        OSError: The file cannot be read.
    """
    try:
        with ZipFile(path) as archive:
            found = json.loads(archive.read(_ABOUT))
        return str(found["version"]), str(found["digest"])
    except (BadZipFile, KeyError, TypeError, ValueError):
        return None


def sources(root: str) -> dict[str, bytes]:
    """Return the sources of a module and of all our modules that it may import.

    Imports within functions count, but not those for type checkers.

    Args:
        root: Full name of the module.

    Returns:
        By path within the archive: the source with private names in its imports.

    Raises:
        FileNotFoundError: There is no such module.
        ValueError: A module is imported in a way that would not import the private one.
    """
    files: dict[str, bytes] = {}
    seen: set[str] = set()
    pending = [root]
    if _file(root) is None:
        raise FileNotFoundError(f"there is no module {root!r}")
    while pending:
        module = pending.pop()
        file = _file(module)
        if module in seen or file is None:  # a class or function that is imported
            continue
        seen.add(module)
        pending.append(module.rpartition(".")[0])
        text = file.read_text("utf-8")
        imports = list(_imports(ast.parse(text), module))
        for node, found in imports:
            pending += [found]
            if isinstance(node, ast.ImportFrom):
                pending += [f"{found}.{alias.name}" for alias in node.names]
        package = _folder(module.partition(".")[0])
        path = file.relative_to(package.parent).as_posix()
        files[path] = _renamed(text, imports).encode()
    return files


def _files(root: str) -> dict[str, bytes]:
    own = {"loader.py": Path(loader.__file__).read_bytes(), "root": root.encode()}
    return sources(root) | own


def _digest(files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _folder(package: str) -> Path:
    spec = find_spec(package)
    locations = spec and spec.submodule_search_locations
    if not locations:
        raise FileNotFoundError(f"the sources of {package!r} are not in a folder")
    return Path(next(iter(locations)))


def _file(module: str) -> Path | None:
    """Return the file of a module, None if it is not one of our modules."""
    package, *parts = module.split(".")
    if package not in _PACKAGES:
        return None
    path = _folder(package).joinpath(*parts)
    candidates = (path / "__init__.py", path.with_suffix(".py"))
    return next((file for file in candidates if file.is_file()), None)


_Import = tuple[ast.ImportFrom | ast.alias, str]


def _imports(tree: ast.AST, module: str) -> Iterator[_Import]:
    """Yield the places at which our modules are imported at run time, and their names.

    Raises:
        ValueError: The import binds the name of a package, which is different now.
    """
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.ImportFrom) and _is_ours(node.module):
            yield node, str(node.module)
        elif isinstance(node, ast.Import):
            for alias in filter(lambda alias: _is_ours(alias.name), node.names):
                if alias.asname is None:
                    raise ValueError(
                        f"{module} has 'import {alias.name}', which binds the name of "
                        "a package; write it with 'from' or 'as'"
                    )
                yield alias, alias.name
        yield from _imports(node, module)


def _is_ours(module: str | None) -> bool:
    return (module or "").partition(".")[0] in _PACKAGES


def _renamed(text: str, imports: list[_Import]) -> str:
    """Return a source with private names in its imports, and the same lines."""
    lines = text.splitlines(keepends=True)
    for node, module in imports:
        line, start = lines[node.lineno - 1], node.col_offset
        private = line[start:].replace(module, f"{BUNDLE}.{module}", 1)
        lines[node.lineno - 1] = line[:start] + private
    return "".join(lines)
