"""The number of items of a task, which adapts to the time that items take."""

from __future__ import annotations

#: Seconds of work that a task aims at.
_TARGET = 1.0
#: Seconds of work below which a task is not shortened at the end of a run.
_SHORTEST = 0.1
_LONGEST = 1000  # items of a task, which also bounds the size of its message


class Chunks:
    """Choose how many items the next task has.

    The first tasks have one item. The number then doubles at most, towards a second of
    work, and falls at the end of the run, so that all workers finish together.
    """

    def __init__(self) -> None:
        self._size = 1
        self._seconds: float | None = None  # of one item, as an average of the newest

    def learn(self, items: int, seconds: float, *, whole: bool) -> None:
        """Take the time of a finished task into account.

        Args:
            items: The number of items that it computed.
            seconds: The time that they took.
            whole: False if the worker ended the task early, because the results need
                much memory or the items much time.
        """
        each = seconds / items
        if self._seconds is None:
            self._seconds = each
        else:
            weight = min(0.5, items / (2 * self._size))
            self._seconds += weight * (each - self._seconds)
        if not whole:
            self._size = max(1, items)
        elif items >= self._size:
            wanted = int(_TARGET / self._seconds) if self._seconds > 0 else _LONGEST
            self._size = max(1, min(2 * items, wanted, _LONGEST))

    def next_size(self, waiting: int, workers: int) -> int:
        """Return the number of items of the next task.

        Args:
            waiting: The number of items that no worker has been given.
            workers: The number of workers.
        """
        share = -(-waiting // (2 * max(workers, 1)))
        if self._seconds:
            share = max(share, int(_SHORTEST / self._seconds))
        return max(1, min(self._size, share))
