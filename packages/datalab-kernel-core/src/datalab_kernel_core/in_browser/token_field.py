"""A password field in the page, whose value reaches the kernel and nothing else.

The page and the worker in which the kernel runs exchange it by a `BroadcastChannel`
with a random name. So it is in no message of Jupyter, no widget and no output. The
output holds the name of the channel, which serves one token and is then closed.
"""

from __future__ import annotations

import json
import secrets
from typing import Any

from datalab_kernel_core.in_browser.html import show
from datalab_workspace.live import token_prompt
from datalab_workspace.live.transport.javascript import javascript
from datalab_workspace.live.transport.token import Token

#: The beginning of a message with a token. Any other says that the page can draw.
_TOKEN = "token:"  # noqa: S105  no token
#: The fields that wait for a token, by URL; nothing else keeps them alive.
_waiting: dict[str, TokenField] = {}


class TokenField:
    """A field that waits for the token of a DataLab.

    Args:
        url: The URL of DataLab.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._name = f"datalab-{secrets.token_hex(16)}"
        self._javascript = javascript()
        self._channel = self._javascript.new("BroadcastChannel", self._name)
        self._channel.onmessage = self._javascript.callback(self._receive)

    def show(self) -> None:
        """Display the field below the cell, instead of an earlier one for this URL."""
        earlier = _waiting.pop(self._url, None)
        if earlier is not None:
            earlier.close()
        _waiting[self._url] = self
        show(
            "token_field.js",
            self._name,
            f"There is no password field for {self._url} here. Run this cell again; if "
            "no field appears then, this front end runs no scripts of outputs.",
        )

    def close(self) -> None:
        """Accept no token from now on."""
        self._channel.close()

    def _receive(self, event: Any) -> None:
        problem = _kept(event, self._url)
        if problem is None:
            self._send("ask", f"Token of DataLab at {self._url} (File > Web API): ")
        elif problem:
            self._send("refused", problem)
        else:
            self._send(
                "kept",
                f"The token for {self._url} is kept until this kernel ends. Now run ",
                f"workspace.connect({self._url!r})",
            )
            _waiting.pop(self._url, None)
            self.close()

    def _send(self, state: str, text: str, code: str = "") -> None:
        message = {"state": state, "text": text, "code": code}
        self._channel.postMessage(json.dumps(message))


def _kept(event: Any, url: str) -> str | None:
    """Keep the token of a message, in a function that ends before the page is answered.

    Returns:
        The problem with the token; empty if there is none. None if the message has no
        token.
    """
    message = str(event.data)
    if not message.startswith(_TOKEN):
        return None
    try:
        token_prompt.keep(url, Token(message.removeprefix(_TOKEN)))
    except ValueError as error:
        return str(error)
    return ""
