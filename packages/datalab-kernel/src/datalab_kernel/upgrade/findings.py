"""The findings of the check of a notebook, and the changes that they propose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


class Level(str, Enum):
    """The urgency of a finding."""

    GONE = "gone"
    """It raises an error now."""
    OLD = "old"
    """It still works, and raises a DeprecationWarning."""
    NOTE = "note"
    """The same call, whose result may differ; there may be nothing to change."""


@dataclass(frozen=True)
class Edit:
    """A change of the source of a cell.

    Attributes:
        start: Index of the first character that is replaced.
        end: Index after the last one.
        text: The new characters.
    """

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Finding:
    """A use of something that version 0.2 had and that has changed.

    Attributes:
        level: How urgent it is.
        line: Number of the line in its cell, from 1.
        message: The change since version 0.2, as a sentence.
        instead: The new code, or a description of it. Empty if nothing replaces the
            old code.
        edits: The changes of the source that have the same effect as in version 0.2.
            Empty if only the author can decide what to write.
    """

    level: Level
    line: int
    message: str
    instead: str = ""
    edits: tuple[Edit, ...] = ()


def apply(source: str, edits: Sequence[Edit]) -> str:
    """Return a source with changes made.

    Args:
        source: The source of a cell.
        edits: The changes, in any order. One that overlaps an earlier one is skipped.
    """
    for edit in reversed(chosen(edits)):
        source = source[: edit.start] + edit.text + source[edit.end :]
    return source


def chosen(edits: Sequence[Edit]) -> list[Edit]:
    """Return edits in the order of the source, without those that overlap others."""
    found: list[Edit] = []
    for edit in sorted(set(edits), key=lambda edit: (edit.start, edit.end)):
        if not found or edit.start >= found[-1].end:
            found.append(edit)
    return found
