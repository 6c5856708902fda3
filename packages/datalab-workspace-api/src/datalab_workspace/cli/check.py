"""Whether a file is as it was written, and whether DataLab opens it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datalab_workspace.cli.copy import LIVE, workspace_at
from datalab_workspace.cli.output import printable


@dataclass(frozen=True)
class Report:
    """What `check` found out.

    Attributes:
        where: The file, or what is told of the running DataLab.
        facts: What is so, a sentence each.
        problems: What is wrong, a sentence each.
        opens: DataLab opens all of it.
    """

    where: str
    facts: tuple[str, ...]
    problems: tuple[str, ...]
    opens: bool

    @property
    def is_good(self) -> bool:
        """Nothing is wrong, and DataLab opens it."""
        return self.opens and not self.problems

    def text(self) -> str:
        """Return it as lines of text."""
        lines = [self.where, *self.facts, *(f"wrong: {what}" for what in self.problems)]
        return "\n".join(map(printable, lines))

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "where": self.where,
            "facts": [*self.facts],
            "problems": [*self.problems],
            "opens_in_datalab": self.opens,
        }


def check(where: str, url: str | None = None) -> Report:
    """Check a project file, or whether the running DataLab answers.

    Args:
        where: Path of the file, or `LIVE`.
        url: URL of the Web API of the DataLab of `LIVE`.

    Raises:
        FileNotFoundError: There is no such file.
        NotAProjectError: The file is neither a project of DataLab's nor one of
            datalab-kernel 0.2.
        LiveError: DataLab can't be reached.
    """
    return _running(url) if where == LIVE else _file(Path(where).expanduser())


def _running(url: str | None) -> Report:
    status = workspace_at(LIVE, url).status()
    counted = f"{status.signals} signals, {status.images} images"
    connection = f"by {', '.join(status.protocols)}"
    at = f" at {status.url}" if status.url else ""
    return Report(
        f"DataLab {status.version}{at}", (counted, connection), status.notes, True
    )


def _file(path: Path) -> Report:
    from datalab_workspace.formats import registry

    file_format = registry.identify(path)
    verdict = file_format.verify(path)
    if not file_format.opens_in_datalab:
        copy_it = f"a {file_format.description}, which DataLab does not open; copy it"
        facts = (_counted(verdict.objects), copy_it)
        return Report(str(path), facts, tuple(verdict.problems), opens=False)
    found = [_counted(verdict.objects)]
    if verdict.checksums:
        found.append(f"{verdict.checksums} checksums compared")
    elif verdict.objects:
        found.append("no checksums: the data could be read, not compared")
    problems = (*verdict.problems, *verdict.obstacles)
    opens = not problems
    found.append("DataLab opens it" if opens else "DataLab would not open all of it")
    return Report(str(path), tuple(found), problems, opens)


def _counted(number: int) -> str:
    return f"{number} object{'' if number == 1 else 's'}"
