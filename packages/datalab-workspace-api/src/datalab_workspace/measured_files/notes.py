"""Remarks on the files that were read, for the user."""

from __future__ import annotations

from pathlib import Path

from datalab_workspace.error_messages import list_names


class Notes:
    """Remarks on files, each of which is made once for all the files it concerns."""

    def __init__(self) -> None:
        self._files: dict[str, dict[str, str]] = {}

    def add(self, remark: str, path: Path, detail: str = "") -> None:
        """Remember a remark on a file."""
        self._files.setdefault(remark, {})[path.name] = detail

    def sentences(self) -> list[str]:
        """Return each remark with the names of its files."""
        return list(self.by_remark().values())

    def by_remark(self) -> dict[str, str]:
        """Return the sentence with the names of the files for each remark."""
        said = {}
        for remark, files in self._files.items():
            name, detail = next(iter(files.items()))
            if len(files) == 1:
                said[remark] = f"{name!r}: {remark}" + (f": {detail}" if detail else "")
            else:
                names = list_names(list(files), 5)
                said[remark] = f"{len(files)} files: {remark}: {names}"
        return said
