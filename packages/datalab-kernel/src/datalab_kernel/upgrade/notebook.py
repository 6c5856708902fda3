"""Read the code of a notebook, and write it with changes.

The formats 3 and 4 of notebooks are read. A changed notebook differs from the old one
only in the characters of the code that are changed: nothing is formatted again.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datalab_kernel.upgrade.findings import Edit, chosen
from datalab_kernel.upgrade.located_json import (
    Span,
    characters,
    elements,
    members,
    root,
)

#: The key of the code of a cell, by format.
_SOURCE = {3: "input", 4: "source"}


class NotebookError(ValueError):
    """A notebook that cannot be read; the message names the file and the reason."""


@dataclass(frozen=True)
class CodeCell:
    """A cell with code.

    Attributes:
        number: Its number among all cells of the notebook, from 1.
        source: The code.
        strings: The places of the strings that the code is made of.
    """

    number: int
    source: str
    strings: tuple[Span, ...]


@dataclass(frozen=True)
class Notebook:
    """A notebook.

    Attributes:
        path: The path of the file.
        mark: The byte order mark that the file begins with, if it has one.
        text: The text of the file.
        cells: The cells with code.
    """

    path: Path
    mark: bytes
    text: str
    cells: tuple[CodeCell, ...]

    def changed(self, edits: Mapping[int, Sequence[Edit]]) -> bytes:
        """Return the content of the file with changes of its code.

        Args:
            edits: The changes of cells, by the number of the cell.
        """
        parts, done = [], 0
        for cell in self.cells:
            for span, written in self._rewritten(cell, edits.get(cell.number, ())):
                parts += [self.text[done : span.start], f'"{written}"']
                done = span.end
        return self.mark + "".join([*parts, self.text[done:]]).encode("utf-8")

    def _rewritten(
        self, cell: CodeCell, edits: Sequence[Edit]
    ) -> list[tuple[Span, str]]:
        """Return the strings of a cell that change, and how they are written then."""
        written = [characters(self.text, span) for span in cell.strings]
        changes = [list(string) for string in written]
        where = [
            (n, at) for n, string in enumerate(written) for at in range(len(string))
        ]
        for edit in chosen(edits):
            for string, at in where[edit.start : edit.end]:
                changes[string][at] = ""
            string, at = where[min(edit.start, len(where) - 1)]
            new = self._as_written(edit.text)
            before = edit.start < len(where)
            changes[string][at] = (
                new + changes[string][at] if before else changes[string][at] + new
            )
        return [
            (span, "".join(new))
            for span, old, new in zip(cell.strings, written, changes, strict=True)
            if old != new
        ]

    def _as_written(self, text: str) -> str:
        return json.dumps(text, ensure_ascii=self.text.isascii())[1:-1]


def read(path: Path) -> Notebook:
    """Return a notebook.

    Raises:
        NotebookError: The file is not a notebook of Python in format 3 or 4.
        OSError: The file cannot be read.
    """
    content = path.read_bytes()
    mark = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
    try:
        text = content[len(mark) :].decode("utf-8")
        document = json.loads(text)
    except ValueError as error:
        raise NotebookError(f"{path} is not a notebook: {error}") from error
    except RecursionError as error:
        reason = "it is nested too deeply"
        raise NotebookError(f"{path} is not a notebook: {reason}") from error
    if not isinstance(document, dict) or "nbformat" not in document:
        raise NotebookError(f"{path} is not a notebook: it has no key 'nbformat'")
    if document["nbformat"] not in list(_SOURCE):
        raise NotebookError(
            f"{path} has the format {document['nbformat']!r}; convert it to format 4 "
            "with `jupyter nbconvert --to notebook`"
        )
    language = _language(document)
    if language not in (None, "python", "ipython", "ipython3"):
        raise NotebookError(f"{path} is a notebook of {language}, not of Python")
    cells = _code_cells(path, text, document["nbformat"])
    return Notebook(path, mark, text, cells)


def _language(document: dict[str, Any]) -> str | None:
    """Return the language that the metadata names, in lower case."""
    metadata = document.get("metadata")
    if not isinstance(metadata, dict):
        return None
    for where, key in (("kernelspec", "language"), ("language_info", "name")):
        described = metadata.get(where)
        if isinstance(described, dict) and isinstance(described.get(key), str):
            return str(described[key]).lower()
    return None


def _code_cells(path: Path, text: str, nbformat: int) -> tuple[CodeCell, ...]:
    sheets = [members(text, root(text))]
    if nbformat == 3:
        worksheets = sheets[0].get("worksheets")
        places = [] if worksheets is None else elements(text, worksheets)
        sheets = [members(text, sheet) for sheet in places]
    cells = [
        members(text, cell)
        for sheet in sheets
        if "cells" in sheet
        for cell in elements(text, sheet["cells"])
    ]
    return tuple(
        _code_cell(path, text, number, cell.get(_SOURCE[nbformat]))
        for number, cell in enumerate(cells, start=1)
        if "cell_type" in cell and _loaded(text, cell["cell_type"]) == "code"
    )


def _code_cell(path: Path, text: str, number: int, source: Span | None) -> CodeCell:
    """Return a cell, whose source is a string or an array of strings."""
    if source is None:
        raise NotebookError(f"{path} is damaged: cell {number} has no source")
    is_array = text[source.start] == "["
    strings = tuple(elements(text, source)) if is_array else (source,)
    loaded = [_loaded(text, span) for span in strings]
    if not all(isinstance(string, str) for string in loaded):
        raise NotebookError(
            f"{path} is damaged: the source of cell {number} is not text"
        )
    return CodeCell(number, "".join(loaded), strings)


def _loaded(text: str, span: Span) -> Any:
    return json.loads(text[span.start : span.end])
