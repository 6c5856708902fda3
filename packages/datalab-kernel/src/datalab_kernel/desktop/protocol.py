"""The protocol of the Jupyter server's process: one JSON object in each line.

Requests contain tokens. Each side keeps them as objects of the class `Token`, which
hide their strings. Only the line itself contains the strings, and it is kept in no
variable.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from datalab_workspace.live.transport.token import Token

_KEY = "hidden"


def encode(request: Mapping[str, object]) -> str:
    """Return a request as a line; keep it in no variable.

    Args:
        request: Strings, None, tokens, and dictionaries of these.
    """
    return json.dumps(request, default=_encoded) + "\n"


def decode(line: str) -> dict[str, Any] | None:
    """Return the request in a line, or None if the line is incomplete.

    The last line is incomplete if the other process ended while it wrote it.
    """
    if not line.endswith("\n"):
        return None
    request: dict[str, Any] = json.loads(line, object_hook=_decoded)
    return request


def _encoded(token: Token) -> dict[str, str]:
    return {_KEY: token.reveal()}


def _decoded(value: dict[str, Any]) -> dict[str, Any] | Token:
    return Token(value[_KEY]) if value.keys() == {_KEY} else value
