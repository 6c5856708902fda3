"""The rules by which a run stops before all items are computed."""

from __future__ import annotations

import errno
import warnings
from concurrent.futures import BrokenExecutor
from typing import NoReturn

from datalab_workspace.batch.driver.item_states import ItemStates
from datalab_workspace.batch.errors import BatchStoppedError
from datalab_workspace.batch.messages import ItemFailure

#: A chain that fails for all of the first items, up to this number, is wrong.
_FIRST_ITEMS = 10
#: Deaths of workers that had not begun an item, for each worker of the engine.
_DEATHS = 3
#: Tasks in sequence that were refused, for each worker of the engine. A worker that has
#: refused may have been given others by then.
_REFUSALS = 10
_KEPT = "what was computed is kept, and with out= the same call continues the run"


class StopRules:
    """Raise `BatchStoppedError` when it makes no sense to continue a run.

    Args:
        states: The state of the items.
    """

    def __init__(self, states: ItemStates) -> None:
        self._states = states
        self._failures = 0
        self._first_failure: ItemFailure | None = None
        self._refusals: dict[str, str] = {}
        self._refused_in_sequence = 0
        self._early_deaths = 0
        self._any_done = states.done > 0

    def item_failed(self, failure: ItemFailure) -> None:
        """Note the failure of an item."""
        self._failures += 1
        self._first_failure = self._first_failure or failure

    def worker_began(self) -> None:
        """Note that a worker began an item, even if that killed it."""
        self._early_deaths = 0
        self._refused_in_sequence = 0

    def check(self) -> None:
        """Stop if the chain has failed for each of the first items."""
        self._any_done = self._any_done or self._states.done > 0
        failure = self._first_failure
        if self._any_done or failure is None or self._failures < _FIRST_ITEMS:
            return
        if self._states.left:
            raise BatchStoppedError(
                f"the run stopped because the first {self._failures} items failed, the "
                f"first with {failure.type}: {failure.message}\n{_KEPT}"
            ) from _cause(failure)

    def chain_failed(self, error: Exception) -> NoReturn:
        """Raise the error of a chain that fails with any item."""
        raise error

    def engine_failed(self, error: BaseException) -> NoReturn:
        """Raise an error of the engine itself.

        The call after it continues the run if the executor of the user is broken.
        """
        if isinstance(error, BrokenExecutor):
            raise BatchStoppedError(
                "the run stopped because a worker died, and its executor cannot be "
                f"used any more ({error}); {_KEPT} with a new executor. With "
                "on='processes', the item is found and named"
            ) from error
        raise error

    def disk_failed(self, error: OSError) -> NoReturn:
        """Stop because the folder of the run cannot be written to."""
        raise disk_error(error) from error

    def refused(self, worker: str, reason: str, workers: int) -> None:
        """Note that a worker must not compute; stop if no worker may."""
        if worker not in self._refusals:
            self._refusals[worker] = reason
            warnings.warn(
                f"worker {worker} does not take part: {reason}",
                UserWarning,
                stacklevel=2,
            )
        # Several workers in one process refuse under one name.
        self._refused_in_sequence += 1
        many = self._refused_in_sequence >= _REFUSALS * workers
        if many or len(self._refusals) >= workers:
            raise BatchStoppedError(
                f"the run stopped because no worker can compute: {reason}; {_KEPT}"
            )

    def died_at_start(self, reason: str, workers: int) -> None:
        """Note that a worker died before it began an item; stop if all do."""
        self._early_deaths += 1
        if self._early_deaths >= _DEATHS * max(workers, 1):
            raise BatchStoppedError(
                "the run stopped because workers end before they compute anything "
                f"({reason}); {_KEPT}"
            )

    def most_items(self, size: int) -> int:
        """Return the size of a task, so that few items of a wrong chain are computed.

        Args:
            size: The size that the time of the items suggests.
        """
        if self._any_done:
            return size
        return max(1, min(size, _FIRST_ITEMS - self._failures))

    def usable(self, workers: int) -> int:
        """Return the number of workers that have not refused."""
        return max(workers - len(self._refusals), 1)


def is_full(error: OSError) -> bool:
    """Return whether an error means that the disk is full."""
    return error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))


def disk_error(error: OSError) -> BatchStoppedError:
    """Return the error of a run that cannot write its files."""
    reason = "the disk is full" if is_full(error) else "its files cannot be written"
    return BatchStoppedError(f"the run stopped because {reason} ({error}); {_KEPT}")


def _cause(failure: ItemFailure) -> Exception:
    """Return an error whose text is the traceback of the worker."""
    return RuntimeError(f"\n{failure.traceback}")
