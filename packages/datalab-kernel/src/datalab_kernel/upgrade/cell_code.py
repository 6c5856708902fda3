"""The Python of a cell, without the special syntax of IPython.

Magics, shell lines and help are replaced by code that has the same length and does
nothing, so that every position in the syntax tree is a position in the cell.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from tokenize import TokenError
from typing import Any

from IPython.core.inputtransformer2 import (
    TransformerManager,
    find_end_of_continued_line,
    make_tokens_by_line,
)

#: Cell magics whose cell is Python that uses the names of the notebook.
_PYTHON_CELLS = {"capture", "debug", "memit", "prun", "time", "timeit"}
#: Line magics that run the rest of their line, with their options.
_RUNS_CODE = re.compile(
    r"%(?:memit|prun|time|timeit)(?:[ \t]+-\w+(?:[ \t]+\d+)?)*[ \t]+"
)
_CELL_MAGIC = re.compile(r"\s*%%(\w+)")
_PROMPT = re.compile(r"^(?:>>>|\.\.\.|In \[\d+\]:|[ ]{2,}\.\.\.:)[ ]?")


@dataclass(frozen=True)
class Command:
    """A magic or a line for the shell.

    Attributes:
        line: Number of its first line in the cell, from 1.
        text: The command with its `%` or `!`.
    """

    line: int
    text: str


@dataclass(frozen=True)
class CellCode:
    """The code of a cell, as it can be read.

    Attributes:
        python: Python with the length and the lines of the cell.
        commands: The magics and lines for the shell.
        tree: The syntax tree of `python`; None if it cannot be parsed.
        first_line: The number of the tree's line that is the first one of the cell.
        error: The reason why it cannot be parsed, or an empty string.
    """

    python: str
    commands: tuple[Command, ...]
    tree: ast.Module | None
    first_line: int = 1
    error: str = ""


def parse(source: str) -> CellCode:
    """Return the code of a cell; nothing of it is run."""
    lines = _without_prompts(_lines(source))
    magic = _CELL_MAGIC.match("".join(lines))
    if magic is not None and magic[1] not in _PYTHON_CELLS:
        return CellCode("", tuple(_commands_of(lines)), ast.Module([], []))
    commands = []
    if magic is not None:
        first = "".join(lines[: magic[0].count("\n") + 1])
        commands.append(Command(magic[0].count("\n") + 1, first.strip()))
        lines[: magic[0].count("\n") + 1] = _lines(_blank(first))
    commands += _mask(lines)
    python = "".join(lines)[: len(source)]
    return _parsed(python, tuple(commands))


def _parsed(python: str, commands: tuple[Command, ...]) -> CellCode:
    tree, error = _tree(python)
    if tree is None:
        # All lines of a cell may be indented.
        indented, _ = _tree(f"if True:\n{python}")
        if indented is not None:
            return CellCode(python, commands, indented, first_line=2)
    return CellCode(python, commands, tree, error=error)


def _tree(python: str) -> tuple[ast.Module | None, str]:
    """Return the syntax tree of code, or None and the reason."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the user's code
            return ast.parse(python), ""
    except (RecursionError, MemoryError):
        return None, "its expressions are nested too deeply"
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        return None, str(error) if line is None else f"line {line}: {error.args[0]}"


def _lines(source: str) -> list[str]:
    """Return lines as Python counts them, each with its end."""
    lines = re.findall(r"[^\n]*\n|[^\n]+", source.replace("\r", " "))
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    return lines


def _without_prompts(lines: list[str]) -> list[str]:
    """Replace the prompts of a pasted session by spaces."""
    first = next((line for line in lines if line.strip()), "")
    prompt = _PROMPT.match(first)
    if prompt is None or first.startswith((".", " ")):
        return lines
    return [
        _PROMPT.sub(lambda found: " " * len(found[0]), line, count=1) for line in lines
    ]


def _commands_of(lines: list[str]) -> Iterator[Command]:
    """Yield the lines of a cell that is not Python, such as `%%bash`."""
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield Command(number, line.strip())


def _mask(lines: list[str]) -> Iterator[Command]:
    """Replace special syntax in lines, in place; yield the commands among it."""
    manager: Any = TransformerManager
    transformers = manager().token_transformers
    for _ in range(10 * len(lines)):
        tokens = _tokens(lines)
        found = [
            found for cls in transformers if (found := cls.find(tokens)) is not None
        ]
        if not found:
            return
        first = min(found, key=lambda transformer: transformer.sortby())
        start, column = first.start_line, first.start_col
        is_help = hasattr(first, "q_line")
        end = first.q_line if is_help else find_end_of_continued_line(lines, start)
        block = "".join(lines[start : end + 1])
        special = block[column:]
        if not is_help:
            yield Command(start + 1, special.replace("\\\n", " ").strip())
        is_assigned = bool(block[:column].strip())
        masked = block[:column] + _masked(special, is_assigned=is_assigned)
        lines[start : end + 1] = _lines(masked)


def _tokens(lines: list[str]) -> Any:
    """Return the tokens of each line; none of code with wrong indents."""
    try:
        return make_tokens_by_line(lines)
    except (SyntaxError, TokenError):  # `_tree` reports it with its line
        return []


def _masked(special: str, *, is_assigned: bool) -> str:
    """Return code of the same length that does nothing, or runs what a magic runs."""
    runs = _RUNS_CODE.match(special)
    if runs is None or runs.end() >= len(special.rstrip()):
        return _blank(special)
    rest = special[runs.end() :]
    if is_assigned:
        return " " * runs.end() + rest
    return "0" + " " * (runs.end() - 2) + ";" + rest


def _blank(text: str) -> str:
    """Return the expression 0 and spaces instead of special syntax, with its lines."""
    at = len(text) - len(text.lstrip())
    return text[:at] + "0" + re.sub(r"[^\n]", " ", text[at + 1 :])
