"""The tables of the page "Moving from datalab-kernel 0.2"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from support.documentation import DOCS

_TEXT = (DOCS / "howto" / "moving.md").read_text("utf-8")
_CODE = re.compile("`([^`]+)`")


class Row(NamedTuple):
    """A row of a table.

    Attributes:
        old: The lines of code for version 0.2.
        new: The lines to write instead; none if there is nothing to write.
    """

    old: tuple[str, ...]
    new: tuple[str, ...]

    @property
    def id(self) -> str:
        return self.old[-1]


def _rows(heading: str) -> Iterator[Row]:
    lines = iter(_TEXT.splitlines())
    assert any(line.startswith(f"| {heading} |") for line in lines), heading
    next(lines)
    for line in lines:
        if not line.startswith("|"):
            return
        old, new = line.strip("|").split(" | ")
        yield Row(tuple(_CODE.findall(old)), tuple(_CODE.findall(new)))


#: What works and warns, in memory and beside a running DataLab, and what is gone.
OLD, LIVE, GONE = map(tuple, map(_rows, ("in 0.2", "in 0.2, live", "gone")))
