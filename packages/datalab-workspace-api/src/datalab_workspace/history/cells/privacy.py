"""Remove secrets and personal names from the text of cells.

Histories are shared with the files that contain them. What identifies a person or a
computer, or gives access to something, is removed before a cell is shown or stored.
"""

from __future__ import annotations

import functools
import getpass
import io
import os
import re
import socket
import sys
import tokenize
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from datalab_workspace.history.cells.secret_literals import (
    hide_in_string,
    hide_in_text,
    without_secrets,
)
from datalab_workspace.history.cells.text import (
    magic_lines,
    python_body,
    syntax_tree,
    without_magics,
)

#: The substitutes for the names of the user and of the computer.
USER, HOST = "<user>", "<host>"
#: Names that many accounts and computers have, so that they identify no one.
_COMMON = """
root user users admin administrator jovyan ubuntu debian docker vscode runner guest home
localhost localdomain test web_user emscripten pyodide python signal image data
workspace
"""
_SHORTEST = 3
_COMMENT = frozenset({tokenize.COMMENT})
#: Comments and strings; from Python 3.12 on, the parts of f-strings are tokens.
_TEXTS = _COMMENT | {
    tokenize.STRING,
    *(getattr(tokenize, name, tokenize.STRING) for name in ("FSTRING_MIDDLE",)),
}
_TOKENS = "datalab_workspace.live.transport.token"


def masked(text: str) -> str | None:
    """Return the text of a cell as it may be stored.

    String literals that are given to names such as ``password`` or ``api_key`` are
    hidden, and the home folder becomes ``~``. The names of the user and of the computer
    are hidden in strings and comments.

    Args:
        text: The text of a cell, which may contain magics.

    Returns:
        The text; None if it contains the token of a DataLab.

    Example:
        >>> from datalab_workspace.history.cells.privacy import masked
        >>> masked("connect(url, token='c0ffee')")
        "connect(url, token='<hidden>')"
    """
    if contains_token(text):
        return None
    return without_names(_without_secrets(text))


def contains_token(text: str) -> bool:
    """Return whether a string contains the token of a DataLab.

    Example:
        >>> from datalab_workspace.history.cells.privacy import contains_token
        >>> contains_token("connect(url)")
        False
    """
    tokens = sys.modules.get(_TOKENS)  # without it, no token has been used
    return tokens is not None and bool(tokens.contains_token(text))


def without_names(text: str) -> str:
    """Return a string without the home folder, the user's name and the computer's name.

    Example:
        >>> from pathlib import Path
        >>> from datalab_workspace.history.cells.privacy import without_names
        >>> without_names(f"load('{Path.home()}/raw.h5')")
        "load('~/raw.h5')"
    """
    homes, names = _patterns(_homes(), _user_names(), socket.gethostname())
    for home in homes:
        text = home.sub("~", text)
    for name, substitute in names:
        if name.search(text):
            text = _rewritten(text, _TEXTS, partial(name.sub, substitute))
    return text


def _without_secrets(text: str) -> str:
    body = python_body(text)
    if body is None:
        return without_secrets(text, None)
    tree = syntax_tree(body)
    magics = [] if tree is not None and body is text else magic_lines(text)
    tree = tree or syntax_tree(without_magics(body))
    if tree is None:
        return without_secrets(text, None)
    text = without_secrets(text, tree)
    for line in magics:
        text = text.replace(line, hide_in_text(line))
    text = _rewritten(text, _COMMENT, hide_in_text)
    return _rewritten(text, _TEXTS - _COMMENT, hide_in_string)


def _rewritten(text: str, kinds: frozenset[int], change: Callable[[str], str]) -> str:
    """Change the tokens of some kinds; all of the string if it has no tokens."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):
        return change(text)
    if any(token.type == tokenize.ERRORTOKEN for token in tokens):
        return change(text)
    lines = text.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    for token in reversed(tokens):
        if token.type in kinds:
            begin = starts[token.start[0] - 1] + token.start[1]
            end = starts[token.end[0] - 1] + token.end[1]
            text = text[:begin] + change(text[begin:end]) + text[end:]
    return text


@functools.lru_cache(maxsize=4)
def _patterns(
    homes: tuple[str, ...], users: tuple[str, ...], host: str
) -> tuple[list[re.Pattern[str]], list[tuple[re.Pattern[str], str]]]:
    """Return the patterns of the home folder, and those of names with substitutes."""
    forms = [re.compile(rf"{re.escape(one)}(?![\w.-])") for one in _forms(homes)]
    names = [(name, USER) for name in _telling({*users})]
    names += [(name, HOST) for name in _telling({host, host.partition(".")[0]})]
    return forms, [
        (re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE), substitute)
        for name, substitute in names
    ]


def _homes() -> tuple[str, ...]:
    return _home(), os.environ.get("HOME", ""), os.environ.get("USERPROFILE", "")


def _forms(homes: tuple[str, ...]) -> Iterator[str]:
    """Yield the forms in which code may contain the path of the home folder."""
    found = {*homes} | {os.path.realpath(path) for path in homes if path}
    for path in sorted(found, key=len, reverse=True):
        if len(path) > _SHORTEST and path != "~":
            yield path
            yield path.replace("\\", "\\\\")
            yield path.replace("\\", "/")


def _home() -> str:
    try:
        return str(Path.home())
    except RuntimeError:  # the account has none
        return ""


def _user_names() -> tuple[str, ...]:
    names = [Path(_home()).name]
    with suppress(KeyError, ImportError, OSError):  # the account has no name
        names.append(getpass.getuser())
    return tuple(names)


def _telling(names: set[str]) -> Iterator[str]:
    """Yield the names that identify a person or a computer, the longest first."""
    for name in sorted(names, key=len, reverse=True):
        if len(name) >= _SHORTEST and name.lower() not in _COMMON.split():
            yield name
