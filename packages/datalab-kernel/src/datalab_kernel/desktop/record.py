"""The files by which a DataLab finds the Jupyter servers that DataLab windows started.

Each server has one file in Jupyter's runtime folder, which only the user can read. The
file holds the server's URL and token. The server removes it when it ends.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datalab_workspace.encoding import shallow_json
from datalab_workspace.live.transport.token import Token

_PREFIX, _SUFFIX = "datalab-", "-server.json"
_LARGEST = 1 << 16


@dataclass(frozen=True)
class Record:
    """The address of a Jupyter server.

    Attributes:
        pid: Its process.
        url: Its URL, with its base path and a slash at the end.
        token: Its token.
        log: The file that it logs to.
    """

    pid: int
    url: str
    token: Token
    log: Path

    def write(self) -> None:
        """Write the file.

        Raises:
            OSError: It cannot be written.
        """
        from jupyter_core.paths import secure_write

        with secure_write(str(_file(self.pid))) as stream:
            _dump(self, stream)

    def remove(self) -> None:
        """Remove the file."""
        _file(self.pid).unlink(missing_ok=True)


def folder() -> Path:
    """Return Jupyter's runtime folder; create it if missing, for this user alone."""
    from jupyter_core.paths import jupyter_runtime_dir

    path = Path(jupyter_runtime_dir())
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def find() -> Iterator[Record]:
    """Yield the records of servers, which may have ended without removing them."""
    for path in sorted(folder().glob(f"{_PREFIX}*{_SUFFIX}")):
        record = _read(path)
        if record is not None:
            yield record


def _file(pid: int) -> Path:
    return folder() / f"{_PREFIX}{pid}{_SUFFIX}"


def _dump(record: Record, stream: Any) -> None:
    """Write the content, which contains the token and is kept in no variable."""
    json.dump(
        {
            "pid": record.pid,
            "url": record.url,
            "token": record.token.reveal(),
            "log": str(record.log),
        },
        stream,
    )


def _read(path: Path) -> Record | None:
    """Return the record in a file; None if it is not a file of this user's server."""
    try:
        if not _is_own(path):
            return None
        content = shallow_json.loads(path.read_text("utf-8"))
        token = Token(content.pop("token"))
        return Record(
            int(content["pid"]), str(content["url"]), token, Path(content["log"])
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        # The server may be writing or removing it.
        return None


def _is_own(path: Path) -> bool:
    state = path.stat()
    mine = os.name == "nt" or state.st_uid == os.getuid()
    return mine and state.st_size <= _LARGEST
