"""The tables of oscilloscopes that keep their settings next to the numbers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TypeAlias

from datalab_workspace.measured_files.cells import number_marks
from datalab_workspace.measured_files.dialect import is_row
from datalab_workspace.measured_files.table_layout import Layout
from datalab_workspace.measured_files.text import Text

Form: TypeAlias = "Callable[[Text, Layout], tuple[Text, Layout]]"


def form(text: Text, layout: Layout) -> Form | None:
    """Return the function that reads a table of this kind as a plain one, or None."""
    if layout.dialect.sep != ",":
        return None
    row = layout.dialect.split(text.lines[layout.first])
    if len(row) == 5 and not any(row[:3]) and layout.first > 0:
        return _without_settings
    above = _cells_above(text, layout)
    if above[:1] == ["Sequence"] and len(above) >= 4:
        return _with_time
    return None


def _cells_above(text: Text, layout: Layout) -> list[str]:
    if layout.first == 0:
        return []
    return layout.dialect.split(text.lines[layout.first - 1])


def _without_settings(text: Text, layout: Layout) -> tuple[Text, Layout]:
    """Read Tektronix' older form, whose settings fill the first columns of some rows.

    The first rows are ``Record Length,2.5e3,,-0.005,0.08,``, the others
    ``,,,-0.004,0.09,``: time and voltage are in the fourth and fifth column of all.
    """
    split = layout.dialect.split
    rows = [split(line) for line in text.lines[: layout.last] if is_row(line)]
    fitting = [row for row in rows if len(row) == 5 and _are_numbers(row[3:])]
    settings = {row[0]: row[1] for row in fitting if row[0]}
    lines = [",".join(row[3:]) for row in fitting]
    names = ("TIME", settings.get("Source", "VOLTAGE"))
    units = (settings.get("Horizontal Units", "s"), settings.get("Vertical Units", ""))
    plain = dataclasses.replace(
        layout,
        first=0,
        last=len(lines),
        rows=len(lines),
        columns=2,
        header=names,
        units=units,
        preamble="\n".join(f"{name}: {value}" for name, value in settings.items()),
    )
    return dataclasses.replace(text, lines=lines), plain


def _with_time(text: Text, layout: Layout) -> tuple[Text, Layout]:
    """Read Rigol's form, which numbers the samples, and gives their start and step.

    Below ``X,CH1,Start,Increment`` is a line such as ``Sequence,Volt,-6e-3,1e-6``.
    """
    split = layout.dialect.split
    units = _cells_above(text, layout)
    start, step = float(units[-2]), float(units[-1])
    channels = len(units) - 3
    lines = []
    for line in filter(is_row, text.lines[layout.first : layout.last]):
        cells = split(line)
        time = start + float(cells[0]) * step
        lines.append(",".join([repr(time), *cells[1 : channels + 1]]))
    header = split(text.lines[layout.first - 2]) if layout.first > 1 else []
    plain = dataclasses.replace(
        layout,
        first=0,
        last=len(lines),
        rows=len(lines),
        columns=channels + 1,
        header=("Time", *header[1 : channels + 1]),
        units=("s", *units[1 : channels + 1]),
    )
    return dataclasses.replace(text, lines=lines), plain


def _are_numbers(cells: list[str]) -> bool:
    return all(cell and number_marks(cell, ".") == "" for cell in cells)
