"""The cell that runs, and the log of those that have run.

An IPython shell reports its cells here (`datalab_kernel_core.cells`). Nothing is parsed
while cells run: the names that a cell uses are found when a history is shown or saved.
"""

from __future__ import annotations

import os
import sys
import weakref
from bisect import bisect_left
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any, Protocol, TypeAlias

from datalab_workspace.history import failures
from datalab_workspace.history.steps import Cell

#: The characters of text that the log of a session keeps, and what an entry costs.
LOG_SIZE = 2_000_000
ENTRY_SIZE = 200

Confirm: TypeAlias = "Callable[[LoggedCell, Mapping[str, Any]], None]"
#: Compares the objects of a notebook at the end of a cell; None without a workspace.
_confirm: Confirm | None = None
_orders = count(1)
#: Whether a file has code of the user, by path.
_paths: dict[str, bool] = {}
#: The number of calls between `script_place` and the user's code, the last time.
_distance = 1
# In DataLab's add-on, modules have no `__file__`.
_PACKAGE = f"{Path((lambda: None).__code__.co_filename).parents[2]}{os.sep}"
_STANDARD_LIBRARY = f"{Path(os.__file__).parent}{os.sep}"


class Follower(Protocol):
    """A listener to the start and the end of cells."""

    def begin_cell(self, cell: Cell) -> None:
        """Note that a cell begins, in the context in which its code will run."""

    def end_cell(self, cell: Cell) -> None:
        """Note that a cell has ended."""


class LoggedCell(Cell):
    """A cell that ran in this process.

    Its text is examined when it is first needed.

    Args:
        number: The number that the front end shows.
        source: The text as the user wrote it.
        log: The log of the shell.

    Attributes:
        source: The text as the user wrote it, secrets included; it is never stored.
            None if the log has released it.
        bound: The names that it has bound, if it ran a file by ``%run``; None if they
            are not known.
    """

    __slots__ = ("_log", "_masked", "_needs", "bound", "source")

    def __init__(self, number: int, source: str, log: CellLog) -> None:
        self.number = number
        self.source: str | None = source
        self.session = log.session
        self.order = next(_orders)
        self.failed = False
        self.bound: frozenset[str] | None = None
        self._log = log
        self._masked: str | None = None
        self._needs: tuple[Cell, ...] | None = None

    @property
    def text(self) -> str | None:  # type: ignore[override]  # computed when needed
        """The text without secrets; None if it is not kept."""
        if self._masked is None and self.source is not None:
            from datalab_workspace.history.cells.privacy import masked

            text = masked(self.source)
            if text is None:
                self.source = None
            self._masked = text
        return self._masked

    @property
    def needs(self) -> tuple[Cell, ...] | None:  # type: ignore[override]  # computed when needed
        """The cells that ran before and whose names it uses."""
        if self._needs is None:
            from datalab_workspace.history.cells.slices import cells_before

            self._needs = cells_before(self, self._log)
        return self._needs

    def earlier(self) -> list[LoggedCell]:
        """Return the cells of this shell that ran before."""
        return self._log.before(self)

    def forget(self) -> None:
        """Release the text."""
        self.source = self._masked = None


class CellLog:
    """The cells of one shell, in the order of execution.

    Attributes:
        session: An arbitrary string that distinguishes the shell from others.
        cells: The cells whose text is kept.
        incomplete: Whether the text of the oldest cells has been released.
    """

    def __init__(self) -> None:
        self.session = os.urandom(4).hex()
        self.cells: list[LoggedCell] = []
        self.incomplete = False
        self._size = 0

    def add(self, number: int, text: str) -> LoggedCell:
        """Add a cell that begins; see `begin`."""
        cell = LoggedCell(number, text, self)
        if len(text) > LOG_SIZE:
            cell.forget()
        self.cells.append(cell)
        self._size += len(cell.source or "") + ENTRY_SIZE
        if self._size > LOG_SIZE:
            self._release_oldest()
        return cell

    def before(self, cell: LoggedCell) -> list[LoggedCell]:
        """Return the cells that ran before a cell."""
        orders = [other.order for other in self.cells]
        return self.cells[: bisect_left(orders, cell.order)]

    def _release_oldest(self) -> None:
        """Release the text of the oldest cells, at least a tenth of them."""
        released = 0
        while self._size > LOG_SIZE * 0.9 and released < len(self.cells) - 1:
            cell = self.cells[released]
            self._size -= len(cell.source or "") + ENTRY_SIZE
            cell.forget()
            released += 1
        del self.cells[:released]
        self.incomplete = True


_default = CellLog()
_running: list[LoggedCell] = []
_followers: weakref.WeakSet[Follower] = weakref.WeakSet()


def begin(number: int, text: str, log: CellLog | None = None) -> LoggedCell:
    """Note that a cell begins.

    Args:
        number: The number that the front end shows; 0 if it shows none.
        text: The text as the user wrote it.
        log: The log of the shell.

    Returns:
        The cell, to be passed to `end`.

    Example:
        >>> from datalab_workspace.history.cells import running_cell
        >>> cell = running_cell.begin(7, "a = 1")
        >>> running_cell.current().number
        7
        >>> running_cell.end(cell)
    """
    cell = (log or _default).add(number, text)
    _running.append(cell)
    for follower in list(_followers):
        _call(follower.begin_cell, cell)
    return cell


def end(
    cell: LoggedCell | None = None,
    *,
    failed: bool = False,
    namespace: Mapping[str, Any] | None = None,
) -> None:
    """Note that a cell has ended.

    Args:
        cell: The cell; by default the one that runs.
        failed: It ended with an error.
        namespace: The names of the notebook. The objects that the cell names are
            compared with their earlier data.
    """
    if cell is None:
        if not _running:
            return
        cell = _running[-1]
    cell.failed = failed
    try:
        if namespace is not None and _confirm is not None:
            _call(_confirm, cell, namespace)
        for follower in list(_followers):
            _call(follower.end_cell, cell)
    finally:
        if cell in _running:
            _running.remove(cell)


def current() -> LoggedCell | None:
    """Return the cell that runs; None outside cells.

    The code of other threads belongs to it, too.
    """
    return _running[-1] if _running else None


def ran_here(cell: Cell) -> bool:
    """Return whether a cell ran in this shell, so that the user has seen its text.

    An object that was in DataLab in the meantime has copies of its cells.
    """
    if isinstance(cell, LoggedCell):
        return True
    running = current()
    return running is not None and any(
        own.number == cell.number and own.text == cell.text for own in running.earlier()
    )


def follow(follower: Follower, confirm: Confirm | None = None) -> None:
    """Notify an object when cells begin and end, as long as it exists.

    Args:
        follower: The object.
        confirm: Called at the end of each cell, before that, with the cell and the
            names of the notebook. There is one such function for all followers.
    """
    global _confirm
    _followers.add(follower)
    _confirm = confirm or _confirm


def script_place() -> tuple[str, int] | None:
    """Return the path and line of the user's code that runs; None if it is in no file.

    It takes less than a microsecond if the user's code is as many calls away as the
    last time; the traceback module would take milliseconds.
    """
    global _distance
    try:
        # Never the frame of this call: it would refer to itself, and keep the objects
        # of its callers alive.
        inner = sys._getframe(max(1, _distance - 1))  # noqa: SLF001  # it is fast
    except ValueError:  # there are not that many
        inner = sys._getframe(1)  # noqa: SLF001  # it is fast
    frame = inner.f_back
    if frame is not None:
        path = frame.f_code.co_filename
        if _paths.get(path) and _paths.get(inner.f_code.co_filename) is False:
            return path, frame.f_lineno
    frame, distance = sys._getframe(1), 1  # noqa: SLF001  # it is fast
    while frame is not None:
        if _is_users(frame):
            _distance = distance
            return frame.f_code.co_filename, frame.f_lineno
        frame, distance = frame.f_back, distance + 1
    return None


def _is_users(frame: FrameType) -> bool:
    path = frame.f_code.co_filename
    of_user = _paths.get(path)
    if of_user is None:
        of_user = _paths[path] = _is_of_user(path)
    return of_user


def script_line(place: tuple[str, int] | None) -> str:
    """Return a place in a script such as "fit.py:12", without folders.

    Args:
        place: See `script_place`; "" is returned for None.
    """
    return "" if place is None else f"{Path(place[0]).name}:{place[1]}"


def _is_of_user(path: str) -> bool:
    """Return whether a file belongs neither to Python nor to an installed package."""
    if path.startswith(("<", _PACKAGE)) or "site-packages" in path:
        return False
    return not path.startswith(_STANDARD_LIBRARY)


def _call(method: Callable[..., None], *arguments: object) -> None:
    try:
        method(*arguments)
    except Exception as error:  # noqa: BLE001  # the user's cell must continue
        failures.note(error)
