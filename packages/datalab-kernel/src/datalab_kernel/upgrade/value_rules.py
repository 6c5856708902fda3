"""The results of version 0.2 whose use has changed: of `status`, `add` and `plot`."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from datalab_kernel.upgrade.findings import Edit, Finding, Level
from datalab_kernel.upgrade.source import Source

#: The code for a value of the status, by its key in version 0.2.
_STATUS = {
    "mode": "{}.mode",
    "url": "{}.url",
    "object_count": "({0}.signals + {0}.images)",
}
_STATUS_MESSAGE = "status() returns an object with attributes now, not a dict."
_AS_DICT = ("items", "keys", "values")
#: What to write instead of private attributes of the workspace and the plotter.
_PRIVATE = {
    "_backend": "{0}.backend, or the methods of {0}",
    "_mode": "{}.mode",
    "_delegate": "the methods of {}",
}
#: Attributes that a string has, which `add` returns now.
_OF_STRINGS = frozenset(dir(str))


def status_item(node: ast.Subscript, source: Source) -> Iterator[Finding]:
    """Check `status["mode"]`."""
    yield _status_value(node, node.value, node.slice, source)


def status_method(node: ast.Call, source: Source) -> Iterator[Finding]:
    """Check `status.get("mode")` and other methods of a dict."""
    if not isinstance(node.func, ast.Attribute):
        return
    if node.func.attr == "get" and node.args:
        yield _status_value(node, node.func.value, node.args[0], source)
    elif node.func.attr in _AS_DICT:
        yield status_as_dict(node, node.func.value, source)


def status_as_dict(node: ast.expr, status: ast.expr, source: Source) -> Finding:
    """Return the finding for a status that is used as a dict."""
    instead = f"vars({source.code(status)})"
    return Finding(Level.OLD, source.line(node), _STATUS_MESSAGE, instead)


def status_key(node: ast.Compare, source: Source) -> Iterator[Finding]:
    """Check `"url" in status`."""
    status = source.code(node.comparators[0])
    instead = f"{status}.url is not None"
    yield Finding(Level.OLD, source.line(node), _STATUS_MESSAGE, instead)


def _status_value(
    node: ast.expr, status: ast.expr, key: ast.expr, source: Source
) -> Finding:
    name = key.value if isinstance(key, ast.Constant) else None
    code = source.code(status)
    if name == "object_count" and code.endswith(".status()"):
        new = f"len({code.removesuffix('.status()')})"
    elif name == "backend":
        new = ""
    else:
        new = _STATUS.get(str(name), "").format(code)
    edits = source.replace(node, new) if new else ()
    instead = new or f"{code}.protocols, or another attribute"
    return Finding(Level.OLD, source.line(node), _STATUS_MESSAGE, instead, edits)


def added_attribute(
    node: ast.Attribute, source: Source, workspace: str | None
) -> Iterator[Finding]:
    """Check an attribute of the result of `add`, which is a name now."""
    if node.attr not in _OF_STRINGS:
        yield added_object(node.value, source, workspace, is_read=_is_read(node))


def added_object(
    node: ast.expr, source: Source, workspace: str | None, *, is_read: bool = True
) -> Finding:
    """Return the finding for a result of `add` that is used as an object."""
    get = f"{workspace or 'workspace'}.get"
    edits: tuple[Edit, ...] = ()
    if workspace is not None and is_read:
        edits = source.wrap(node, get)
    return Finding(
        Level.GONE,
        source.line(node),
        "add() returns the name of the object now, not the object.",
        f"{get}({source.code(node)})",
        edits,
    )


def plot_attribute(node: ast.Attribute, source: Source) -> Iterator[Finding]:
    """Check `_repr_html_` of a picture, which is an image now."""
    if node.attr == "_repr_html_":
        yield Finding(
            Level.GONE,
            source.line(node),
            "A picture is an image now, and not HTML.",
            f'{source.code(node.value)}.save("picture.svg")',
        )


def plotter_attribute(node: ast.Attribute, source: Source) -> Iterator[Finding]:
    """Check the name of the backend."""
    if node.attr == "backend":
        message = "backend is always 'matplotlib': Matplotlib draws every picture."
        yield Finding(Level.OLD, source.line(node), message, '"matplotlib"')


def private(node: ast.Attribute, source: Source) -> Iterator[Finding]:
    """Check the private attributes of the workspace and the plotter of version 0.2."""
    new = _PRIVATE.get(node.attr)
    if new is not None:
        edits = source.rename_attribute(node, "mode") if node.attr == "_mode" else ()
        yield Finding(
            Level.GONE,
            source.line(node),
            f"The private attribute {node.attr} no longer exists.",
            new.format(source.code(node.value)),
            edits,
        )


def _is_read(node: ast.Attribute) -> bool:
    return isinstance(node.ctx, ast.Load)
