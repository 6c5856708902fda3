"""The notebooks and kernels that run in a Jupyter server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Activity:
    """The notebooks and kernels that run in a Jupyter server.

    Attributes:
        notebooks: The notebooks, as paths in the server's folder.
        others: The number of kernels without a notebook, such as consoles.
    """

    notebooks: tuple[str, ...] = ()
    others: int = 0

    @classmethod
    def of(cls, reported: Mapping[str, Any]) -> Activity:
        """Return the activity that the server reports."""
        return cls(tuple(reported["notebooks"]), reported["others"])

    def __bool__(self) -> bool:
        return bool(self.notebooks or self.others)

    def sentence(self) -> str:
        """Return the activity as people read it.

        Example:
            >>> from datalab_kernel.desktop.activity import Activity
            >>> Activity(("a.ipynb",), others=1).sentence()
            '1 notebook is running: a.ipynb; 1 kernel without a notebook is running'
        """
        parts = []
        if self.notebooks:
            names = ", ".join(self.notebooks)
            parts.append(f"{_count(len(self.notebooks), 'notebook')} running: {names}")
        if self.others:
            kernels = _count(self.others, "kernel", " without a notebook")
            parts.append(f"{kernels} running")
        return "; ".join(parts) or "No notebook is running"


def _count(number: int, noun: str, kind: str = "") -> str:
    return f"1 {noun}{kind} is" if number == 1 else f"{number} {noun}s{kind} are"
