"""The results of a run, read from its state."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.batch.folder.parts import KeptObjects, groups_of
from datalab_workspace.batch.messages import Row
from datalab_workspace.batch.results.item_errors import ItemError, ItemErrors, error_of
from datalab_workspace.batch.results.run_state import RunState
from datalab_workspace.model.naming import assign_names
from datalab_workspace.operations.merge import Merge

if TYPE_CHECKING:
    import pandas as pd

    from datalab_workspace.workspace import Workspace

#: The state of the run of each workspace with its objects. It keeps a temporary folder,
#: which has their data, as long as the workspace.
_runs: WeakKeyDictionary[Workspace, RunState] = WeakKeyDictionary()


def left(state: RunState) -> int:
    """Return the number of items that are not computed yet."""
    return state.total - state.done - state.failed


def errors_of(state: RunState) -> ItemErrors:
    """Return the errors of the items that failed."""
    return ItemErrors(
        error_of(result.name, result.receipt.failure)
        for result in state.failures()
        if result.receipt.failure is not None
    )


def seconds_of(state: RunState) -> pd.Series[float]:
    """Return the seconds that each item took."""
    import pandas as pd

    taken = {result.name: result.receipt.seconds for result in state}
    index = pd.Index([*taken], name="item", dtype=object)
    return pd.Series([*taken.values()], index, dtype=float, name="seconds")


def workspace_of(state: RunState) -> Workspace:
    """Return a workspace with the objects of a run, whose arrays are unread."""
    from datalab_workspace.factories import open_project
    from datalab_workspace.workspace import Workspace

    wanted = {
        made.uuid
        for result in state
        for row in result.receipt.rows
        for made in row.objects
    }
    workspace = Workspace(backend=MemoryBackend())
    _runs[workspace] = state
    for path in state.projects():
        # A project may also hold the summary, and objects of items that have changed.
        found = open_project(path).describe()
        kept = [item.name for item in found if item.uuid in wanted]
        if kept:
            workspace.load(path, names=kept, lazy=True, on_conflict="replace")
    _take_parts(workspace, state)
    return workspace


def _take_parts(workspace: Workspace, state: RunState) -> None:
    """Add the objects of a run that are in no project yet."""
    known = KeptObjects(state.folder)
    found = (
        known.find_in_part(result.part, made.uuid)
        for result in state
        for row in result.receipt.rows
        for made in row.objects
    )
    groups = groups_of((each.group, each.record()) for each in found if each)
    session = workspace._session  # noqa: SLF001  # the same package
    with session.transaction() as transaction:
        merge = Merge(transaction.backend, transaction.names, "replace")
        names = assign_names([item for group in groups for item in group.items], {})
        merge.prepare(groups, names, "taking the objects of a run")
        merge.carry_out()
        transaction.changes += merge.changes


def first_rows(state: RunState, limit: int) -> list[tuple[Row, ItemError | None]]:
    """Return the first rows of the table, each with the error of its item."""
    return [*islice(_rows(state), limit)]


def _rows(state: RunState) -> Iterator[tuple[Row, ItemError | None]]:
    for result in state:
        failure = result.receipt.failure
        if failure is not None:
            yield Row(result.name, {}), error_of(result.name, failure)
        yield from ((row, None) for row in result.receipt.rows)
