"""The warning that DataLab shows masked values as ordinary numbers."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from datalab_workspace.error_messages import list_names
from datalab_workspace.model.metadata_values import is_masked_array
from datalab_workspace.model.project import Group
from datalab_workspace.model.record import Record
from datalab_workspace.session import Session
from datalab_workspace.transaction import Transaction
from datalab_workspace.validation import warn_caller

#: Number of objects that a warning names.
_NAMED = 3


def is_masked(record: Record) -> bool:
    """Return whether any value of an object is masked. Nothing is read from a file."""
    return any(
        is_masked_array(array) and bool(np.ma.getmaskarray(array).any())
        for array in record.arrays.values()
    )


def masked_names(transaction: Transaction, groups: Iterable[Group]) -> list[str]:
    """Return the names of the masked objects in groups, except for unread ones."""
    return [
        transaction.names.name_of(item.uuid)
        for group in groups
        for item in group.items
        if isinstance(item, Record) and is_masked(item)
    ]


def warn_of_shown_masks(session: Session, names: Iterable[str]) -> None:
    """Warn of masks like `warn_of_masks` if the objects are shown in a window."""
    if session.backend.capabilities.window:
        warn_of_masks(session, names, "it")


def warn_of_masks(session: Session, names: Iterable[str], keeper: str) -> None:
    """Warn that DataLab shows masked values as numbers, once for each object.

    Args:
        session: The session, which remembers the objects that a warning has named.
        names: Names of masked objects.
        keeper: The place that keeps the masks, for notebooks.

    Warns:
        UserWarning: There are objects of which no warning has been given.
    """
    # By UUID: another object that has the name later is a reason for a warning again.
    uuids = {session.names.uuid_of(name): name for name in names}
    new = [name for uuid, name in uuids.items() if uuid not in session.warned_of_masks]
    session.warned_of_masks.update(filter(None, uuids))
    if not new:
        return
    warn_caller(
        f"DataLab shows the masked values of {list_names(new, _NAMED)} as ordinary "
        "numbers; "
        f"{keeper} keeps the mask for notebooks only. To show gaps in DataLab, add the "
        "data with NaN in their place, as in data.filled(np.nan)",
        UserWarning,
    )
