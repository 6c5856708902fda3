"""The imports from the package `datalab_kernel` that have changed since version 0.2."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from datalab_kernel.deprecated import GONE_NAMES, NEW_HOMES
from datalab_kernel.upgrade.findings import Edit, Finding, Level
from datalab_kernel.upgrade.kinds import NOTEBOOK
from datalab_kernel.upgrade.source import Source

_PACKAGE = "datalab_kernel"
_EXTENSION = "`%load_ext datalab_kernel`"
_CONNECT = "`workspace.connect()`"
_PICTURES = "`plotter.plot(name)`, or `plotter.explore(name)` to zoom in"
#: What to use instead of the modules that no longer exist.
_GONE_MODULES = {
    "backends.pyfetch": _CONNECT,
    "backends.standalone": "`datalab_workspace.backends.MemoryBackend`",
    "backends.webapi": _CONNECT,
    "install": "`datalab_kernel.install()`, or `python -m datalab_kernel install`",
    "kernel": "nothing: Jupyter starts the kernel",
    "matplotlib_backend": _PICTURES,
    "plotly_backend": _PICTURES,
    "serialization_npz": '`workspace.save("objects.npz")` and `workspace.load`',
    "startup": _EXTENSION,
    "tests": "nothing: the tests are not installed",
}
#: What to use instead of other names of modules that still exist.
_GONE_OTHERS = {
    "workspace": "`datalab_workspace`",
    "plotter": "nothing: Matplotlib draws every picture",
    "discovery": _CONNECT,
    "backends": "`datalab_workspace.backends`",
}
#: Functions of the package that have the name of a module of version 0.2.
_KEPT = ("install",)


def statement(node: ast.ImportFrom | ast.Import, source: Source) -> Iterator[Finding]:
    """Check an import."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            module = alias.name.removeprefix(f"{_PACKAGE}.")
            if module in _GONE_MODULES and alias.name != module:
                yield _gone(source.line(node), alias.name, _GONE_MODULES[module])
        return
    if node.level or node.module is None or not _is_ours(node.module):
        return
    found = [
        finding
        for alias in node.names
        if (finding := name(source.line(node), node.module, alias.name)) is not None
    ]
    edits = _rewritten(node, source) if found else ()
    for finding in found:
        yield Finding(
            finding.level, finding.line, finding.message, finding.instead, edits
        )


def name(line: int, module: str, attribute: str) -> Finding | None:
    """Return the finding for a name of a module, or None.

    Args:
        line: The line where it is used.
        module: Full name of the module.
        attribute: The name in the module.
    """
    full = f"{module}.{attribute}"
    if module == _PACKAGE and attribute in NOTEBOOK:
        message = f"A notebook has the name {attribute!r}; it is not imported."
        return Finding(Level.OLD, line, message, attribute)
    if attribute in NEW_HOMES.get(module, {}):
        home, _, renamed = NEW_HOMES[module][attribute].partition(":")
        new = renamed or attribute
        return Finding(
            Level.OLD, line, f"{full} is {home}.{new} now.", f"from {home} import {new}"
        )
    if attribute in GONE_NAMES.get(module, {}):
        return _gone(line, full, f"`{GONE_NAMES[module][attribute]}`")
    if full == f"{_PACKAGE}.discovery.discover_connection":
        message = "connect() looks for a running DataLab itself."
        return Finding(Level.OLD, line, message, "workspace.connect()")
    return _gone_or_kept(line, full)


def _gone_or_kept(line: int, full: str) -> Finding | None:
    path = full.removeprefix(f"{_PACKAGE}.")
    if path in _KEPT:
        return None
    for module, instead in _GONE_MODULES.items():
        if f"{path}.".startswith(f"{module}."):
            return _gone(line, full, instead)
    module, _, attribute = path.partition(".")
    if module in _GONE_OTHERS and attribute and not attribute.startswith("__"):
        return _gone(line, full, _GONE_OTHERS[module])
    return None


def _is_ours(module: str) -> bool:
    return module == _PACKAGE or module.startswith(f"{_PACKAGE}.")


def _gone(line: int, full: str, instead: str) -> Finding:
    return Finding(Level.GONE, line, f"{full} no longer exists.", instead)


def _rewritten(node: ast.ImportFrom, source: Source) -> tuple[Edit, ...]:
    """Return the change to the new imports; empty if one of the names is gone."""
    lines: dict[str, list[str]] = {}
    others = []
    for alias in node.names:
        as_ = f" as {alias.asname}" if alias.asname else ""
        module = node.module or ""
        if module == _PACKAGE and alias.name in NOTEBOOK:
            others += [f"{alias.asname} = {alias.name}"] if as_ else []
        elif alias.name in NEW_HOMES.get(module, {}):
            home, _, renamed = NEW_HOMES[module][alias.name].partition(":")
            if renamed:
                as_ = as_ or f" as {alias.name}"
            lines.setdefault(home, []).append(f"{renamed or alias.name}{as_}")
        elif name(0, module, alias.name) is None and alias.name != "*":
            lines.setdefault(module, []).append(f"{alias.name}{as_}")
        else:
            return ()
    new = [f"from {home} import {', '.join(names)}" for home, names in lines.items()]
    return _replaced(node, source, new + others)


def _replaced(node: ast.stmt, source: Source, new: list[str]) -> tuple[Edit, ...]:
    if not new:
        return source.remove_statement(node)
    start, end = source.start(node), source.end(node)
    line_start = source.text.rfind("\n", 0, start) + 1
    indent = source.text[line_start:start]
    is_alone = not indent.strip() and source.text[end:].lstrip(" \t")[:1] in ("\n", "")
    return source.replace(node, (f"\n{indent}" if is_alone else "; ").join(new))
