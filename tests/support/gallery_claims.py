"""The claims of a stored notebook, and the assertions that prove them.

`tests/docs/gallery_claims/NAME.py` belongs to the notebook NAME. Each block begins
with words of the notebook, in lines that begin with ``# >``, and goes on with
assertions about the notebook's variables::

    # > The width is 2.5 nm
    assert round(width, 1) == 2.5

The blocks are run in the notebook's kernel after its last cell. Every number in the
prose of the notebook must be in the words of a block.
"""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import NamedTuple

import nbformat

CLAIMS = Path(__file__).parents[1] / "docs" / "gallery_claims"
_QUOTED = re.compile(r"^# > ?(.*)$")
_NUMBER = re.compile(r"(?<![\w.])\d[\d.,]*(?:\w*)")
#: Code, formulas and the targets of links are not prose.
_NOT_PROSE = re.compile(r"`[^`]*`|\$[^$]*\$|\]\([^)]*\)")


class Claim(NamedTuple):
    """Words of a notebook and their proof.

    Attributes:
        words: What the notebook says, with single spaces.
        proof: Python code with assertions.
    """

    words: str
    proof: str


def claims_of(notebook: Path) -> list[Claim]:
    """Return the claims that are proved for a notebook."""
    path = CLAIMS / f"{notebook.stem}.py"
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    found: list[tuple[list[str], list[str]]] = []
    for number, line in enumerate(lines):
        if quoted := _QUOTED.match(line):
            if not _QUOTED.match(lines[number - 1]) or number == 0:
                found.append(([], []))
            found[-1][0].append(quoted[1])
        elif found:
            found[-1][1].append(line)
    return [Claim(_spaced(" ".join(words)), "\n".join(code)) for words, code in found]


def prose_of(notebook: nbformat.NotebookNode) -> str:
    """Return the text of the Markdown cells, with single spaces."""
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    return _spaced(" ".join(cells))


def unproved_numbers(notebook: nbformat.NotebookNode, claims: list[Claim]) -> list[str]:
    """Return the numbers of the prose that no claim has, with the words around them."""
    prose = prose_of(notebook)
    covered = set()
    for claim in claims:
        for found in re.finditer(re.escape(claim.words), prose):
            covered.update(range(*found.span()))
    for found in _NOT_PROSE.finditer(prose):
        covered.update(range(*found.span()))
    return [
        prose[max(found.start() - 30, 0) : found.end() + 20]
        for found in _NUMBER.finditer(prose)
        if found.start() not in covered
    ]


def proof_cell(claims: list[Claim]) -> nbformat.NotebookNode:
    """Return a code cell that runs the proofs and lists the claims that fail."""
    parts = ["_failed = []"]
    for claim in claims:
        parts.append(
            f"try:\n{textwrap.indent(claim.proof, '    ')}\n"
            "except AssertionError as error:\n"
            f"    _failed.append(({claim.words!r}, str(error)))"
        )
    parts.append("assert not _failed, _failed")
    return nbformat.v4.new_code_cell("\n".join(parts))


def _spaced(text: str) -> str:
    return " ".join(text.split())
