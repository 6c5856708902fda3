"""The files in which a companion inside DataLab keeps its URL and its token.

Each running DataLab writes one, ``companion-<pid>.json``, next to the connection file
of the Web API. Each function turns the token into a `Token` before it returns.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from datalab_workspace.encoding import shallow_json
from datalab_workspace.live.processes import is_running
from datalab_workspace.live.transport.address import checked_url
from datalab_workspace.live.transport.token import Token
from datalab_workspace.live.webapi_settings import connection_file

_PATTERN = "companion-*.json"
_LARGEST_FILE = 1 << 16
#: Files that are looked at; crashed DataLabs may have left any number of them.
_MOST_FILES = 1000


@dataclass(frozen=True)
class CompanionFile:
    """The content of the file of a running DataLab.

    Attributes:
        url: URL of the companion.
        token: The token for it.
        pid: DataLab's process.
        boot: The identifier that the companion made when it started.
    """

    url: str
    token: Token = field(repr=False)
    pid: int
    boot: str


def companion_folder() -> Path:
    """Return the folder of these files."""
    return connection_file().parent


def companion_files() -> list[CompanionFile]:
    """Return the files of the DataLabs of this user that run, in order of their pids.

    A file is left out if it is damaged or too large, if its process has ended, or if
    another user owns it or can read it.
    """
    found = []
    for path in _paths():
        content = _read(path)
        if content is None:
            continue
        one = _parsed(content)
        del content  # a traceback may show the variables of this frame
        if one is not None and path.name == f"companion-{one.pid}.json":
            found.append(one)
    return sorted(found, key=lambda file: file.pid)


def _paths() -> Iterator[Path]:
    try:
        paths = sorted(companion_folder().glob(_PATTERN))
    except OSError:
        return
    for path in paths[:_MOST_FILES]:
        pid = path.stem.partition("-")[2]
        if pid.isascii() and pid.isdigit() and len(pid) < 20 and is_running(int(pid)):
            yield path


def _read(path: Path) -> object:
    """Return the JSON of a file that only this user can read; None if it is not one."""
    # Neither a link is followed, nor does opening a named pipe wait.
    flags = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | flags), "rb") as file:
            if not _is_private(os.fstat(file.fileno())):
                return None
            return shallow_json.loads(file.read(_LARGEST_FILE).decode("utf-8"))
    except (OSError, ValueError):
        return None


def _is_private(status: os.stat_result) -> bool:
    if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST_FILE:
        return False
    if os.name == "nt":
        return True  # the folder's access list keeps other users out
    return status.st_uid == os.getuid() and not status.st_mode & 0o077


def _parsed(content: object) -> CompanionFile | None:
    if not isinstance(content, Mapping):
        return None
    url, pid, boot = (content.get(key) for key in ("url", "pid", "boot"))
    token = Token.of(content.get("token"))
    if not isinstance(url, str) or not isinstance(boot, str) or type(pid) is not int:
        return None
    if not isinstance(content.get("token"), str) or not token:
        return None
    try:
        checked_url(url)
        token.check()
    except ValueError:
        return None
    return CompanionFile(url.strip(), token, pid, boot)
