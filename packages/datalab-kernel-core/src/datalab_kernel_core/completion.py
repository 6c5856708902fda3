"""Complete the names of objects within `workspace.get("…` and `plotter.plot("…`.

`workspace["…` needs nothing of this: IPython asks the workspace itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from IPython.core.completer import SimpleCompletion, context_matcher

if TYPE_CHECKING:
    from IPython.core.completer import CompletionContext, SimpleMatcherResult

#: Methods of which every argument is the name of an object that there is.
_OF_NAMES = ("remove", "select")
#: Methods of which the first one is.
_OF_A_NAME = (
    *("add", "describe", "edit", "exists", "explore", "get", "plot", "pop", "record"),
    "rename",
    *_OF_NAMES,
)
_STRING = r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
_CALL = re.compile(
    rf"""
    (?<![\w.])(?P<owner>[^\W\d]\w*)
    \s*\.\s*
    (?: (?:{"|".join(_OF_NAMES)}) \( (?:\s*{_STRING}\s*,)*
      | (?:{"|".join(_OF_A_NAME)}) \( )
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
        names: Returns the names to choose from, given that of the variable whose method
            is called; none if it is neither a workspace nor a plotter.
    """

    @context_matcher(identifier="datalab_kernel_core.object_names")  # type: ignore[untyped-decorator]  # IPython's
    def object_names(context: CompletionContext) -> SimpleMatcherResult:
        begun, found = completed(context.text_until_cursor, names)
        return {
            "completions": [SimpleCompletion(name, type="object") for name in found],
            "matched_fragment": begun,
            "ordered": True,
            # Within these quotes, neither files nor keywords are meant.
            "suppress": bool(found),
            "do_not_suppress": set(),
        }

    matcher: Matcher = object_names
    return matcher


def completed(line: str, names: Names) -> tuple[str, list[str]]:
    """Complete the name that a line of code ends in.

    Args:
        line: The line, up to the cursor.
        names: As in `name_matcher`.

    Returns:
        What is there of the name, and what could stand in its place; both as they are
        written within the quotes. Names that begin as it does, or failing that those
        that do but for capitals.
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
