"""The size of the data that a task carries to its worker."""

from __future__ import annotations

import numpy as np

from datalab_workspace.batch.items.item import Item
from datalab_workspace.model.record import Record


def sent_size(item: Item) -> int:
    """Return the bytes of the arrays that are sent with an item.

    A worker reads an unread array or a measured file itself: these count nothing.
    """
    if not isinstance(item.source, Record):
        return 0
    arrays = item.source.arrays.values()
    return sum(array.nbytes for array in arrays if isinstance(array, np.ndarray))
