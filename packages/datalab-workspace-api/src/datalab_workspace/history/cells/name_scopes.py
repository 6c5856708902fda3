"""Find the names in an expression or a function: bound, taken from outside, shared."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import singledispatch

from datalab_workspace.history.cells.common_names import SHARING


def path_of(node: ast.expr) -> list[str]:
    """Return the parts of a dotted name.

    The first part is "" if the name begins with something else, such as a call. The
    list is empty if nothing is dotted.
    """
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.insert(0, node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        return [node.id, *parts]
    return ["", *parts] if parts else []


def base_of(node: ast.expr | None) -> str | None:
    """Return the name at the beginning of ``name.part[index].part``."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Starred):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def global_names(node: ast.AST) -> set[str]:
    """Return the names that functions declare as global."""
    found: set[str] = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Global):
            found.update(inner.names)
    return found


def bound_names(node: ast.AST) -> set[str]:
    """Return the names that are local to a function or a comprehension."""
    found: set[str] = set()
    for inner in ast.walk(node):
        name = _bound_by(inner)
        if name and (inner is not node or isinstance(inner, ast.Name)):
            found.add(name)
    return found - global_names(node)


def _bound_by(node: ast.AST) -> str | None:
    if isinstance(node, ast.Name):
        return None if isinstance(node.ctx, ast.Load) else node.id
    if isinstance(node, ast.arg):
        return node.arg
    if isinstance(node, ast.alias):
        return node.asname or node.name.partition(".")[0]
    if isinstance(node, ast.ExceptHandler | ast.FunctionDef | ast.ClassDef):
        return node.name
    return None


def free_names(node: ast.AST) -> set[str]:
    """Return the names that a function or a comprehension takes from outside."""
    loaded = {
        inner.id
        for inner in ast.walk(node)
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load)
    }
    return loaded - bound_names(node)


@singledispatch
def shared_names(value: ast.AST) -> Iterator[str]:  # noqa: ARG001  # of other nodes
    """Yield the names whose data a value may share.

    Example:
        >>> import ast
        >>> from datalab_workspace.history.cells.name_scopes import shared_names
        >>> [*shared_names(ast.parse("[a.y, b[0], c + d]").body[0].value)]
        ['a', 'b']
    """
    yield from ()


def _of_all(values: Iterable[ast.AST]) -> Iterator[str]:
    for value in values:
        yield from shared_names(value)


@shared_names.register
def _(value: ast.Name) -> Iterator[str]:
    yield value.id


@shared_names.register(ast.Attribute)
@shared_names.register(ast.Subscript)
@shared_names.register(ast.Starred)
@shared_names.register(ast.NamedExpr)
def _(value: ast.Attribute | ast.Subscript | ast.Starred) -> Iterator[str]:
    return shared_names(value.value)


@shared_names.register(ast.List)
@shared_names.register(ast.Tuple)
@shared_names.register(ast.Set)
def _(value: ast.List | ast.Tuple | ast.Set) -> Iterator[str]:
    return _of_all(value.elts)


@shared_names.register
def _(value: ast.Dict) -> Iterator[str]:
    return _of_all(value.values)


@shared_names.register
def _(value: ast.IfExp) -> Iterator[str]:
    return _of_all([value.body, value.orelse])


@shared_names.register
def _(value: ast.Call) -> Iterator[str]:
    if SHARING.intersection(path_of(value.func)[-1:]):
        if isinstance(value.func, ast.Attribute):
            yield from shared_names(value.func.value)
        yield from _of_all([*value.args, *(part.value for part in value.keywords)])
