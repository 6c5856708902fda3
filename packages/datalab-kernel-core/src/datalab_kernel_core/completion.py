"""Complete the names of objects in `workspace.get("…` and `plotter.plot("…`.

IPython completes `workspace["…` by itself, because it asks the workspace for its keys.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from IPython.core.completer import SimpleCompletion, context_matcher

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
_CALL = re.compile(
    rf"""
    (?<![\w.])(?P<owner>[^\W\d]\w*)
    \s*\.\s*
    (?: (?:{"|".join(_ALL_ARGUMENTS)}) \( (?:\s*{_STRING}\s*,)*
      | (?:{"|".join(_FIRST_ARGUMENT)}) \( )
    \s*(?P<quote>["'])
    (?P<begun>(?:(?!(?P=quote))[^\\]|\\.)*)\Z
    """,
    re.VERBOSE,
)

Names = Callable[[str], Sequence[str]]
Matcher = Callable[["CompletionContext"], "SimpleMatcherResult"]


def name_matcher(names: Names) -> Matcher:
    """Return a matcher for `IPCompleter.custom_matchers`.

    Args:
        names: Returns the names of the objects that a method of a variable accepts,
            given the name of the variable; empty if the variable is neither a
            workspace nor a plotter.
    """

    @context_matcher(identifier="datalab_kernel_core.object_names")  # type: ignore[untyped-decorator]  # IPython's
    def object_names(context: CompletionContext) -> SimpleMatcherResult:
        begun, found = completed(context.text_until_cursor, names)
        return {
            "completions": [SimpleCompletion(name, type="object") for name in found],
            "matched_fragment": begun,
            "ordered": True,
            # Inside these quotes, neither files nor keywords are completed.
            "suppress": bool(found),
            "do_not_suppress": set(),
        }

    matcher: Matcher = object_names
    return matcher


def completed(line: str, names: Names) -> tuple[str, list[str]]:
    """Complete the name at the end of a line of code.

    Args:
        line: The line, up to the cursor.
        names: As in `name_matcher`.

    Returns:
        The part of the name that is typed, and the names that complete it, both as
        they are written inside the quotes. The case of letters is ignored if no name
        matches exactly.
    """
    call = _CALL.search(line)
    if call is None:
        return "", []
    begun, quote = call["begun"], call["quote"]
    written = list(_escaped(names(call["owner"]), quote))
    same = [name for name in written if name.startswith(begun)]
    folded = begun.casefold()
    return begun, same or [n for n in written if n.casefold().startswith(folded)]


def _escaped(names: Sequence[str], quote: str) -> Iterator[str]:
    for name in names:
        yield name.replace("\\", r"\\").replace(quote, f"\\{quote}")
