"""Results of analyses as tables."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

#: How many rows are shown; `to_dataframe` has them all.
MAX_ROWS = 100
_COORDINATES = {
    "point": ("x", "y"),
    "marker": ("x", "y"),
    "segment": ("x0", "y0", "x1", "y1"),
    "rectangle": ("x", "y", "width", "height"),
    "circle": ("x", "y", "r"),
    "ellipse": ("x", "y", "a", "b", "theta"),
}


@dataclass(frozen=True, repr=False)
class ResultTable:
    """A result of an analysis, which a notebook shows as a table.

    Attributes:
        title: What is written above it.
        names: Names of the columns.
        rows: The values, one for each column.
    """

    title: str
    names: Sequence[str]
    rows: Sequence[Sequence[Any]]

    def to_dataframe(self) -> pd.DataFrame:
        """Return the table for pandas.

        Raises:
            ModuleNotFoundError: pandas is not installed.
        """
        import pandas as pd

        return pd.DataFrame(list(self.rows), columns=list(self.names))

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(name)}</th>" for name in self.names)
        body = "".join(
            f"<tr>{''.join(f'<td>{escape(_text(value))}</td>' for value in row)}</tr>"
            for row in self.rows[:MAX_ROWS]
        )
        more = f"<p>{escape(self._more())}</p>" if self._more() else ""
        return (
            f"<table><caption>{escape(self.title)}</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"
        )

    def __repr__(self) -> str:
        lines = [self.title, *(" | ".join(row) for row in self._lines())]
        return "\n".join(filter(None, [*lines, self._more()]))

    def _lines(self) -> list[list[str]]:
        """Return the cells, those of a column equally wide."""
        values = ([_text(value) for value in row] for row in self.rows[:MAX_ROWS])
        cells = [list(self.names), *values]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        return [
            [text.rjust(width) for text, width in zip(row, widths, strict=True)]
            for row in cells
        ]

    def _more(self) -> str:
        hidden = len(self.rows) - MAX_ROWS
        return f"{hidden} more rows" if hidden > 0 else ""


def result_table(result: Any, kind: str, title: str | None) -> ResultTable:
    """Return the table of a result.

    Args:
        result: A `TableResult` or `GeometryResult` of sigima.
        kind: Which of them: "table" or "geometry".
        title: Its title, None for the result's own.

    Raises:
        TypeError: `result` is none of this kind, or `title` no text.
    """
    if title is not None and not isinstance(title, str):
        raise TypeError(f"title={title!r:.60} must be of type str")
    wanted = {"table": "TableResult", "geometry": "GeometryResult"}[kind]
    # Where sigima has not been imported, nothing is one of its results.
    objects = sys.modules.get("sigima.objects")
    if objects is None or not isinstance(result, getattr(objects, wanted)):
        raise TypeError(
            f"display_{kind}() takes a {wanted} of sigima, "
            f"not a {type(result).__qualname__}"
        )
    title = str(result.title) if title is None else title
    content = result.to_dict()
    if kind == "table":
        return ResultTable(title, [str(n) for n in content["names"]], content["data"])
    rows = content["coords"]
    width = len(rows[0]) if len(rows) else 0
    return ResultTable(title, coordinate_names(str(content["kind"]), width), rows)


def coordinate_names(kind: str, width: int) -> Sequence[str]:
    """Return the names of the coordinates of a geometry, where they are known."""
    names = _COORDINATES.get(kind, ())
    if len(names) == width or not width:
        return names
    # A polygon: x and y of one corner after another.
    return [f"{'xy'[place % 2]}{place // 2}" for place in range(width)]


def _text(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
