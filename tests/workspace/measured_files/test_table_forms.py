"""Tables in every combination of marks are read as they are, or refused."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import datalab_workspace as dlw

SEPARATORS = (",", ";", "\t", "   ", "|")
DECIMALS = (".", ",")
ENDS = ("\n", "\r\n")
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp1252")
HEADERS = ("none", "names", "names and units", "a line of units")
ABOVE = ("", "Instrument: laser 7\nOperator: me\n\n", "# made by me\n", "25\n")
BELOW = ("", "\n\n", "End\n")
COMBINATIONS = [
    form
    for form in itertools.product(
        SEPARATORS, DECIMALS, ENDS, ENCODINGS, HEADERS, ABOVE, BELOW
    )
    if form[0] != form[1]
]
random.Random(3).shuffle(COMBINATIONS)


def written(
    columns: np.ndarray[Any, Any], form: tuple[str, ...], pattern: str
) -> bytes:
    """Return the content of a file with columns of numbers."""
    sep, decimal, end, encoding, header, above, below = form
    names = ["Zeit", *("U" + "abcd"[i] for i in range(len(columns) - 1))]
    units = ["s", *["µV"] * (len(columns) - 1)]
    space = "" if sep == "   " else " "
    lines = {
        "none": [],
        "names": [names],
        "names and units": [
            [f"{n}{space}({u})" for n, u in zip(names, units, strict=True)]
        ],
        "a line of units": [names, units],
    }[header]
    rows = [[(pattern % v).replace(".", decimal) for v in row] for row in columns.T]
    table = [sep.join(cells) for cells in [*lines, *rows]]
    text = above + "\n".join([*table, ""]) + below
    return text.replace("\n", end).encode(encoding)


@pytest.mark.parametrize("number", range(60))
def test_a_table_is_read_as_it_is(
    number: int, read_text: Callable[..., Any], workspace: dlw.Workspace
) -> None:
    generator = np.random.default_rng(number)
    count = int(generator.integers(2, 6))
    x = np.cumsum(generator.uniform(0.2, 2, 50))
    columns = np.vstack([x, generator.normal(0, 300, (count - 1, 50))])
    pattern = ["%.4f", "%.3e", "%.2f"][number % 3]
    expected = np.array([[float(pattern % v) for v in row] for row in columns])
    form = COMBINATIONS[number]
    signals = read_text(written(columns, form, pattern))
    assert len(signals) == count - 1
    for signal, y in zip(signals, expected[1:], strict=True):
        np.testing.assert_allclose(signal.x, expected[0], rtol=1e-14)
        np.testing.assert_allclose(signal.y, y, rtol=1e-14)
        if form[4] in ("names", "a line of units"):
            assert (signal.xlabel, signal.ylabel[0]) == ("Zeit", "U")
        if form[4] == "a line of units":
            assert (signal.xunit, signal.yunit) == ("s", "µV")
