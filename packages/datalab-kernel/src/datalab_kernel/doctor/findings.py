"""What a check found, and how it is shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

# A note is neither in order nor wrong; a warning is wrong, but the kernel starts.
Level = Literal["ok", "note", "warn", "error"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Args:
        level: How it is.
        text: What was found, in one line.
        remedy: What to do about it.
        details: Lines to show with it, such as what a process said last.
    """

    level: Level
    text: str
    remedy: str | None = None
    details: tuple[str, ...] = ()

    def lines(self) -> Iterator[str]:
        """Give the finding as it is shown in a terminal."""
        yield f"{self.level:<5} {self.text}"
        yield from (f"      | {line}" for line in self.details)
        if self.remedy is not None:
            yield f"      → {self.remedy}"


def not_checked(what: str, extra: str) -> Finding:
    """Return what to say of something that needs a package which is missing."""
    return Finding("warn", f"{what}: not checked", extra)
