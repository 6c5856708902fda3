"""Results of analyses in a notebook: tables by name, and one name for each region."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sigima.objects import (
    create_image,
    create_image_roi,
    create_signal,
    create_signal_roi,
)

from datalab_kernel_core import Plotter
from datalab_workspace import Results, Workspace

ATTACK = "<img src=x onerror=alert(1)>"


@pytest.fixture
def measured(workspace: Workspace) -> Workspace:
    """A signal with an untitled and a titled region, and a signal without regions."""
    x = np.linspace(-5.0, 5.0, 101)
    peak = create_signal("peak", x, np.exp(-(x**2)), units=("s", "V"))
    peak.roi = create_signal_roi([[-4.0, 0.0], [0.0, 4.0]])
    peak.roi.single_rois[1].title = "falling"
    workspace.add("peak", peak)
    workspace.add("wave", create_signal("wave", x, np.cos(x), units=("s", "V")))
    return workspace


def labels(plot: Any) -> list[str]:
    return [text.get_text() for axes in plot.axes for text in axes.texts]


def test_picture_table_and_results_name_regions_alike(
    measured: Workspace, plotter: Plotter
) -> None:
    measured.calc("stats", on="peak")
    plot = plotter.plot("peak")
    rows = [line.split()[0] for line in repr(plot.tables[0]).splitlines()[3:]]

    assert labels(plot) == ["ROI00", "falling"] == rows
    assert [v.roi for v in measured.results("peak")["max"]] == ["", "ROI00", "falling"]


def test_one_analysis_is_shown_as_a_table(loaded: Any) -> None:
    loaded["workspace"].add("peak", (np.arange(3.0), np.arange(3.0)))
    for feature, first in (("x_at_minmax", "X@Ymin  0"), ("fwhm", "x0    1")):
        result = loaded["workspace"].calc(feature, on="peak")
        data, _ = loaded.ip.display_formatter.format(result)

        assert data["text/plain"].splitlines()[1] == first
        assert "<table>" in data["text/html"]
        assert ATTACK not in data["text/html"]


def test_regions_of_an_image_have_the_names_of_datalab(
    workspace: Workspace, plotter: Plotter
) -> None:
    image = create_image("spots", np.eye(16))
    image.roi = create_image_roi("rectangle", [[0, 0, 8, 8], [8, 8, 8, 8]])
    workspace.add("spots", image)

    titles = [image.roi.get_single_roi_title(index) for index in range(2)]
    assert labels(plotter.plot("spots")) == titles


def test_the_table_below_a_picture_has_units(
    measured: Workspace, plotter: Plotter
) -> None:
    measured.calc("stats", on="wave")
    fit = measured.calc("linear_fit", on="wave")
    stats, line = plotter.plot(["wave", fit]).tables

    assert "max (V)" in stats._repr_html_()
    assert "<th>a (V/s)</th><td>" in line._repr_html_()
    assert " ± " in repr(line)
    assert "u(a)" not in repr(line)
    assert "u(a) (V/s)" in line.to_dataframe().columns


def test_a_fit_of_datalab_has_a_table_below_its_picture(
    measured: Workspace, plotter: Plotter
) -> None:
    fit = measured.get(measured.calc("linear_fit", on="wave"))
    del fit.metadata["Table_linear_fit_dict"]

    (table,) = plotter.plot(fit).tables
    assert repr(table).startswith("Linear fit\n")
    assert "±" not in repr(table)


def test_tables_of_names_and_lists(measured: Workspace, plotter: Plotter) -> None:
    found = measured.calc("stats", on=["peak", "wave"])

    assert plotter.table("wave") == measured.results("wave")
    assert plotter.table(["wave", ["peak"]]) == measured.results(["wave", "peak"])
    assert plotter.table(found) == found.results
    unnamed = plotter.table([found[1], None])
    assert isinstance(unnamed, Results)
    assert unnamed["max"].values.tolist() == [1.0]
    assert "object" not in repr(unnamed)
    with pytest.raises(KeyError, match="did you mean 'wave'"):
        plotter.table("wive")
    with pytest.raises(TypeError, match="expected a GeometryResult or TableResult"):
        plotter.table(["wave", 3])
    with pytest.raises(TypeError, match="title= applies to one result"):
        plotter.table("wave", "Statistics")


@pytest.mark.parametrize("method", ["display_table", "display_geometry"])
def test_the_old_methods_take_names(
    measured: Workspace, plotter: Plotter, method: str
) -> None:
    measured.calc("stats", on="wave")

    with pytest.warns(DeprecationWarning, match=method):
        assert getattr(plotter, method)("wave") == measured.results("wave")


def test_results_are_shown_as_html_and_text(measured: Workspace, loaded) -> None:
    measured.rename("wave", ATTACK)
    measured.calc("stats", on=["peak", ATTACK])
    fit = measured.calc("linear_fit", on=ATTACK)
    data, _ = loaded.ip.display_formatter.format(measured.results())
    html, text = data["text/html"], data["text/plain"]

    assert "<img" not in html
    assert "&lt;img" in html
    assert "Signal statistics" in html
    assert "<th>slope" not in html
    assert "a (V/s)" in html
    assert " ± " in html
    assert text == repr(measured.results())
    several, _ = loaded.ip.display_formatter.format(
        measured.calc("stats", on=["peak", fit])
    )
    # It is too wide for a page, so its rows are object, ROI and the quantities.
    quantities = {
        value.quantity for value in measured.results("peak").select(analysis="stats")
    }
    assert several["text/html"].count("<tr>") == 2 + len(quantities)
    assert several["text/plain"].startswith("Signal statistics [stats]")


def test_no_results_are_shown_as_such(loaded) -> None:
    data, _ = loaded.ip.display_formatter.format(Results())

    assert "no results" in data["text/html"]
    assert data["text/plain"] == "no results"


def test_a_long_table_says_how_many_rows_are_not_shown(
    measured: Workspace, loaded
) -> None:
    rows = [[float(number)] for number in range(100)]
    table = {"title": "many", "names": ["n"], "data": rows, "func_name": "many"}
    measured.edit("wave", metadata={"Table_many_dict": table})
    data, _ = loaded.ip.display_formatter.format(measured.results())

    assert "and 40 more rows" in data["text/html"]
    assert "and 40 more rows" in data["text/plain"]
    assert len(measured.results()) == 100
