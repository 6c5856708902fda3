"""Files by which a driver finds out which item killed a worker.

A worker appends the position of an item to the file of its task before it computes the
item. The file is opened and closed each time, so that other computers see the content
in a shared folder.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from datalab_workspace.batch.messages import ItemFailure

#: The suffix of the file into which the time limit writes the traceback of a process.
TIME_LIMIT_SUFFIX = ".timeout"
_END = b"end\n"


class Claims:
    """The claims of one task.

    Args:
        folder: The folder "under_way" of the run.
        task: The id of the task.
    """

    def __init__(self, folder: Path, task: str) -> None:
        self._path = folder / task
        self.time_limit = folder / f"{task}{TIME_LIMIT_SUFFIX}"

    def add(self, index: int) -> None:
        """Note that an item is computed from now on."""
        with self._path.open("ab", buffering=0) as file:
            file.write(b"%d\n" % index)

    def end(self) -> None:
        """Note that all items are computed, and the part is written.

        The answer may still be lost: that of a dask worker stays there until the driver
        fetches it. No item is then a suspect.
        """
        with self._path.open("ab", buffering=0) as file:
            file.write(_END)

    def exist(self) -> bool:
        """Return whether a worker began the task."""
        return self._path.exists()

    def last(self) -> int | None:
        """Return the position of the item that was under way; None without one."""
        try:
            lines = self._path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return None
        if _END.strip() in lines:
            return None
        whole = [line for line in lines[:-1] if line.isdigit()]
        return int(whole[-1]) if whole else None

    def hung_at(self) -> str:
        """Return the traceback that the time limit wrote; "" if it did not end it."""
        try:
            return self.time_limit.read_text("utf-8", "replace").strip()
        except FileNotFoundError:
            return ""

    def remove(self) -> None:
        """Remove the files of the task."""
        for path in (self._path, self.time_limit):
            with contextlib.suppress(OSError):
                path.unlink()


def failure_of(claims: Claims, reason: str, item_timeout: float | None) -> ItemFailure:
    """Return the failure of an item whose worker died twice.

    Args:
        claims: The claims of the task that computed the item alone.
        reason: The message of the `WorkerDiedError`.
        item_timeout: Seconds that an item may take; None without a limit.
    """
    traceback = claims.hung_at()
    if traceback and item_timeout is not None:
        message = f"the item took longer than item_timeout={item_timeout:g} seconds"
        return ItemFailure("TimeoutError", message, traceback)
    return ItemFailure("WorkerDied", reason or "the worker ended", traceback)
