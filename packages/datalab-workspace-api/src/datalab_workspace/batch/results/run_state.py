"""The contract between a run and what shows it to its user."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from datalab_workspace.batch.item_results import ItemResult, ItemResults


class RunState(ItemResults, Protocol):
    """The state of a run, as its folder has it. It changes while items are computed."""

    @property
    def out(self) -> Path | None:
        """The file that the results are written to; None in a temporary folder."""

    @property
    def chain(self) -> str:
        """The chain in words, such as "normalize, fwhm"."""

    @property
    def engine(self) -> str:
        """The workers in words, such as "8 processes"; "" if that is not known."""

    @property
    def seconds(self) -> float:
        """The time that the run has taken so far; 0.0 if that is not known."""

    def refresh(self) -> int:
        """Read what was noted since the last call.

        Returns:
            A number that changes when something was noted.
        """

    @property
    def total(self) -> int:
        """The number of items."""

    @property
    def done(self) -> int:
        """The number of items that are computed."""

    @property
    def failed(self) -> int:
        """The number of items with an error."""

    def failures(self) -> Iterator[ItemResult]:
        """Yield the results of the items that failed, in the items' order."""

    def driver(self) -> str | None:
        """Return the driver at work, as "process 7 on node2"; None without one."""

    def projects(self) -> Sequence[Path]:
        """Return the projects that hold the objects which are in no part."""
