"""The public names that a module or class defines, read from its source.

Completion must answer at once, but to import sigima takes a second, and to import the
plotter imports Matplotlib. Until they are imported, their names are read from the
source files. No code of the module runs, nor of the packages that contain it.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules
from typing import TypeAlias

#: By public name: "module", "class", "function", "property" or "instance", the types
#: that IPython's completions have.
Members: TypeAlias = dict[str, str]


@lru_cache
def module_names(name: str) -> Members | None:
    """Return the public names in a module, and its submodules if it is a package.

    Args:
        name: Full name of the module.

    Returns:
        The names, or None if the source does not determine them: there is no source
        file, or the module computes its names, imports all names of another module,
        or binds names on a condition.
    """
    spec = _spec(name)
    tree = _tree(spec)
    if spec is None or tree is None:
        return None
    members: Members = {}
    for statement in _statements(tree.body):
        if _is_open_ended(statement):
            return None
        members |= _bound(statement)
    for found in iter_modules(spec.submodule_search_locations or ()):
        members.setdefault(found.name, "module")
    return _public(members)


@lru_cache
def class_names(module: str, name: str) -> Members | None:
    """Return the public names in a class and its base classes.

    Args:
        module: Full name of the module that defines the class.
        name: Name of the class.

    Returns:
        The names, or None if the source does not determine them.
    """
    if module in sys.modules:
        return loaded_class_names(getattr(sys.modules[module], name))
    tree = _tree(_spec(module))
    statements = list(_statements(tree.body)) if tree is not None else []
    for statement in statements:
        if isinstance(statement, ast.ClassDef) and statement.name == name:
            return _class_members(module, statement, imported_names(statements))
    return None


@lru_cache
def module_tree(name: str) -> ast.Module | None:
    """Return the syntax tree of a module, which is not imported.

    Args:
        name: Full name of the module.

    Returns:
        The tree; None if there is no source file that Python can read.
    """
    return _tree(_spec(name))


def imported_names(statements: Iterable[ast.AST]) -> dict[str, tuple[str, str]]:
    """Return the module and name behind each name that the statements import."""
    return {
        alias.asname or alias.name: (statement.module, alias.name)
        for statement in statements
        if isinstance(statement, ast.ImportFrom) and statement.module
        for alias in statement.names
    }


def loaded_class_names(class_: type) -> Members:
    """Return the public names in a class that is imported."""
    members: Members = {}
    for base in reversed(class_.__mro__):
        members |= {name: kind_of(value) for name, value in vars(base).items()}
    return _public(members)


def kind_of(value: object) -> str:
    """Return the type that a completion of a value has."""
    if isinstance(value, type):
        return "class"
    if isinstance(value, type(sys)):
        return "module"
    if isinstance(value, property):
        return "property"
    # In a class, the methods of these kinds are not callable.
    if callable(value) or isinstance(value, staticmethod | classmethod):
        return "function"
    return "instance"


def _class_members(
    module: str, definition: ast.ClassDef, imported: dict[str, tuple[str, str]]
) -> Members | None:
    members: Members = {}
    for base in reversed(definition.bases):
        named = base.value if isinstance(base, ast.Subscript) else base
        if not isinstance(named, ast.Name):
            return None
        inherited = class_names(*imported.get(named.id, (module, named.id)))
        if inherited is None:
            return None
        members |= inherited
    for statement in definition.body:
        members |= _bound(statement)
    return _public(members)


def _spec(name: str) -> ModuleSpec | None:
    """Find a module without importing the packages that contain it."""
    top, *parts = name.split(".")
    try:
        spec = find_spec(top)
    except ValueError:  # a module without a spec, such as __main__
        return None
    for index, _ in enumerate(parts, 2):
        if spec is None or spec.submodule_search_locations is None:
            return None
        qualified = ".".join([top, *parts][:index])
        spec = PathFinder.find_spec(qualified, spec.submodule_search_locations)
    return spec


def _tree(spec: ModuleSpec | None) -> ast.Module | None:
    if spec is None or not (spec.origin or "").endswith(".py"):
        return None
    try:
        return ast.parse(Path(str(spec.origin)).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None  # its import, if it is ever used, raises the error


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements that run at import."""
    for statement in body:
        if isinstance(statement, ast.Try):
            yield from _statements(statement.body)
        elif isinstance(statement, ast.If) and _is_for_type_checkers(statement.test):
            yield from _statements(statement.orelse)
        else:
            yield statement


def _is_for_type_checkers(test: ast.expr) -> bool:
    return ast.unparse(test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}


def _is_open_ended(statement: ast.stmt) -> bool:
    """Return whether names may be bound or deleted that the source does not show."""
    if isinstance(statement, ast.ImportFrom):
        return any(alias.name == "*" for alias in statement.names)
    if isinstance(statement, ast.FunctionDef):
        return statement.name in {"__getattr__", "__dir__"}
    return isinstance(
        statement, ast.If | ast.For | ast.While | ast.With | ast.Match | ast.Delete
    )


def _bound(statement: ast.stmt) -> Members:
    """Return the names that a statement binds."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
        decorators = {ast.unparse(one) for one in statement.decorator_list}
        computed = decorators & {"property", "cached_property"}
        return {statement.name: "property" if computed else "function"}
    if isinstance(statement, ast.ClassDef):
        return {statement.name: "class"}
    if isinstance(statement, ast.Import):
        return {(a.asname or a.name).split(".")[0]: "module" for a in statement.names}
    if isinstance(statement, ast.ImportFrom):
        bound = [alias.asname or alias.name for alias in statement.names]
        return {name: _guessed_kind(name) for name in bound}
    if isinstance(statement, ast.AnnAssign) and statement.value is None:
        return {}
    targets = [getattr(statement, "target", None), *getattr(statement, "targets", ())]
    names = (node for target in targets if target for node in ast.walk(target))
    bound = [
        name.id
        for name in names
        if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
    ]
    return dict.fromkeys(bound, "instance")


def _guessed_kind(name: str) -> str:
    """Return the kind that an imported name has by convention."""
    if name.isupper():
        return "instance"
    return "class" if name[:1].isupper() else "function"


def _public(members: Members) -> Members:
    return {name: kind for name, kind in members.items() if not name.startswith("_")}
