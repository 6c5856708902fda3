"""The companion's own log.

If there is anything in DataLab's log, DataLab opens a dialog at its next start, which
asks whether to look at it. A request of a notebook that failed is not worth that.
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from pathlib import Path

from datalab_workspace.live.webapi_settings import connection_file

_NAME = "companion.log"
#: The size in bytes from which on the file begins again.
_LONGEST = 1 << 20
_FORMAT = "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"


def path() -> Path:
    """Return the path of the log, which exists once something was logged."""
    return connection_file().parent / _NAME


def install(logger: logging.Logger) -> None:
    """Write what a logger and those below it report to the file, and nowhere else."""
    if not any(isinstance(handler, _Handler) for handler in logger.handlers):
        handler = _Handler()
        handler.setFormatter(logging.Formatter(_FORMAT))
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False


class _Handler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        # A log that cannot be written must not make a request fail.
        with suppress(OSError):
            _append(f"{self.format(record)}\n")


def _append(text: str) -> None:
    file = path()
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8") as stream:
        if os.fstat(descriptor).st_size > _LONGEST:
            stream.truncate(0)
        stream.write(text)
