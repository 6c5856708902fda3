"""Find the strings that occur several times among very many, in little memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np


def repeated(count: int, string: Callable[[int], str]) -> list[int]:
    """Return the positions of the strings that occur several times, in order.

    Sixteen bytes are needed for each string, instead of the strings themselves.

    Args:
        count: The number of strings.
        string: Returns a string by its position. It is called again for those whose
            hashes are equal.
    """
    hashes = np.fromiter(map(hash, map(string, range(count))), np.int64, count)
    order = np.argsort(hashes, kind="stable")
    equal = np.flatnonzero(np.diff(hashes[order]) == 0)
    if not equal.size:
        return []
    positions = np.unique(np.concatenate((order[equal], order[equal + 1]))).tolist()
    suspects = {position: string(position) for position in positions}
    times = Counter(suspects.values())
    return [position for position, found in suspects.items() if times[found] > 1]
