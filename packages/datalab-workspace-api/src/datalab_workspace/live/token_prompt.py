"""Ask for the token of a DataLab, and keep it for the connections of this process.

A terminal and a Jupyter kernel ask by `getpass`, which does not show the token. In a
page, `getpass` and `input` would show it and save it in the notebook. The package that
can show a password field there registers itself when its IPython extension is loaded.
"""

from __future__ import annotations

import getpass
import warnings
from collections.abc import Callable
from typing import TypeAlias

from datalab_workspace.live.transport.address import checked_url, host_and_port
from datalab_workspace.live.transport.token import Token, note_use
from datalab_workspace.runtime import IN_BROWSER

#: Shows a field for the token of the DataLab at a URL, and keeps what is typed there.
Field: TypeAlias = "Callable[[str], None]"

_fields: list[Field] = []
_kept: dict[tuple[str, int], Token] = {}


def register(field: Field) -> None:
    """Ask by a field in the page from now on, where this is a page."""
    _fields[:] = [field]


def ask(url: str) -> None:
    """See `Workspace.ask_token`."""
    url = checked_url(url)
    if not IN_BROWSER:
        keep(url, _asked(url))
        return
    if not _fields:
        raise RuntimeError(
            "ask_token() shows a password field in the page, and the extension that "
            "draws it is not loaded; run %load_ext datalab_kernel first"
        )
    _fields[0](url)


def keep(url: str, token: Token) -> None:
    """Keep a token until this process ends; one that was kept before is replaced.

    Raises:
        ValueError: It is empty, or no HTTP header can hold it.
    """
    if not token:
        raise ValueError("the token is empty; copy it from File > Web API in DataLab")
    token.check()
    note_use(token)
    _kept[host_and_port(url)] = token


def kept(address: tuple[str, int]) -> Token | None:
    """Return the token that was given for a host and port; None if there is none."""
    return _kept.get(address)


def _asked(url: str) -> Token:
    prompt = f"Token of DataLab at {url} (File > Web API): "
    with warnings.catch_warnings():
        # Without a terminal, getpass would read a line and show it.
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return Token(getpass.getpass(prompt))
        except getpass.GetPassWarning:
            pass
    raise RuntimeError(
        "this program has no terminal that can hide the token; set "
        "DATALAB_WORKSPACE_TOKEN instead"
    )
