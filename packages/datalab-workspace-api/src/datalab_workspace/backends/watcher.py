"""The handle of a thread that waits for changes of others."""

from __future__ import annotations

from typing import Protocol


class Watcher(Protocol):
    """The handle of a thread that waits for changes."""

    @property
    def active(self) -> bool:
        """Whether it still waits."""

    def stop(self) -> None:
        """End it soon."""
