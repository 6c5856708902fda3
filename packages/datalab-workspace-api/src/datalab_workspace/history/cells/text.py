"""Parse the text of a cell, which may contain magics and await at the top level."""

from __future__ import annotations

import ast
import re
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

#: The flags with which a cell is compiled.
CELL_FLAGS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
#: The cell magics that run their text as Python in the namespace of the notebook.
PYTHON_MAGICS = frozenset({"capture", "prun", "time", "timeit"})
_CELL_MAGIC = re.compile(r"\s*%%(\w+)[^\n]*\n")
_LINE_MAGIC = re.compile(
    r"(?P<indent>\s*)(?P<target>[\w, ]+=(?!=)\s*)?[%!?]"
    r"(?:time (?P<timed>.*)|.*)|.*\?\s*\Z"
)
_ERRORS = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)


def parsed(
    text: str, transform: Callable[[str], str] | None = None
) -> ast.Module | None:
    r"""Return the syntax tree of a cell.

    Args:
        text: The text as the user wrote it.
        transform: Converts magics to Python.

    Returns:
        The tree; None if the text is not Python, for example a shell script.

    Example:
        >>> from datalab_workspace.history.cells.text import parsed
        >>> len(parsed("%%time\nawait f()\na = 1").body)
        2
    """
    body = python_body(text)
    if body is None:
        return None
    tree = syntax_tree(body)
    if tree is None and transform is not None:
        try:
            transformed = transform(body)
        except _ERRORS:
            return None
        tree = syntax_tree(transformed)
    if tree is None:
        tree = syntax_tree(without_magics(body))
    return tree


def python_body(text: str) -> str | None:
    """Return the Python of a cell: without the magic of its first line.

    Returns:
        The text, with an empty line instead of the magic; None if the magic makes
        something else of it.
    """
    begin = _CELL_MAGIC.match(text)
    if begin is None:
        return text
    if begin[1] not in PYTHON_MAGICS:
        return None
    return "\n" * begin[0].count("\n") + text[begin.end() :]


def without_magics(text: str) -> str:
    """Return code whose magics are replaced by statements of the same length."""
    lines = text.split("\n")
    for index, line in enumerate(lines):
        magic = _LINE_MAGIC.fullmatch(line)
        if magic is None:
            continue
        before = (magic["indent"] or "") + (magic["target"] or "")
        statement = before + ("0" if magic["target"] else "pass")
        if magic["timed"]:
            statement = f"{before}pass; {magic['timed']}"
        lines[index] = statement.ljust(len(line))
    return "\n".join(lines)


def magic_lines(text: str) -> list[str]:
    """Return the lines that `without_magics` replaces."""
    return [line for line in text.split("\n") if _LINE_MAGIC.fullmatch(line)]


def shell_transform() -> Callable[[str], str] | None:
    """Return the function that converts magics to Python, if IPython is imported."""
    module = sys.modules.get("IPython.core.inputtransformer2")
    if module is None:
        return None
    transform: Callable[[str], str] = module.TransformerManager().transform_cell
    return transform


def syntax_tree(text: str) -> ast.Module | None:
    """Return the syntax tree of Python code; None if it is not Python."""
    try:
        tree = compile(
            text, "<cell>", "exec", CELL_FLAGS | ast.PyCF_ONLY_AST, dont_inherit=True
        )
    except _ERRORS:
        return None
    assert isinstance(tree, ast.Module)
    return tree
