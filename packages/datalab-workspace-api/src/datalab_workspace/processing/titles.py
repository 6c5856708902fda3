"""Compose titles as DataLab does: ``fft(s001)``, ``Σ(s001, s002)``, ``s001-s002``.

sigima has one title formatter for the whole process. During a calculation it is
replaced by a formatter that composes DataLab's titles in the thread of the calculation,
and the previous titles in all other threads.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from datalab_workspace.forks import follow_forks, usable

_PLACEHOLDER = re.compile(r"\{([0-9]+)\}")


class _Thread(threading.local):
    """The number of nested calculations in the current thread."""

    calculations = 0


_thread = _Thread()


class _Formatter:
    """A formatter with DataLab's titles in a calculation, and `others` elsewhere."""

    def __init__(self, others: Any) -> None:
        from sigima.proc.title_formatting import PlaceholderTitleFormatter

        self.others = others
        self._ours = PlaceholderTitleFormatter()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ours if _thread.calculations else self.others, name)


class _Switch:
    """A counter that installs the formatter while any thread calculates."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._formatter: _Formatter | None = None
        follow_forks(self)

    def after_fork(self) -> None:
        """Release the lock in a forked child if a thread of the parent holds it."""
        self._lock = usable(self._lock, threading.Lock)

    def on(self) -> None:
        from sigima.proc import title_formatting as sigimas

        with self._lock:
            current = sigimas.get_default_title_formatter()
            if current is not self._formatter or self._formatter is None:
                # Another formatter may have been set during a calculation.
                self._formatter = _Formatter(current)
                sigimas.set_default_title_formatter(self._formatter)
            self._users += 1

    def off(self) -> None:
        from sigima.proc import title_formatting as sigimas

        with self._lock:
            self._users -= 1
            if self._users or self._formatter is None:
                return
            if sigimas.get_default_title_formatter() is self._formatter:
                sigimas.set_default_title_formatter(self._formatter.others)
            self._formatter = None


_switch = _Switch()


@contextmanager
def datalab_titles() -> Iterator[None]:
    """Compose titles for `with_short_ids` within this context.

    Other threads keep their titles. sigima's formatter is restored at the end of the
    last of these contexts.
    """
    _switch.on()
    _thread.calculations += 1
    try:
        yield
    finally:
        _thread.calculations -= 1
        _switch.off()


def with_short_ids(title: str, ids: Sequence[str]) -> str:
    """Return a title with the short ids of the source objects.

    Args:
        title: A title that sigima composed within `datalab_titles`. Other braces, which
            may come from strings of the user, do not change.
        ids: Short id of each source object.
    """

    def replaced(match: re.Match[str]) -> str:
        number = int(match[1])
        return ids[number] if number < len(ids) else match[0]

    return _PLACEHOLDER.sub(replaced, title)
