"""The arguments of methods, and the values that complete them.

They follow from the signatures, which are read from the source, because completion must
not import anything; see `public_names`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

from datalab_kernel_core.public_names import imported_names, module_tree

#: The values of an argument: names of objects, titles of groups, a few strings, the
#: path of a file, or something else.
Takes: TypeAlias = Literal["objects", "groups", "choices", "path", "other"]

#: What an argument takes, by its name.
_TAKES: Mapping[str, Takes] = {
    **dict.fromkeys(("name", "names", "what", "on", "with_", "result"), "objects"),
    "group": "groups",
}
#: Arguments for other objects than those of the workspace: in a file, or lost ones.
_OTHERS = frozenset({("load", "names"), ("recover", "what")})


@dataclass(frozen=True)
class MethodArgument:
    """An argument of a method.

    Attributes:
        name: Its name.
        takes: The kind of its values.
        choices: The strings that it accepts, if `takes` is "choices".
        positional: Whether it may be passed by position.
        variadic: Whether it stands for any number of positional arguments.
        of_kind: "signal" or "image" if it takes only these objects, otherwise None.
    """

    name: str
    takes: Takes = "other"
    choices: tuple[str, ...] = ()
    positional: bool = False
    variadic: bool = False
    of_kind: str | None = None


@lru_cache
def method_arguments(
    module: str, class_name: str
) -> Mapping[str, tuple[MethodArgument, ...]]:
    """Return the arguments of each public method of a class and of its base classes.

    Args:
        module: Full name of the module that defines the class.
        class_name: Name of the class.
    """
    methods: dict[str, tuple[MethodArgument, ...]] = {}
    for statement in _statements(module):
        if not (isinstance(statement, ast.ClassDef) and statement.name == class_name):
            continue
        for base in reversed(statement.bases):
            if isinstance(base, ast.Name):
                source, name = _imports(module).get(base.id, (module, base.id))
                methods |= method_arguments(source, name)
        for member in statement.body:
            if isinstance(member, ast.FunctionDef) and member.name[0] != "_":
                methods[member.name] = tuple(_arguments(member, module))
    return methods


def _statements(module: str) -> Sequence[ast.stmt]:
    tree = module_tree(module)
    return () if tree is None else tree.body


@lru_cache
def _imports(module: str) -> Mapping[str, tuple[str, str]]:
    """Return the names that a module imports, also those for type checkers alone."""
    tree = module_tree(module)
    return {} if tree is None else imported_names(ast.walk(tree))


def _arguments(function: ast.FunctionDef, module: str) -> Iterator[MethodArgument]:
    arguments = function.args
    for argument in arguments.args[1:]:  # without self
        yield _argument(function.name, argument, module, positional=True)
    if arguments.vararg is not None:
        yield _argument(
            function.name, arguments.vararg, module, positional=True, variadic=True
        )
    for argument in arguments.kwonlyargs:
        yield _argument(function.name, argument, module)


def _argument(
    method: str,
    argument: ast.arg,
    module: str,
    *,
    positional: bool = False,
    variadic: bool = False,
) -> MethodArgument:
    name = argument.arg
    choices = tuple(_literals(argument.annotation, module))
    takes: Takes = "choices" if choices else "other"
    if argument.annotation and "PathLike" in ast.unparse(argument.annotation):
        takes = "path"
    elif name in _TAKES and (method, name) not in _OTHERS:
        takes = _TAKES[name]
    return MethodArgument(name, takes, choices, positional, variadic)


def _literals(annotation: ast.expr | None, module: str) -> Iterator[str]:
    """Yield the strings that a type allows, also if it has a name elsewhere."""
    if isinstance(annotation, ast.BinOp):
        yield from _literals(annotation.left, module)
        yield from _literals(annotation.right, module)
    elif isinstance(annotation, ast.Subscript):
        if ast.unparse(annotation.value) in ("Literal", "typing.Literal"):
            for constant in ast.walk(annotation.slice):
                if isinstance(constant, ast.Constant) and isinstance(
                    constant.value, str
                ):
                    yield constant.value
    elif isinstance(annotation, ast.Name | ast.Attribute):
        yield from _literals(*_alias(ast.unparse(annotation), module))


def _alias(name: str, module: str) -> tuple[ast.expr | None, str]:
    """Return the type that a name stands for, and the module that defines it."""
    first, _, rest = name.partition(".")
    if first in _imports(module):
        source, original = _imports(module)[first]
        if not source.startswith("datalab_"):
            return None, module
        return (
            _alias(rest, f"{source}.{original}") if rest else _alias(original, source)
        )
    for statement in _statements(module):
        target = getattr(statement, "target", None) or next(
            iter(getattr(statement, "targets", ())), None
        )
        if isinstance(target, ast.Name) and target.id == name:
            return getattr(statement, "value", None), module
    return None, module
