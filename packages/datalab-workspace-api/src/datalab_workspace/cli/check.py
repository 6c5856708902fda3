"""Check a project file for damage, and for whether DataLab can open it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datalab_workspace.cli.copy import LIVE, workspace_at
from datalab_workspace.result_text import printable

if TYPE_CHECKING:
    from datalab_workspace.formats.base import Verdict


@dataclass(frozen=True)
class Report:
    """The result of `check`.

    Attributes:
        where: Path of the file, or version and URL of the running DataLab.
        facts: The findings that are not problems, one line each.
        problems: The problems, one line each.
        opens: Whether DataLab can open all of the file.
    """

    where: str
    facts: tuple[str, ...]
    problems: tuple[str, ...]
    opens: bool

    @property
    def is_good(self) -> bool:
        """Whether there is no problem and DataLab can open the file."""
        return self.opens and not self.problems

    def text(self) -> str:
        """Return the report as lines for a terminal."""
        problems = (f"problem: {problem}" for problem in self.problems)
        return "\n".join(map(printable, (self.where, *self.facts, *problems)))

    def as_json(self) -> dict[str, Any]:
        """Return the report as data for JSON."""
        return {
            "where": self.where,
            "facts": [*self.facts],
            "problems": [*self.problems],
            "opens_in_datalab": self.opens,
        }


def check(where: str, url: str | None = None) -> Report:
    """Check a project file, or whether a running DataLab answers.

    Args:
        where: Path of the file, or `LIVE`.
        url: URL of DataLab's Web API, for `LIVE`.

    Raises:
        FileNotFoundError: The file does not exist.
        NotAProjectError: The file is neither a DataLab project nor a file of
            datalab-kernel 0.2.
        LiveError: DataLab cannot be reached.
    """
    return _running(url) if where == LIVE else _file(Path(where).expanduser())


def _running(url: str | None) -> Report:
    status = workspace_at(LIVE, url).status()
    counted = f"{status.signals} signals, {status.images} images"
    connection = f"connected by {', '.join(status.protocols)}"
    at = f" at {status.url}" if status.url else ""
    return Report(
        f"DataLab {status.version}{at}", (counted, connection), status.notes, True
    )


def _file(path: Path) -> Report:
    from datalab_workspace.formats import registry

    file_format = registry.identify(path)
    verdict = file_format.verify(path)
    facts = [_counted(verdict.objects)]
    if not file_format.opens_in_datalab:
        facts.append(
            f"a {file_format.description}, which DataLab cannot open; 'copy' converts "
            "it to a project"
        )
        return Report(str(path), tuple(facts), tuple(verdict.problems), opens=False)
    facts.append(_compared(verdict))
    problems = (*verdict.problems, *verdict.obstacles)
    opens = not problems
    facts.append(_opens(verdict))
    return Report(str(path), tuple(facts), problems, opens)


def _compared(verdict: Verdict) -> str:
    """Return the statement about what was compared with checksums, and what was not."""
    arrays = f"{verdict.checksums} array{'' if verdict.checksums == 1 else 's'}"
    if verdict.covers_all:
        return f"compared with checksums: {arrays}, and everything else in the file"
    if verdict.checksums:
        return (
            f"compared with checksums: {arrays}; macros and history were not compared, "
            "because an older version saved the file"
        )
    if verdict.problems:
        return "not compared: the file has no checksums that can be read"
    return (
        "not compared: the file has no checksums, as after DataLab saved it; its data "
        "is readable"
    )


def _opens(verdict: Verdict) -> str:
    """Return the statement about opening the file in DataLab."""
    if verdict.obstacles:
        return "DataLab cannot open all of the file"
    if verdict.problems:
        return "DataLab may show other objects or values than were saved"
    return "DataLab can open the file"


def _counted(number: int) -> str:
    return f"{number} object{'' if number == 1 else 's'}"
