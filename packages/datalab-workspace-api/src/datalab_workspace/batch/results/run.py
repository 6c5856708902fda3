"""The run of a chain over many items, as its user sees it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from datalab_workspace.batch.results import run_results
from datalab_workspace.batch.results.item_errors import ItemErrors
from datalab_workspace.batch.results.run_state import RunState
from datalab_workspace.batch.results.run_text import run_line, run_text
from datalab_workspace.runtime import require

if TYPE_CHECKING:
    import pandas as pd

    from datalab_workspace.workspace import Workspace

T = TypeVar("T")


class Run:
    """The results of a chain that was computed over many items.

    It shows the present state of the run, also of one that another process computes:
    every property is up to date when it is read. `batch.map` and `batch.open` return
    it.

    Example:
        >>> run = dlw.batch.map("fwhm", workspace, kind="signal", on="serial")
        >>> run.done, run.failed, run.left
        (2, 0, 0)
    """

    def __init__(self, state: RunState, retry: Callable[[], Run]) -> None:
        self._state = state
        self._retry = retry
        self._cache: dict[str, tuple[int, object]] = {}

    @property
    def out(self) -> Path | None:
        """The file that the results are written to; None in a temporary folder."""
        return self._state.out

    @property
    def done(self) -> int:
        """The number of items that are computed."""
        self._state.refresh()
        return self._state.done

    @property
    def failed(self) -> int:
        """The number of items with an error."""
        self._state.refresh()
        return self._state.failed

    @property
    def left(self) -> int:
        """The number of items that are not computed yet."""
        self._state.refresh()
        return run_results.left(self._state)

    @property
    def status(self) -> str:  # with a Literal, Jedi completes no attribute of a run
        """The status of the run.

        It is "finished" if no item is left, "running" if a process computes it now, and
        "unfinished" if it was interrupted. Repeat the call that began an unfinished run
        to continue it.

        Example:
            >>> run = workspace.map("fwhm", "peak", on="serial")
            >>> run.status
            'finished'
        """
        if self._state.driver() is not None:
            return "running"
        return "unfinished" if self.left else "finished"

    @property
    def table(self) -> pd.DataFrame:
        """The values of all items as a pandas `DataFrame`, in the items' order.

        The index "item" has the names. After the columns of the values, "error" has
        the error of an item that failed. If objects are kept and the run is finished,
        "project" has the file that holds the object. ``table.attrs["units"]`` has the
        unit of each column. Items that are left are not in the table.

        Raises:
            ModuleNotFoundError: pandas is not installed.

        Example:
            >>> run = workspace.map("stats", ["peak", "noisy"], on="serial")
            >>> run.table["max"].tolist()[0], run.table.attrs["units"]["max"]
            (1.0, 'V')
        """
        require("pandas", "the table of a run")
        return self._cached("table", _table_of)

    @property
    def errors(self) -> ItemErrors:
        """The errors by the name of the item, with message and traceback.

        Its string lists them, similar errors in one line.

        Example:
            >>> run = workspace.map("fwhm", ["peak", "spot"], on="serial")
            >>> [*run.errors]
            ['spot']
        """
        return self._cached("errors", run_results.errors_of)

    @property
    def seconds(self) -> pd.Series[float]:
        """The seconds that each item took, as a pandas `Series`.

        They are not in the table, which is the same whenever the run is repeated.

        Raises:
            ModuleNotFoundError: pandas is not installed.

        Example:
            >>> run = workspace.map("fwhm", "peak", on="serial")
            >>> bool(run.seconds["peak"] > 0)
            True
        """
        require("pandas", "the times of a run")
        return self._cached("seconds", run_results.seconds_of)

    @property
    def workspace(self) -> Workspace:
        """A workspace with the objects of the run; no array is read yet."""
        return self._cached("workspace", run_results.workspace_of)

    def retry(self) -> Run:
        """Compute the items that failed and those that are left.

        It repeats the call that began the run: it also computes items whose file is
        new, or has changed. The results of all others stay. A run that was opened
        imports no modules: import those of its functions before.

        Returns:
            The run, with the new results.

        Raises:
            ValueError: The run was opened by `batch.open`, and its chain has a function
                of a notebook or script, or its items are objects in memory.

        Example:
            >>> run = workspace.map("fwhm", ["peak", "spot"], on="serial")
            >>> run.retry().failed
            1
        """
        return self._retry()

    @property
    def state(self) -> RunState:
        """The state of the run; for displays and the shell command."""
        return self._state

    def __repr__(self) -> str:
        self._state.refresh()
        return f"<Run {run_line(self._state)}>"

    def __str__(self) -> str:
        self._state.refresh()
        return run_text(self._state)

    def _cached(self, name: str, make: Callable[[RunState], T]) -> T:
        """Return a value that is made again when something was noted since."""
        version = self._state.refresh()
        kept = self._cache.get(name)
        if kept is None or kept[0] != version:
            kept = self._cache[name] = (version, make(self._state))
        return kept[1]  # type: ignore[return-value]  # each name has one type


def _table_of(state: RunState) -> pd.DataFrame:
    from datalab_workspace.batch.results.table import table_of

    # The projects are written at the end.
    return table_of(state, None if run_results.left(state) else state.out)
