"""The page for curious readers: its figures are those that benchmarks assert."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from support.documentation import DOCS, ROOT

PAGE = (DOCS / "how-it-works.md").read_text("utf-8")
COSTS = re.findall(
    r"\| ([\d.]+) times \| `(tests/benchmarks/[\w/]+\.py)` \|$", PAGE, re.MULTILINE
)
DIAGRAMS = re.findall(r"\]\((_static/how-\w+\.svg)\)", PAGE)
#: A phone shows 360 pixels: this is the least size of letters that is easy to read.
READABLE, PHONE = 12, 360


def test_the_page_has_figures() -> None:
    assert len(COSTS) == PAGE.count(" times | `tests/benchmarks/")
    assert len(COSTS) > 8
    assert len(DIAGRAMS) == 3


@pytest.mark.parametrize(("bound", "benchmark"), COSTS)
def test_a_benchmark_asserts_the_bound(bound: str, benchmark: str) -> None:
    source = (ROOT / benchmark).read_text("utf-8")
    assert re.search(rf"(?<![\d.]){re.escape(bound)}(?!\d)", source)


@pytest.mark.parametrize("path", DIAGRAMS)
def test_a_diagram_is_legible_on_a_phone(path: str) -> None:
    drawing = ElementTree.parse(DOCS / path).getroot()
    name = "{http://www.w3.org/2000/svg}"
    scale = min(1.0, PHONE / float(drawing.attrib["width"]))
    sizes = [
        float(e.attrib["font-size"]) for e in drawing.iter() if "font-size" in e.attrib
    ]
    assert min(sizes) * scale >= READABLE
    # In dark mode the letters stand on a background of their own.
    first = drawing.find(f"{name}rect")
    assert first is not None
    assert first.attrib["width"] == drawing.attrib["width"]
