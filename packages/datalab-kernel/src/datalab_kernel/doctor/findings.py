"""The findings of the checks, and their form in a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

# A note is neither good nor bad; with a warning, the kernel still starts.
Level = Literal["ok", "note", "warn", "error"]


@dataclass(frozen=True)
class Finding:
    """One result of a check.

    Args:
        level: The severity.
        text: The finding, in one line.
        remedy: What to do about it.
        details: Further lines, such as the last output of a process.
    """

    level: Level
    text: str
    remedy: str | None = None
    details: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        """Yield the lines that show the finding in a terminal."""
        yield f"{self.level:<5} {self.text}"
        yield from (f"      | {line}" for line in self.details)
        if self.remedy is not None:
            yield f"      → {self.remedy}"
