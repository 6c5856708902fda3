"""The findings of a notebook, as text and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from datalab_kernel.upgrade.checker import Checker
from datalab_kernel.upgrade.findings import Edit, Finding, Level, apply
from datalab_kernel.upgrade.notebook import CodeCell, Notebook

_LONGEST = 88


@dataclass(frozen=True)
class Report:
    """The findings of a notebook.

    Attributes:
        notebook: The notebook.
        found: The findings with their cells, in the order of the notebook.
    """

    notebook: Notebook
    found: tuple[tuple[CodeCell, Finding], ...]

    @property
    def to_change(self) -> int:
        """The number of findings that are not only notes."""
        return sum(finding.level is not Level.NOTE for _, finding in self.found)

    def rewritten(self) -> bytes:
        """Return the file with the changes that have the same effect as before."""
        edits: dict[int, list[Edit]] = {}
        for cell, finding in self.found:
            edits.setdefault(cell.number, []).extend(finding.edits)
        return self.notebook.changed(edits)

    def lines(self) -> Iterator[str]:
        """Yield the report as lines of text, once for each line of code."""
        for _, pairs in groupby(
            self.found, lambda pair: (pair[0].number, pair[1].line)
        ):
            group = list(pairs)
            yield from self._about_line(group[0][0], [finding for _, finding in group])

    def _about_line(self, cell: CodeCell, found: list[Finding]) -> Iterator[str]:
        yield f"{self.notebook.path}: cell {cell.number}, line {found[0].line}"
        yield from (f"    {_short(line)}" for line in _code(cell, found[0]))
        for level, message in dict.fromkeys((f.level, f.message) for f in found):
            yield f"  {'Note: ' if level is Level.NOTE else ''}{message}"
        edits = [edit for finding in found for edit in finding.edits]
        new = _new_code(cell, edits)
        if new:
            yield "  Write:"
            yield from (f"    {_short(line)}" for line in new)
        elif edits:
            yield "  Remove the line."
        for finding in found:
            if finding.instead and not finding.edits:
                yield f"  Instead: {finding.instead}"
        yield ""

    def content(self) -> dict[str, Any]:
        """Return the report for JSON."""
        return {
            "path": str(self.notebook.path),
            "to_change": self.to_change,
            "findings": [
                {
                    "cell": cell.number,
                    "line": finding.line,
                    "level": finding.level.value,
                    "code": "\n".join(_code(cell, finding)),
                    "message": finding.message,
                    "instead": finding.instead,
                    "rewritten": "\n".join(_new_code(cell, finding.edits)) or None,
                    "is_certain": bool(finding.edits),
                }
                for cell, finding in self.found
            ],
        }


def check(notebook: Notebook) -> Report:
    """Return the findings of a notebook. Nothing of it is run or imported."""
    found = Checker().notebook([cell.source for cell in notebook.cells])
    pairs = zip(notebook.cells, found, strict=True)
    return Report(
        notebook, tuple((cell, f) for cell, findings in pairs for f in findings)
    )


def summary(report: Report) -> str:
    """Return one line about a notebook."""
    levels = Counter(finding.level for _, finding in report.found)
    if not report.found:
        return "nothing to change"
    return (
        f"{report.to_change} to change, {levels[Level.GONE]} of them raise an error; "
        f"{levels[Level.NOTE]} to check"
    )


def _code(cell: CodeCell, finding: Finding) -> list[str]:
    lines = cell.source.split("\n")
    return [lines[finding.line - 1].strip()] if finding.line <= len(lines) else []


def _new_code(cell: CodeCell, edits: Sequence[Edit]) -> list[str]:
    """Return the lines that changes touch, changed; without those that are removed."""
    if not edits:
        return []
    first = min(edit.start for edit in edits)
    last = max(edit.end for edit in edits)
    start = cell.source.rfind("\n", 0, first) + 1
    end = cell.source.find("\n", max(last - 1, first))
    end = len(cell.source) if end < 0 else end
    moved = [Edit(e.start - start, min(e.end, end) - start, e.text) for e in edits]
    changed = apply(cell.source[start:end], moved)
    return [line.strip() for line in changed.split("\n") if line.strip()]


def _short(line: str) -> str:
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
