"""The greeting of the server of our plugin inside DataLab."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from datalab_workspace.errors import DataLabError, TokenError
from datalab_workspace.live.transport import transport_to
from datalab_workspace.live.transport.base import Request, Timeouts
from datalab_workspace.live.transport.token import Token

_PATH = "/kernel/v1/hello"


@dataclass(frozen=True)
class Hello:
    """The facts about DataLab in the greeting.

    Attributes:
        datalab: DataLab's version.
        pid: Its process.
        boot: The identifier that the plugin made when DataLab started.
    """

    datalab: str
    pid: int
    boot: str


def hello(url: str, token: Token, timeouts: Timeouts) -> Hello:
    """Ask a server who it is.

    Args:
        url: Its URL.
        token: The token for it.
        timeouts: The seconds to wait.

    Raises:
        LiveError: It does not answer, refuses the token, or is not such a server.
    """
    transport = transport_to(url, token)
    try:
        request = Request("GET", _PATH, timeouts=timeouts, repeatable=True)
        answer = transport.send(request)
    finally:
        transport.close()
    if answer.status in (401, 403):
        raise TokenError(f"{transport.url} does not accept the token of its own file")
    said = _parsed(bytes(answer.body)) if answer.status == 200 else None
    if said is None:
        raise DataLabError(
            f"{transport.url} answers {request.name} with the HTTP status "
            f"{answer.status} and no greeting; is it DataLab?"
        )
    return Hello(transport.clean(said.datalab, 40), said.pid, said.boot)


def _parsed(body: bytes) -> Hello | None:
    try:
        said: Any = json.loads(body)
        version, pid, boot = said["datalab"], said["pid"], said["boot"]
    except (KeyError, TypeError, ValueError, RecursionError):
        return None
    if not isinstance(version, str) or not isinstance(boot, str):
        return None
    return Hello(version, pid, boot) if type(pid) is int else None
