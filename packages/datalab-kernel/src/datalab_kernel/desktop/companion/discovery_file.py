"""The file by which a program finds the companion of a running DataLab."""

from __future__ import annotations

import json
import os
import secrets
from contextlib import suppress
from pathlib import Path

from datalab_workspace.live.processes import is_running
from datalab_workspace.live.transport.token import Token
from datalab_workspace.live.webapi_settings import connection_file

_NAME = "companion-{}.json"


def write(*, url: str, token: Token, boot: str) -> Path:
    """Write the file, which only the user can read; return its path.

    Args:
        url: The URL of the companion.
        token: Its token.
        boot: The UUID that it made when it started.

    Raises:
        OSError: It cannot be written.
    """
    path = connection_file().parent / _NAME.format(os.getpid())
    path.parent.mkdir(parents=True, exist_ok=True)
    # Others must never see a part of it, nor be able to open it before it is closed to
    # them.
    draft = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(_content(url, token, boot))
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return path


def _content(url: str, token: Token, boot: str) -> str:
    return json.dumps(
        {"url": url, "token": token.reveal(), "pid": os.getpid(), "boot": boot}
    )


def remove_stale() -> None:
    """Remove the files of processes that have ended."""
    for path in connection_file().parent.glob(_NAME.format("*")):
        number = path.stem.partition("-")[2]
        if number.isascii() and number.isdecimal() and _has_ended(int(number)):
            with suppress(OSError):  # another user's, or another process was quicker
                path.unlink()


def _has_ended(pid: int) -> bool:
    # The number of this process stands for an earlier process that had it.
    return pid == os.getpid() or not is_running(pid)
