"""The prose of the sources: docstrings, comments and string messages."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

#: Code within prose: names in backticks, and the lines of an example.
_CODE = re.compile(r"``[^`]+``|`[^`]+`|^[ \t]*(?:>>>|\.\.\. ).*$", re.MULTILINE)
_FENCE = re.compile(r"^( *)(```|~~~|:::).*?^\1\2[`~:]*$", re.MULTILINE | re.DOTALL)
#: The words before an example are prose, its code and output are not.
_TARGET = re.compile(r"\]\([^)]*\)")

_Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


class Passage(NamedTuple):
    """A connected piece of prose.

    Attributes:
        role: "module", "class", "function" or "property" for the docstring of one;
            otherwise "comment", "string" or "page".
        line: Number of its first line in the file.
        text: The words; code is replaced by blanks, so that lines stay in place.
    """

    role: str
    line: int
    text: str

    def line_at(self, position: int) -> int:
        """Return the number of the line in the file at a position of the text."""
        return self.line + self.text.count("\n", 0, position)


@cache
def passages(path: Path) -> tuple[Passage, ...]:
    """Return the prose of a Python module or a Markdown page."""
    return tuple(_passages(path))


def _passages(path: Path) -> Iterator[Passage]:
    source = path.read_text("utf-8")
    if path.suffix == ".md":
        for pattern in (_FENCE, _TARGET):
            source = pattern.sub(_blank, source)
        yield Passage("page", 1, _without_code(source))
        return
    tree = ast.parse(source)
    yield from _strings(tree)
    yield from _comments(source)


def _strings(tree: ast.Module) -> Iterator[Passage]:
    roles = dict(_docstrings(tree))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        role = roles.get(node, "string")
        # A string without a blank is a key or a name; one that compiles is code.
        if role != "string" or (" " in node.value and not _is_code(node.value)):
            yield Passage(role, node.lineno, _without_code(node.value))


def _docstrings(tree: ast.Module) -> Iterator[tuple[ast.Constant, str]]:
    for node in ast.walk(tree):
        if not isinstance(node, _Documented) or not node.body:
            continue
        first = node.body[0]
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            yield first.value, _role(node)


def _role(node: _Documented) -> str:
    if isinstance(node, ast.Module):
        return "module"
    if isinstance(node, ast.ClassDef):
        return "class"
    decorators = {ast.unparse(d).rpartition(".")[2] for d in node.decorator_list}
    return "property" if decorators & {"property", "cached_property"} else "function"


def _comments(source: str) -> Iterator[Passage]:
    """Yield comments; consecutive lines of one comment are one passage."""
    block: list[str] = []
    start = last = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        line = token.start[0]
        if block and line != last + 1:
            yield Passage("comment", start, _without_code("\n".join(block)))
            block = []
        if not block:
            start = line
        block.append(token.string.lstrip("#: "))
        last = line
    if block:
        yield Passage("comment", start, _without_code("\n".join(block)))


def _is_code(text: str) -> bool:
    if "\n" not in text:
        return False
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True


def _without_code(text: str) -> str:
    """Return the words alone, separated by one blank or the end of a line."""
    lines = _CODE.sub(_blank, text).split("\n")
    return "\n".join(" ".join(line.split()) for line in lines)


def _blank(match: re.Match[str]) -> str:
    """Return a placeholder of as many lines as the code that it replaces."""
    return "\u25a1" + "\n" * match[0].count("\n")
