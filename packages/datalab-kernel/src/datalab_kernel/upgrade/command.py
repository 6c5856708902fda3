"""Check the notebooks of a command line, and rewrite them if that is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datalab_kernel._version import __version__
from datalab_kernel.upgrade.notebook import NotebookError, read
from datalab_kernel.upgrade.report import Report, check, summary
from datalab_workspace.formats.atomic import replacing


@dataclass(frozen=True)
class Result:
    """The result of one notebook.

    Attributes:
        path: The path that was given.
        report: The findings, of the rewritten notebook if there is one.
        changed: The number of findings that were rewritten.
        written: The file that was written, or None.
        error: The reason why the notebook could not be checked or written, or "".
    """

    path: Path
    report: Report | None = None
    changed: int = 0
    written: Path | None = None
    error: str = ""

    @property
    def status(self) -> int:
        """The exit code: 0 for nothing to change, 1 for something, 2 for an error."""
        if self.report is None or self.error:
            return 2
        return 1 if self.report.to_change else 0

    def lines(self) -> Iterator[str]:
        """Yield the result as lines of text."""
        if self.report is None:
            return
        yield from self.report.lines()
        if self.written is not None:
            yield f"Rewrote {self.changed} places in {self.written}"
        yield f"{self.path}: {summary(self.report)}"


def run(
    notebooks: Sequence[Path],
    *,
    output: Path | None = None,
    write: bool = False,
    backup: bool = True,
) -> list[Result]:
    """Check notebooks, and rewrite what is certain if that is asked for.

    Args:
        notebooks: The paths.
        output: The file to write the only notebook to. It must not exist.
        write: Write each notebook in its place.
        backup: With `write`, keep the old file with the suffix `.bak`.
    """
    return [_one(path, output, write=write, backup=backup) for path in notebooks]


def content(results: Sequence[Result]) -> dict[str, Any]:
    """Return the results for JSON."""
    return {
        "version": __version__,
        "ok": not any(result.status for result in results),
        "notebooks": [
            {
                "path": str(result.path),
                "error": result.error or None,
                "written": result.written and str(result.written),
                "changed": result.changed,
                **({} if result.report is None else result.report.content()),
            }
            for result in results
        ],
    }


def _one(path: Path, output: Path | None, *, write: bool, backup: bool) -> Result:
    try:
        report = check(read(path))
        if output is None and not write:
            return Result(path, report)
        target = path.resolve() if output is None else output
        return _written(path, report, target, backup=backup)
    except (NotebookError, OSError) as error:
        return Result(path, error=str(error))


def _written(path: Path, report: Report, target: Path, *, backup: bool) -> Result:
    """Write a rewritten notebook; nothing, in its place, if nothing changes."""
    old, new = path.read_bytes(), report.rewritten()
    is_in_place = target == path.resolve()
    if is_in_place and new == old:
        return Result(path, report)
    if is_in_place and backup:
        # Mode "x" replaces no file, which could be an older backup.
        with target.with_name(f"{target.name}.bak").open("xb") as kept:
            kept.write(old)
    elif not is_in_place and target.exists():
        raise FileExistsError(f"the file {target} exists; choose another one")
    with replacing(target) as file:
        file.write(new)
    changed = sum(bool(finding.edits) for _, finding in report.found)
    return Result(path, check(read(target)), changed, target)
