"""Parts of error messages: notes, close matches and lists of names."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Sequence


def add_note(error: BaseException, note: str) -> None:
    """Append a line to the message of an error.

    Args:
        error: The error; it is changed.
        note: The line.
    """
    if sys.version_info >= (3, 11):
        error.add_note(note)
    elif error.args and isinstance(error.args[0], str):
        error.args = (f"{error.args[0]}\n{note}", *error.args[1:])
        if isinstance(error, ImportError):
            error.msg = error.args[0]  # ImportError shows msg, not args


def close_matches(word: str, choices: Collection[str], limit: int = 3) -> list[str]:
    """Return the `choices` that are similar to `word`, the most similar first.

    Args:
        word: The string that was typed.
        choices: The strings that are allowed.
        limit: The maximum number of results.

    Returns:
        At most `limit` choices. Upper and lower case count as equal.
    """
    import difflib  # only a mistake needs it

    folded = {choice.casefold(): choice for choice in choices}
    close = difflib.get_close_matches(word.casefold(), folded, n=limit)
    return [folded[match] for match in close]


def either(alternatives: Iterable[str]) -> str:
    """Return words as alternatives: "a", "a or b", "a, b or c"."""
    return _joined(alternatives, "or")


def both(words: Iterable[str]) -> str:
    """Return words as an enumeration: "a", "a and b", "a, b and c"."""
    return _joined(words, "and")


def _joined(words: Iterable[str], conjunction: str) -> str:
    *others, last = words
    return f"{', '.join(others)} {conjunction} {last}" if others else last


def list_names(names: Sequence[str], limit: int = 20) -> str:
    """Return names as an error lists them: ``'a', 'b' and 7 more``.

    Args:
        names: The names.
        limit: The number of names to show.
    """
    shown = ", ".join(map(shortened, names[:limit]))
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return f"{shown}{more}"


def shortened(value: object, limit: int = 80) -> str:
    """Return the repr of a value, cut after a number of characters."""
    text = repr(value)
    return text if len(text) <= limit else f"{text[:limit]}…"
