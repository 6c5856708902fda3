"""The source of functions: for fingerprints, and for histories."""

from __future__ import annotations

import ast
import dis
import functools
import inspect
import linecache
import textwrap
from collections.abc import Iterator
from contextlib import suppress
from types import CodeType, FunctionType
from typing import Any

#: The instructions that read or write a global variable; a class body has names.
_GLOBAL = frozenset(("LOAD_GLOBAL", "STORE_GLOBAL", "DELETE_GLOBAL", "LOAD_NAME"))
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def name_of(function: Any) -> str:
    """Return the name of a function or of another callable object, for people."""
    while isinstance(function, functools.partial):
        function = function.func
    name = getattr(function, "__qualname__", None) or type(function).__qualname__
    return str(name).rpartition("<locals>.")[2]


def variables_of(function: FunctionType) -> dict[str, Any]:
    """Return the variables outside of a function that it uses, by name."""
    found: dict[str, Any] = {}
    for name in sorted(_global_names(function.__code__)):
        if name in function.__globals__:
            found[name] = function.__globals__[name]
    cells = function.__closure__ or ()
    for name, cell in zip(function.__code__.co_freevars, cells, strict=True):
        with suppress(ValueError):  # it is not bound yet
            found[name] = cell.cell_contents
    return found


def _global_names(code: CodeType) -> set[str]:
    """Return the global variables in a code object; attributes are not among them."""
    names = {
        str(instruction.argval)
        for instruction in dis.get_instructions(code)
        if instruction.opname in _GLOBAL
    }
    return names.union(*(_global_names(inner) for inner in _codes(code)))


def text_of(code: CodeType) -> str | None:
    """Return the source of a code object; None if there is none."""
    # The file of a module may have changed since an earlier look.
    linecache.checkcache(code.co_filename)
    try:
        return textwrap.dedent(inspect.getsource(code))
    except (OSError, TypeError, IndentationError, SyntaxError):
        return None


def normalized(function: FunctionType) -> str:
    """Return the code of a function as a string that its layout does not change.

    It is the syntax tree of the source, without comments, docstrings and positions; or
    the bytecode, if there is no source or if that has been changed since the function
    was defined.
    """
    code = function.__code__
    text = text_of(code)
    found = None if text is None else _definition(text, code)
    return "\n".join(_bytecode(code)) if found is None else ast.dump(found)


def _definition(text: str, code: CodeType) -> ast.AST | None:
    """Return the only function in a source that has the bytecode of a function."""
    try:
        tree = ast.parse(text)
        compiled = compile(text, "<source>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):  # as the middle of a call has, for a lambda
        return None
    wanted = list(_bytecode(code))
    if not any(list(_bytecode(c)) == wanted for c in _codes(compiled)):
        return None
    nodes: list[ast.AST] = []
    for node in ast.walk(tree):
        if code.co_name == "<lambda>":
            nodes += [node] if isinstance(node, ast.Lambda) else []
        elif isinstance(node, _DEFINITIONS) and node.name == code.co_name:
            nodes.append(node)
    if len(nodes) != 1:
        return None
    _drop_docstrings(nodes[0])
    return nodes[0]


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def _bytecode(code: CodeType) -> Iterator[str]:
    """Yield the parts of a code object that do not depend on its place."""
    yield code.co_code.hex()
    yield repr((code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars))
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _bytecode(constant)
        elif isinstance(constant, frozenset):
            yield repr(sorted(map(repr, constant)))
        else:
            yield repr(constant)


def _drop_docstrings(tree: ast.AST) -> None:
    for node in ast.walk(tree):
        if isinstance(node, _DEFINITIONS) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
