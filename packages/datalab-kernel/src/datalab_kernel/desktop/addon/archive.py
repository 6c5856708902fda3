"""Make the archive of the add-on from the sources of the installed packages."""

from __future__ import annotations

import ast
import hashlib
import io
import json
import marshal
from collections.abc import Iterator, Mapping
from importlib.util import MAGIC_NUMBER, find_spec
from pathlib import Path
from typing import NamedTuple
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile, ZipInfo

from datalab_kernel._version import __version__
from datalab_kernel.desktop.addon import loader
from datalab_kernel.desktop.addon.loader import BUNDLE, COMPILED

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
    files[COMPILED] = _compiled(files)
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

    Imports within functions count, but not those for type checkers. Of a package that
    only contains such a module, the imports within functions do not count.

    Args:
        root: Full name of the module.

    Returns:
        By path within the archive: the source with private names in its imports.

    Raises:
        FileNotFoundError: There is no such module.
        ValueError: A module is imported in a way that would not import the private one.
    """
    if _file(root) is None:
        raise FileNotFoundError(f"there is no module {root!r}")
    files: dict[str, bytes] = {}
    followed: dict[str, bool] = {}
    pending = [(root, True)]
    while pending:
        module, used = pending.pop()
        file = _file(module)
        if file is None or followed.get(module) in (True, used):
            continue
        followed[module] = used
        pending.append((module.rpartition(".")[0], False))
        text = file.read_text("utf-8")
        imports = list(_imports(ast.parse(text), module))
        for found in imports:
            # No one calls the functions of a package that only contains a module.
            if used or not found.late:
                pending += found.modules()
        package = _folder(module.partition(".")[0])
        path = file.relative_to(package.parent).as_posix()
        files[path] = _renamed(text, imports).encode()
    return files


def _files(root: str) -> dict[str, bytes]:
    own = {"loader.py": Path(loader.__file__).read_bytes(), "root": root.encode()}
    return sources(root) | own


def _compiled(files: Mapping[str, bytes]) -> bytes:
    """Return the code of all modules for Pythons of this version.

    DataLab starts 40 ms sooner if it need not compile them.
    """
    code = {
        name: compile(content, f"{BUNDLE}/{name}", "exec", dont_inherit=True)
        for name, content in files.items()
        if name.endswith(".py")
    }
    return MAGIC_NUMBER + marshal.dumps(code)


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


class _Import(NamedTuple):
    """A place at which one of our modules is imported.

    Attributes:
        node: The statement, or the part of it that names the module.
        module: Full name of the module.
        late: Whether it is imported when a function is called.
    """

    node: ast.ImportFrom | ast.alias
    module: str
    late: bool

    def modules(self) -> Iterator[tuple[str, bool]]:
        """Yield the modules that it imports, and whether their content is used."""
        names = self.node.names if isinstance(self.node, ast.ImportFrom) else []
        inner = [f"{self.module}.{alias.name}" for alias in names]
        modules = [name for name in inner if _file(name) is not None]
        yield from ((name, True) for name in modules)
        yield self.module, not inner or len(modules) < len(inner)


def _imports(tree: ast.AST, module: str, *, late: bool = False) -> Iterator[_Import]:
    """Yield the places at which our modules are imported at run time.

    Args:
        tree: A part of the source.
        module: Full name of the module, for the error.
        late: Whether the part is in a function.

    Raises:
        ValueError: The import binds the name of a package, which is different now.
    """
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.ImportFrom) and _is_ours(node.module):
            yield _Import(node, str(node.module), late)
        elif isinstance(node, ast.Import):
            for alias in filter(lambda alias: _is_ours(alias.name), node.names):
                if alias.asname is None:
                    raise ValueError(
                        f"{module} has 'import {alias.name}', which binds the name of "
                        "a package; write it with 'from' or 'as'"
                    )
                yield _Import(alias, alias.name, late)
        is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        yield from _imports(node, module, late=late or is_function)


def _is_ours(module: str | None) -> bool:
    return (module or "").partition(".")[0] in _PACKAGES


def _renamed(text: str, imports: list[_Import]) -> str:
    """Return a source with private names in its imports, and the same lines."""
    lines = text.splitlines(keepends=True)
    for node, module, _ in imports:
        line, start = lines[node.lineno - 1], node.col_offset
        private = line[start:].replace(module, f"{BUNDLE}.{module}", 1)
        lines[node.lineno - 1] = line[:start] + private
    return "".join(lines)
