"""The arguments that a function takes, and messages about calls that have others."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection
from typing import Any

from datalab_workspace.error_messages import both, close_matches

#: Annotations of an argument that takes one object, and a list of several, too.
_LISTS = re.compile(r"NamesOf|NamesToGet|Iterable|Paths")


class CallSignature:
    """The arguments that a function takes.

    Args:
        function: The function; ``self`` does not count as an argument.
        surplus: The hint for a call with too many arguments; by default, a list is
            suggested if the function takes one.
    """

    def __init__(self, function: Callable[..., Any], surplus: str = "") -> None:
        parameters = [*inspect.signature(function).parameters.values()]
        kinds = {parameter.kind for parameter in parameters}
        self.name = function.__name__
        self._bound = int(bool(parameters) and parameters[0].name == "self")
        parameters = parameters[self._bound :]
        positional = [
            p
            for p in parameters
            if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        ]
        self._positional = [p.name for p in positional]
        self._required = [p.name for p in positional if p.default is p.empty]
        self._known = [
            p.name
            for p in parameters
            if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
        ]
        self.any_keyword = inspect.Parameter.VAR_KEYWORD in kinds
        self._any_number = inspect.Parameter.VAR_POSITIONAL in kinds
        self._surplus = surplus
        if positional and not surplus and _LISTS.search(str(positional[0].annotation)):
            call = ", ".join(["['a', 'b']", *self._required[1:]])
            self._surplus = f"for several, pass a list, as in {self.name}({call})"

    def mistake(self, count: int, keywords: Collection[str]) -> str | None:
        """Return the message about a wrong call; None if its arguments fit.

        Args:
            count: The number of arguments by position, with ``self``.
            keywords: The names of the other arguments.
        """
        for keyword in keywords:
            if keyword not in self._known and not self.any_keyword:
                return unknown_keyword(self.name, keyword, self._known)
        count -= self._bound
        if count > len(self._positional) and not self._any_number:
            return self._too_many(count)
        for name in self._required[count:]:
            if name not in keywords:
                usage = f"{self.name}({', '.join(self._required)})"
                return f"{self.name}() needs the argument {name!r}; call {usage}"
        return None

    def _too_many(self, count: int) -> str:
        names = self._positional
        were = "was" if count == 1 else "were"
        takes = "no arguments"
        if names:
            noun = "argument" if len(names) == 1 else "arguments"
            takes = f"the {noun} {both(names)}"
        if len(self._known) > len(names) or self.any_keyword:
            takes += " by position"
        message = f"{self.name}() takes {takes}, and {count} {were} given"
        return f"{message}; {self._surplus}" if self._surplus else message


def unknown_keyword(function: str, keyword: str, known: list[str]) -> str:
    """Return the message for an argument that does not exist.

    Args:
        function: Name of the function that was called.
        keyword: The unknown argument.
        known: The arguments of the function.
    """
    close = close_matches(keyword, known, limit=1)
    hint = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(known)}"
    return f"{function}() has no argument {keyword!r}; {hint}"
