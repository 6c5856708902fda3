"""The size of the data that a task carries to its worker."""

from __future__ import annotations

import numpy as np

from datalab_workspace.batch.items import Item, MeasuredFile


def sent_size(item: Item) -> int:
    """Return the bytes of the arrays that are sent with an item.

    A worker reads an unread array or a measured file itself: these count nothing.
    """
    if isinstance(item.source, MeasuredFile):
        return 0
    return sum(
        array.nbytes
        for array in item.source.arrays.values()
        if isinstance(array, np.ndarray)
    )
