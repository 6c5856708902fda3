"""Complete the DataLab names of a notebook, without jedi.

`workspace.`, `plotter.` and `sigima.` are completed with their attributes, and
`workspace["…`, `workspace.get("…` and `plotter.plot("…` with the names of objects.

IPython asks jedi, which takes seconds in a new kernel: longer than JupyterLab waits. So
the matcher of these names (`matcher`) runs first, and if the code before the cursor is
about a DataLab name, the other matchers do not run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from IPython.core.completer import SimpleCompletion

if TYPE_CHECKING:
    from IPython.core.completer import CompletionContext, SimpleMatcherResult

#: Methods whose arguments are all names of existing objects.
_ALL_ARGUMENTS = ("remove", "select")
#: Methods whose first argument is the name of an existing object.
_FIRST_ARGUMENT = (
    *("add", "describe", "edit", "exists", "explore", "get", "plot", "pop", "record"),
    "rename",
    *_ALL_ARGUMENTS,
)
_STRING = r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
_SEVERAL = rf"(?:\s*{_STRING}\s*,)*"
_NAME = r"[^\W\d]\w*"
_CALL = re.compile(
    rf"""
    (?<![\w.])(?P<owner>{_NAME})\s*
    (?: \.\s*(?:{"|".join(_ALL_ARGUMENTS)}) \( {_SEVERAL}
      | \.\s*(?:{"|".join(_FIRST_ARGUMENT)}) \( (?: \s*\[ {_SEVERAL} )?
      | \.\s*calc \( [^()]* \b(?:on|with_) \s*=\s* (?: \[ {_SEVERAL} )?
      | (?P<subscript>\[)
    )
    \s*(?P<quote>["'])
    (?P<begun>(?:(?!(?P=quote))[^\\]|\\.)*)\Z
    """,
    re.VERBOSE,
)
_ATTRIBUTE = re.compile(
    rf"(?<![\w.])(?P<owner>{_NAME}(?:\s*\.\s*{_NAME})*)\s*\.\s*(?P<begun>\w*)\Z"
)
_DOT = re.compile(r"\s*\.\s*")
# A string or a comment, which may be incomplete at the end of the text.
_STRING_OR_COMMENT = re.compile(
    r"""
      "{3} (?: [^\\] | \\. )*? (?: "{3} | \Z )
    | '{3} (?: [^\\] | \\. )*? (?: '{3} | \Z )
    | " (?: [^"\\\n] | \\. )* "?
    | ' (?: [^'\\\n] | \\. )* '?
    | \# [^\n]*
    """,
    re.VERBOSE | re.DOTALL,
)
# Stands for the cursor.
_CURSOR = "\0"


class Variables(Protocol):
    """The variables of a shell, as far as they are completed here."""

    def names(self, variable: str, *, subscript: bool) -> Sequence[str] | None:
        """Return the names of the objects behind a variable.

        Args:
            variable: The name of the variable.
            subscript: Whether they follow a bracket, not a method.

        Returns:
            The names that exist, or None if the variable is neither a workspace nor
            a plotter.
        """

    def attributes(self, path: Sequence[str]) -> Mapping[str, str] | None:
        """Return the public attributes of a DataLab name.

        Args:
            path: A variable, and attributes that lead on from there.

        Returns:
            Their types by their names, or None if the path leads to anything else.
        """


class _NoCompletions(list[Any]):
    """An empty answer that stops the other matchers.

    IPython lets only answers with completions do so, which it measures by their length.
    """

    def __len__(self) -> int:
        return 1


def answer(context: CompletionContext, variables: Variables) -> SimpleMatcherResult:
    """Return the completions at the cursor, as IPython's matchers do."""
    line = context.text_until_cursor
    above = context.full_text.split("\n")[: context.cursor_line]
    found = completed(line, variables, "".join(f"{one}\n" for one in above))
    begun, completions = found or ("", {})
    return {
        "completions": [
            SimpleCompletion(name, type=kind) for name, kind in completions.items()
        ]
        or (_NoCompletions() if found else []),
        "matched_fragment": begun,
        "ordered": True,
        "suppress": found is not None,
        "do_not_suppress": set(),
    }


def completed(
    line: str, variables: Variables, above: str = ""
) -> tuple[str, dict[str, str]] | None:
    """Complete the name at the end of a line of code.

    Args:
        line: The line, up to the cursor.
        variables: The variables of the shell.
        above: The lines before it.

    Returns:
        The part of the name that is typed, and the names that complete it with their
        types, as they are written there. The case of letters is ignored if no name
        matches exactly. None if the line does not end in a DataLab name.
    """
    completions: dict[str, str] | None = None
    match = _CALL.search(line)
    if match is not None:
        subscript = match["subscript"] is not None
        names = variables.names(match["owner"], subscript=subscript)
        if names is not None:
            completions = dict.fromkeys(_escaped(names, match["quote"]), "object")
    else:
        match = _ATTRIBUTE.search(line)
        if match is not None and _completes_public_name(match, above):
            attributes = variables.attributes(_DOT.split(match["owner"]))
            if attributes is not None:
                completions = dict(sorted(attributes.items()))
    if match is None or completions is None:
        return None
    begun = match["begun"]
    same = {name: kind for name, kind in completions.items() if name.startswith(begun)}
    folded = begun.casefold()
    return begun, same or {
        name: kind
        for name, kind in completions.items()
        if name.casefold().startswith(folded)
    }


def _completes_public_name(attribute: re.Match[str], above: str) -> bool:
    """Return whether an attribute is public, and in no string or comment."""
    text = above + attribute.string[: attribute.start()] + _CURSOR
    code = _STRING_OR_COMMENT.sub("", text)
    return code.endswith(_CURSOR) and not attribute["begun"].startswith("_")


def _escaped(names: Sequence[str], quote: str) -> Iterator[str]:
    for name in names:
        yield name.replace("\\", r"\\").replace(quote, f"\\{quote}")
