"""Complete the DataLab names of a notebook, without jedi.

`workspace.`, `plotter.` and `sigima.` are completed with their attributes, and
`workspace.calc.` with the features. A string in a call is completed with what the
argument takes: names of objects as in `plotter.plot("…`, groups, features as in
`workspace.calc("…`, or the choices of a parameter. In a call of a feature, the names of
its parameters are completed too.

IPython asks jedi, which takes seconds in a new kernel: longer than JupyterLab waits. So
the matcher of these names (`matcher`) runs first, and if the code before the cursor is
about a DataLab name, the other matchers do not run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from IPython.core.completer import SimpleCompletion

from datalab_kernel_core.call_context import Argument, Place, place_at_end
from datalab_kernel_core.method_arguments import MethodArgument

if TYPE_CHECKING:
    from IPython.core.completer import CompletionContext, SimpleMatcherResult

_NAME = r"[^\W\d]\w*"
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

    def names(
        self, variable: str, *, subscript: bool, of_kind: str | None = None
    ) -> Sequence[str] | None:
        """Return the names of the objects behind a variable.

        Args:
            variable: The name of the variable.
            subscript: Whether they follow a bracket, not a method.
            of_kind: "signal" or "image", to return only the names of these objects.

        Returns:
            The names that exist, or None if the variable is neither a workspace nor
            a plotter.
        """

    def groups(self, variable: str) -> Sequence[str]:
        """Return the titles of the groups behind a workspace or plotter."""

    def attributes(self, path: Sequence[str]) -> Mapping[str, str] | None:
        """Return the public attributes of a DataLab name.

        Args:
            path: A variable, and attributes that lead on from there.

        Returns:
            Their types by their names, or None if the path leads to anything else.
        """

    def arguments(
        self, path: Sequence[str], feature: str | None, *, parameters: bool = True
    ) -> Sequence[MethodArgument] | None:
        """Return the arguments of a method.

        Args:
            path: A variable, and the attributes that lead to the method.
            feature: The string that is its first argument, if it is one.
            parameters: Whether the parameters of a feature are needed.

        Returns:
            The arguments, or None if it is not a method of a workspace or plotter.
        """

    def is_feature(self, path: Sequence[str]) -> bool:
        """Return whether a path of attributes leads to `calc` or to a feature in it."""


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
    place = place_at_end(above + line)
    if place is not None and place.quote is not None:
        found = _values(place, variables)
        return None if found is None else _matching(place.begun, found)
    if place is not None:
        values = {} if place.begun else _quoted_values(place, variables)
        parameters = _parameters(place, variables)
        if values or (parameters is not None and (parameters[1] or not place.begun)):
            return place.begun, {**values, **(parameters or ("", {}))[1]}
    match = _ATTRIBUTE.search(line)
    if match is None or not _completes_public_name(match, above):
        return None
    attributes = variables.attributes(_DOT.split(match["owner"]))
    if attributes is None:
        return None
    return _matching(match["begun"], dict(sorted(attributes.items())))


def _matching(begun: str, completions: dict[str, str]) -> tuple[str, dict[str, str]]:
    same = {name: kind for name, kind in completions.items() if name.startswith(begun)}
    folded = begun.casefold()
    return begun, same or {
        name: kind
        for name, kind in completions.items()
        if name.casefold().startswith(folded)
    }


def _values(place: Place, variables: Variables) -> dict[str, str] | None:
    """Return the completions of a string in a call or subscript, with their types."""
    owner, *rest = place.bracket.path
    names: Sequence[str] | None
    if place.bracket.kind == "[":
        first = not rest and place.position == 0
        names = variables.names(owner, subscript=True) if first else None
        kind = "object"
    else:
        argument = _argument(place, variables)
        if argument is None or argument.takes == "path":
            return None
        names, kind = _taken(argument, owner, variables)
    if names is None:
        return None
    assert place.quote is not None, "the caller has checked it"
    return dict.fromkeys(_escaped(names, place.quote), kind)


def _quoted_values(place: Place, variables: Variables) -> dict[str, str]:
    """Return the strings that an argument takes, in quotes.

    Python's names would complete an argument that is not begun, all of them alike.
    """
    if place.bracket.kind != "(":
        return {}
    begun_string = replace(place, quote='"')
    values = _values(begun_string, variables) or {}
    return {f'"{value}"': kind for value, kind in values.items()}


def _taken(
    argument: MethodArgument, owner: str, variables: Variables
) -> tuple[Sequence[str] | None, str]:
    """Return the strings that an argument takes, and their type."""
    if argument.takes == "objects":
        names = variables.names(owner, subscript=False, of_kind=argument.of_kind)
        return (None if names is None else (*names, *argument.choices)), "object"
    if argument.takes == "groups":
        return variables.groups(owner), "group"
    return argument.choices, "value"


def _argument(place: Place, variables: Variables) -> MethodArgument | None:
    """Return the argument at the cursor; None if the method is not known.

    An argument that the method does not have takes nothing.
    """
    keyword = place.argument.keyword
    path, feature = place.bracket.path, _feature(place)
    arguments = variables.arguments(path, feature, parameters=False)
    if arguments is not None and keyword not in (None, *(a.name for a in arguments)):
        arguments = variables.arguments(path, feature)
    if arguments is None:
        return None
    if keyword is not None:
        named = (argument for argument in arguments if argument.name == keyword)
        return next(named, MethodArgument(keyword))
    positional = [argument for argument in arguments if argument.positional]
    if positional and positional[-1].variadic:
        positional += [positional[-1]] * place.position
    if place.position < len(positional):
        return positional[place.position]
    return MethodArgument("")


def _parameters(
    place: Place, variables: Variables
) -> tuple[str, dict[str, str]] | None:
    """Complete the name of a parameter in the call of a feature."""
    path, written = place.bracket.path, place.bracket.arguments
    if place.bracket.kind != "(" or not variables.is_feature(path):
        return None
    if place.argument.keyword is not None or (place.position == 0 and place.begun):
        return None
    arguments = variables.arguments(path, _feature(place)) or ()
    given = {argument.keyword for argument in written}
    positional = [argument.name for argument in arguments if argument.positional]
    given |= {*positional[: _by_position(written)]}
    free = (argument.name for argument in arguments if argument.name not in given)
    return _matching(place.begun, {f"{name}=": "param" for name in free})


def _by_position(written: Sequence[Argument]) -> int:
    """Return the number of arguments before the last that have no keyword."""
    return sum(argument.keyword is None for argument in written[:-1])


def _feature(place: Place) -> str | None:
    """Return the first argument of a call, if it is a string."""
    for argument in place.bracket.arguments[:-1]:
        if argument.keyword in (None, "name"):
            return argument.string
    return None


def _completes_public_name(attribute: re.Match[str], above: str) -> bool:
    """Return whether an attribute is public, and in no string or comment."""
    text = above + attribute.string[: attribute.start()] + _CURSOR
    code = _STRING_OR_COMMENT.sub("", text)
    return code.endswith(_CURSOR) and not attribute["begun"].startswith("_")


def _escaped(names: Sequence[str], quote: str) -> Iterator[str]:
    for name in names:
        yield name.replace("\\", r"\\").replace(quote, f"\\{quote}")
