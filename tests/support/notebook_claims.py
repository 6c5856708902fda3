"""The sentences of the notebooks, and the checks of what they claim.

A notebook has a file of checks with its name in `tests/docs/claims`. A check quotes
the sentences that it proves. It runs in the notebook's kernel, after the last cell,
with the variables of the notebook::

    @claim("Parallel fringes cross the beam, one every 27 pixels.")
    def _():
        between(26.5, period_of_the_fringes, 27.5)

`background` quotes sentences that the notebook cannot prove, and names the source.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[2]
CLAIMS = ROOT / "tests" / "docs" / "claims"
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
GALLERY = sorted((ROOT / "notebooks" / "gallery").glob("*.ipynb"))

#: The beginning of the cell with the checks. It leaves no name of its own behind that a
#: notebook may use, and no output.
PRELUDE = '''\
def claim(*sentences):
    """Run a check at once."""
    assert sentences
    return lambda check: check()


def background(*sentences, source):
    """Quote what the notebook relies on."""
    assert sentences
    assert source


def between(low, value, high):
    """Check that a value is between two others, or equal to one of them."""
    if not low <= value <= high:
        raise AssertionError(f"{value} is not between {low} and {high}")


'''

_NUMBER_WORDS = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|hundred|thousand|"
    "half|halves|third|quarter|tenth|percent|once|twice|double"
)
#: A digit that is not a part of a name such as `i001`, or a number in words.
NUMBER = re.compile(
    rf"(?<![A-Za-z_])(?<![A-Za-z_]\d)(?<![A-Za-z_]\d\d)\d"
    rf"|\b(?:{_NUMBER_WORDS})\b|[½¼¾]",
    re.IGNORECASE,
)
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
#: A heading, an item of a list or a row of a table is a paragraph of its own.
_PARAGRAPHS = re.compile(r"\n\s*\n|\n(?=[*|-] )")
_HEADING = re.compile(r"^(#+ .*)$", re.MULTILINE)
_SENTENCES = re.compile(r"(?<=[.?!])\s+(?=[A-Z0-9`$*\"\[])")
_MARKS = re.compile(r"^(?:#+ |[*-] )")


def claims_of(notebook: Path) -> Path:
    """Return the file with the checks of a notebook."""
    return CLAIMS / f"{notebook.stem}.py"


def with_claims(notebook: Path, folder: Path) -> Path:
    """Write a copy of a notebook that ends with a cell of its checks.

    Returns:
        The copy, under the same name; the notebook itself if it has no checks.
    """
    checks = claims_of(notebook)
    if not checks.exists():
        return notebook
    copy = nbformat.read(notebook, as_version=4)
    source = PRELUDE + checks.read_text("utf-8")
    copy.cells.append(nbformat.v4.new_code_cell(source))
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(copy, folder / notebook.name)
    return folder / notebook.name


def sentences(notebook: Path) -> list[str]:
    """Return the sentences of a notebook's text, each on one line."""
    cells = nbformat.read(notebook, as_version=4).cells
    texts = (cell.source for cell in cells if cell.cell_type == "markdown")
    return [sentence for text in texts for sentence in sentences_in(text)]


def sentences_in(text: str) -> Iterator[str]:
    """Yield the sentences of Markdown text, without its blocks of code."""
    prose = _HEADING.sub(r"\1\n", _FENCE.sub("\n\n", text))
    for paragraph in _PARAGRAPHS.split(prose):
        for sentence in _SENTENCES.split(" ".join(paragraph.split())):
            if stripped := _MARKS.sub("", sentence):
                yield stripped


def quoted(checks: Path) -> list[str]:
    """Return the sentences that a file of checks quotes."""
    calls = [
        node
        for node in ast.walk(ast.parse(checks.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"claim", "background"}
    ]
    return [ast.literal_eval(sentence) for call in calls for sentence in call.args]
