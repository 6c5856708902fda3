"""The state of a run, read from its folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from datalab_workspace.batch.driver.item_states import ItemStates
from datalab_workspace.batch.driver.resume import read_states
from datalab_workspace.batch.folder.run_folder import RunFolder
from datalab_workspace.batch.folder.run_lock import holder
from datalab_workspace.batch.item_results import ItemResult
from datalab_workspace.batch.outputs.staging import outputs_of


class FolderState:
    """The state of a run, also of one that another process computes.

    Args:
        run: The folder of the run.
        states: The states of the driver, if it is in this process.
        owner: An object that must exist as long as the state, such as a temporary
            folder.

    Attributes:
        folder: The path of the folder.
        out: The summary project; None in a temporary folder.
        chain: The chain in words.
        units: The unit of each column that has one.
        engine: The workers of the newest call in words.
        seconds: The time that the run has taken, without a call that was killed.
    """

    def __init__(
        self, run: RunFolder, states: ItemStates | None = None, owner: object = None
    ) -> None:
        properties = run.properties()
        self.folder: Path = run.path
        self.out: Path | None = None if owner is not None else run.out
        self.chain: str = properties["chain"]["description"]
        self._run = run
        self._owner = owner
        self._stamp: object = ()  # not that of a missing journal, which is None
        self._version = 0
        if states is None:
            self.refresh()
        else:
            self._adopt(states)
            self._stamp = self._present_stamp()

    def refresh(self) -> int:
        """Read the journal again if it has changed.

        Returns:
            A number that changes when something was noted.
        """
        stamp = self._present_stamp()
        if stamp != self._stamp:
            self._adopt(read_states(self._run.journal))
            self._stamp = stamp
            self._version += 1
        return self._version

    def __iter__(self) -> Iterator[ItemResult]:
        """Yield the results of the items that are done or failed, in order."""
        return self._states.results()

    def failures(self) -> Iterator[ItemResult]:
        """Yield the results of the items that failed, in the items' order."""
        return self._states.results(failed_only=True)

    @property
    def total(self) -> int:
        """The number of items."""
        return len(self._states)

    @property
    def done(self) -> int:
        """The number of items that are computed."""
        return self._states.done

    @property
    def failed(self) -> int:
        """The number of items with an error."""
        return self._states.failed

    def driver(self) -> str | None:
        """Return the host and process id of the driver at work; None without one."""
        return holder(self._run.lock)

    def projects(self) -> Sequence[Path]:
        """Return the projects that hold the objects which are in no part."""
        written = outputs_of(self._run.path, self._run.out)
        return [path for path in written if path.suffix != ".csv"]

    def _adopt(self, states: ItemStates) -> None:
        self._states = states
        self.units: Mapping[str, str] = states.units
        self.engine = states.engine
        self.seconds = states.seconds

    def _present_stamp(self) -> Any:
        try:
            status = self._run.journal.stat()
        except FileNotFoundError:
            return None
        return status.st_ino, status.st_size
