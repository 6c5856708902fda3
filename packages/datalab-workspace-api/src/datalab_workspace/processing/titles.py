"""Titles as DataLab composes them: ``fft(s001)``, ``Σ(s001, s002)``, ``s001-s002``.

What composes titles is one setting of sigima's for the whole process. While a feature
is computed here, it is a formatter that composes DataLab's titles for this calculation
and everybody else's for all other threads.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

_PLACEHOLDER = re.compile(r"\{([0-9]+)\}")


class _Thread(threading.local):
    """What a thread is doing: how many calculations within each other."""

    calculations = 0


_thread = _Thread()


class _Formatter:
    """DataLab's titles within a calculation, the `others` outside of it."""

    def __init__(self, others: Any) -> None:
        from sigima.proc.title_formatting import PlaceholderTitleFormatter

        self.others = others
        self._ours = PlaceholderTitleFormatter()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ours if _thread.calculations else self.others, name)


class _Switch:
    """Puts the formatter in place while anybody calculates."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._formatter: _Formatter | None = None

    def on(self) -> None:
        from sigima.proc import title_formatting as sigimas

        with self._lock:
            current = sigimas.get_default_title_formatter()
            if current is not self._formatter or self._formatter is None:
                # Also where somebody has set another one in the middle.
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
    """Have sigima compose titles for `with_short_ids` within this context.

    Other threads go on with the titles that they had, and sigima's setting is what it
    was once the last of such contexts is left.
    """
    _switch.on()
    _thread.calculations += 1
    try:
        yield
    finally:
        _thread.calculations -= 1
        _switch.off()


def with_short_ids(title: str, ids: Sequence[str]) -> str:
    """Put the short ids of its sources into a title.

    Args:
        title: What sigima composed within `datalab_titles`. Braces of other meaning,
            which texts of the user may have brought into it, stay.
        ids: Short id of each source.
    """

    def replaced(match: re.Match[str]) -> str:
        number = int(match[1])
        return ids[number] if number < len(ids) else match[0]

    return _PLACEHOLDER.sub(replaced, title)
