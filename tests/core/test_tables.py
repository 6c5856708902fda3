"""Results of analyses as tables: display, escaping and errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sigima.objects import GeometryResult, KindShape, TableResult

from datalab_kernel_core import Plotter
from datalab_kernel_core.plotter.tables import MAX_ROWS

ATTACK = "<img src=x onerror=alert(1)>"


def table(rows: int = 1, title: str = "counts", cell: Any = 1.25) -> TableResult:
    return TableResult(title, headers=["a", "b"], data=[[cell, 2]] * rows)


def geometry(kind: KindShape, *coords: float) -> GeometryResult:
    return GeometryResult("found", kind, np.array([coords]))


def test_a_table_is_shown_as_html_and_text_and_becomes_a_dataframe(loaded) -> None:
    loaded.ip.user_ns["result"] = table()
    shown = loaded.run("plotter.table(result)")

    data, _ = loaded.ip.display_formatter.format(shown)

    assert "<caption>counts</caption>" in data["text/html"]
    assert "<tr><th>a</th><td>1.25</td></tr>" in data["text/html"]
    assert data["text/plain"].splitlines() == ["counts", "a  1.25", "b     2"]
    assert shown.to_dataframe().to_dict("list") == {"a": [1.25], "b": [2]}


@pytest.mark.parametrize(
    ("kind", "coords", "names"),
    [
        (KindShape.POINT, (1.0, 2.0), "x y"),
        (KindShape.MARKER, (1.0, 2.0), "x y"),
        (KindShape.SEGMENT, (1.0, 2.0, 3.0, 4.0), "x0 y0 x1 y1"),
        (KindShape.RECTANGLE, (1.0, 2.0, 3.0, 4.0), "x y width height"),
        (KindShape.CIRCLE, (1.0, 2.0, 3.0), "x y r"),
        (KindShape.ELLIPSE, (1.0, 2.0, 3.0, 4.0, 0.5), "x y a b theta"),
        (KindShape.POLYGON, (0.0, 0.0, 1.0, 0.0, 1.0, 1.0), "x0 y0 x1 y1 x2 y2"),
    ],
)
def test_the_coordinates_of_each_geometry_are_named(
    plotter, kind: KindShape, coords: tuple[float, ...], names: str
) -> None:
    frame = plotter.table(geometry(kind, *coords)).to_dataframe()

    assert list(frame.columns) == names.split()
    assert frame.iloc[0].tolist() == list(coords)


def test_titles_and_cells_are_escaped(plotter) -> None:
    for shown in (
        plotter.table(table(title=ATTACK, cell=ATTACK)),
        plotter.table(table(), ATTACK),
    ):
        assert "<img" not in shown._repr_html_()
        assert "&lt;img" in shown._repr_html_()


def test_a_long_table_says_how_many_rows_are_not_shown(plotter) -> None:
    shown = plotter.table(table(MAX_ROWS + 5))

    assert "5 more rows" in shown._repr_html_()
    assert "5 more rows" in repr(shown).splitlines()[-1]
    assert len(shown.to_dataframe()) == MAX_ROWS + 5


@pytest.mark.parametrize("what", [None, {"a": []}, 3])
def test_other_values_than_results_are_refused(plotter, what: Any) -> None:
    with pytest.raises(TypeError, match=f"expected a .*, got {type(what).__name__}"):
        plotter.table(what)


def test_a_dictionary_that_is_not_a_result_is_refused(plotter) -> None:
    with pytest.raises(ValueError, match="the result 't' is malformed: 'data'"):
        plotter.table({"title": "t", "names": ["a"]})


def test_a_title_must_be_a_string(plotter) -> None:
    with pytest.raises(TypeError, match="expected a string for title, got 3"):
        plotter.table(table(), 3)


def test_a_wide_table_is_turned_or_cut(plotter: Plotter) -> None:
    names = [f"quantity number {number}" for number in range(20)]
    data = np.arange(80.0).reshape(4, 20).tolist()

    few = plotter.table({"title": "few", "names": names, "data": data})
    many = plotter.table({"title": "many", "names": names, "data": data * 9})

    assert len(repr(few).splitlines()) == 1 + 20
    assert max(map(len, repr(many).splitlines())) <= 120
    html = many._repr_html_()
    assert html.count("<table>") == html.count("<thead>") > 1
    assert html.count("<caption>") == 1
    assert all(html.count(f">{name}<") == 1 for name in names)
