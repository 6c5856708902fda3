"""`results()`: all analysis results as one table that names object, ROI and unit."""

from __future__ import annotations

import csv
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sigima.objects import (
    GeometryResult,
    KindShape,
    create_image,
    create_image_roi,
    create_signal,
    create_signal_roi,
)

import datalab_workspace as dlw
from datalab_workspace import Workspace
from datalab_workspace.model.array_reference import ArrayReference
from datalab_workspace.model.units import AxisUnits
from datalab_workspace.result_text import number_text
from datalab_workspace.results_table import ResultList

ATTACK = "<script>alert(1)</script>\x1b[31m"


@pytest.fixture
def workspace() -> Workspace:
    """A signal "peak" with two regions, a signal "wave", and an image "spot"."""
    workspace = Workspace()
    x = np.linspace(-5.0, 5.0, 201)
    peak = create_signal("peak", x, np.exp(-(x**2)), units=("s", "V"))
    peak.roi = create_signal_roi([[-4.0, 0.0], [0.0, 4.0]])
    peak.roi.single_rois[1].title = "falling"
    workspace.add("peak", peak)
    wave = create_signal("wave", x, np.cos(x), units=("ms", "mV"))
    workspace.add("wave", wave)
    rows, columns = np.mgrid[:24, :32]
    glow = np.exp(-((columns - 12) ** 2 + (rows - 9) ** 2) / 20)
    workspace.add("spot", create_image("spot", glow, units=("mm", "mm", "counts")))
    return workspace


def geometry(workspace: Workspace, name: str, kind: KindShape, *rows: Any) -> None:
    """Store a geometry result in an object."""
    result = GeometryResult("found", kind, np.array(rows, float), func_name="found")
    workspace.edit(name, metadata={"Geometry_found_dict": result.to_dict()})


def test_a_table_names_object_region_and_unit(workspace: Workspace) -> None:
    table = workspace.calc("stats", on="peak")
    workspace.calc("stats", on=["wave", "spot"])
    results = workspace.results()

    means = results["mean"]
    assert [(v.object, v.kind, v.roi, v.unit) for v in means] == [
        ("peak", "signal", "", "V"),
        ("peak", "signal", "ROI00", "V"),
        ("peak", "signal", "falling", "V"),
        ("wave", "signal", "", "mV"),
        ("spot", "image", "", "counts"),
    ]
    assert means.values[:3].tolist() == table["mean"]
    assert results["trapz"][0].unit == "V·s"
    assert results["snr"][0].unit == ""


def test_the_results_of_one_object_of_several_and_of_all(workspace: Workspace) -> None:
    fits = workspace.calc("linear_fit", on=["peak", "wave"])
    workspace.calc("stats", on="peak")

    def objects(names: Any) -> list[str]:
        return list(dict.fromkeys(v.object for v in workspace.results(names)))

    assert objects("peak") == ["peak"]
    assert objects("s001") == ["peak"]
    assert objects(["peak", fits]) == ["peak", *fits]
    assert objects([fits[1], [fits[0]], fits[1]]) == [fits[1], fits[0]]
    assert objects(None) == ["peak", *fits]
    assert objects("wave") == objects([]) == []


def test_a_wrong_name_and_a_wrong_type(workspace: Workspace) -> None:
    with pytest.raises(KeyError, match="did you mean 'peak'"):
        workspace.results("peek")
    for wrong in (3, workspace.get("peak"), ["peak", 3]):
        with pytest.raises(TypeError, match="expected the name, UUID or short id"):
            workspace.results(wrong)


@pytest.mark.parametrize(
    ("kind", "row", "expected"),
    [
        (KindShape.POINT, (1, 2), {"x": "s", "y": "V"}),
        (KindShape.MARKER, (1, np.nan), {"x": "s", "y": "V"}),
        (KindShape.SEGMENT, (1, 2, 4, 2), {"length": "s", "x0": "s", "y1": "V"}),
        (KindShape.SEGMENT, (1, 2, 1, 6), {"length": "V"}),
        (KindShape.SEGMENT, (1, 2, 4, 6), {"length": ""}),
        (KindShape.RECTANGLE, (1, 2, 3, 4), {"x": "s", "width": "s", "height": "V"}),
        (KindShape.CIRCLE, (1, 2, 3), {"x": "s", "r": ""}),
        (KindShape.ELLIPSE, (1, 2, 3, 4, 0.5), {"a": "", "theta": "rad"}),
        (KindShape.POLYGON, (0, 0, 1, 0, 1, 1), {"x0": "s", "y2": "V"}),
    ],
)
def test_coordinates_have_the_units_of_their_axes(
    workspace: Workspace, kind: KindShape, row: Any, expected: dict[str, str]
) -> None:
    geometry(workspace, "peak", kind, row)

    units = {value.quantity: value.unit for value in workspace.results("peak")}
    assert expected.items() <= units.items()


def test_a_radius_has_the_unit_that_both_axes_have(workspace: Workspace) -> None:
    workspace.calc("enclosing_circle", on="spot")

    units = {value.quantity: value.unit for value in workspace.results("spot")}
    assert units == {"x": "mm", "y": "mm", "r": "mm"}


def test_the_length_of_a_segment_is_that_of_sigima(workspace: Workspace) -> None:
    x = np.linspace(-5.0, 5.0, 201)
    workspace.add("single", (x, np.exp(-(x**2))))
    found = workspace.calc("fwhm", on="single")

    lengths = workspace.results("single")["length"].values
    np.testing.assert_allclose(lengths, found.value)


def test_polygons_with_fewer_corners_are_not_padded(workspace: Workspace) -> None:
    rows = (0, 0, 1, 0, 1, 1), (2, 2, 3, 3, np.nan, np.nan)
    geometry(workspace, "spot", KindShape.POLYGON, *rows)

    results = workspace.results("spot")
    assert [v.quantity for v in results if v.row == 1] == ["x0", "y0", "x1", "y1"]


def test_several_rows_of_a_region_are_numbered(workspace: Workspace) -> None:
    x = np.linspace(0, 10, 500)
    obj = create_signal("lines", x, np.sin(x * 3) ** 2, units=("nm", ""))
    obj.xlabel = "wavelength"
    workspace.add("lines", obj)
    workspace.calc("extract_peak_positions", on="lines")
    results = workspace.results("lines")

    positions = results["wavelength"]
    assert len(positions) > 5
    assert [value.row for value in positions] == list(range(len(positions)))
    assert {value.unit for value in positions} == {"nm"}


@pytest.mark.parametrize(
    ("units", "dimension", "expected"),
    [
        (("s", "V"), (-1, 0), "1/s"),
        (("s", "V"), "frequency", "Hz"),
        (("nm", "V"), "frequency", "1/nm"),
        (("", "V"), (-1, 1), ""),
        (("s", ""), (-1, 1), ""),
        (("m/s", "V"), (-2, 1), "V/(m/s)²"),
        (("s", "m/s"), (1, 1), "(m/s)·s"),
        (("s", "V"), (-12, 1), "V/s¹²"),
        (("10³ px²", "V"), (1, 0), "10³ px²"),
        (("s", "V"), "rad", "rad"),
    ],
)
def test_composed_units(units: Any, dimension: Any, expected: str) -> None:
    assert AxisUnits("signal", *units, "").unit(dimension) == expected


@pytest.mark.parametrize(
    ("value", "spread", "expected"),
    [
        (3.00812, 0.01234, "3.008 ± 0.012"),
        (1234.5, 25.0, "1234 ± 25"),
        (2.0, None, "2"),
        (2.0, np.nan, "2"),
        (1.5e-9, 2e-11, "(1.500 ± 0.020)e-9"),
        (6.02e23, 1e20, "(6.0200 ± 0.0010)e23"),
        (0.0, 0.5, "0.00 ± 0.50"),
        (1.0, np.inf, "1"),
    ],
)
def test_a_value_with_its_uncertainty(value: Any, spread: Any, expected: str) -> None:
    assert number_text(value, spread) == expected


def test_values_are_selected_by_their_properties(workspace: Workspace) -> None:
    workspace.calc("stats", on=["peak", "wave"])
    workspace.calc("x_at_minmax", on="peak")
    results = workspace.results()

    some = results.select(object="peak", analysis="stats", roi="falling")
    assert {v.quantity for v in some} >= {"min", "max"}
    assert results["X@Ymax"] == results.select(quantity="X@Ymax")
    assert isinstance(results[:2], dlw.Results)
    assert results[0].quantity == "min"
    with pytest.raises(KeyError, match="quantity 'meen'; there are 'min', 'max'"):
        results["meen"]
    with pytest.raises(KeyError, match="object 'x'; there are none"):
        dlw.Results().select(object="x")
    with pytest.raises(TypeError, match="did you mean 'quantity'"):
        results.select(quantiti="X@Ymax")


def test_the_long_and_the_wide_frame(workspace: Workspace) -> None:
    workspace.calc("stats", on=["peak", "wave"])
    fit = workspace.calc("linear_fit", on="wave")
    long = workspace.results(["peak", "wave"]).to_dataframe()
    wide = workspace.results(["peak", "wave"]).to_dataframe(wide=True)
    fits = workspace.results(fit).to_dataframe(wide=True)

    assert list(long.columns) == [
        *("object", "kind", "analysis", "title", "roi", "row"),
        *("quantity", "value", "uncertainty", "unit"),
    ]
    assert long.value.dtype == long.uncertainty.dtype == float
    assert wide.index.names == ["object", "roi", "row"]
    # Values in different units are in different columns.
    assert np.isnan(wide["max (V)"]["wave", "", 0])
    assert wide["max (V)"]["peak", "falling", 0] == 1.0
    assert wide["max (mV)"]["wave", "", 0] == 1.0
    assert {"b (mV)", "u(b) (mV)"} <= set(fits.columns)


def test_a_wide_frame_of_several_analyses_says_which(workspace: Workspace) -> None:
    workspace.calc("stats", on="wave")
    workspace.calc("x_at_minmax", on="wave")

    wide = workspace.results().to_dataframe(wide=True)
    assert {"stats: max (mV)", "x_at_minmax: X@Ymax (ms)"} <= set(wide.columns)
    assert len(wide) == 1


def test_a_csv_file(workspace: Workspace, tmp_path: Path) -> None:
    workspace.calc("stats", on=["peak", "wave"])
    results, path = workspace.results(), tmp_path / "é.csv"
    assert results.to_csv(path) == path

    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["value"]) for row in rows] == results.values.tolist()
    assert rows[0]["unit"] == "V"
    with pytest.raises(FileExistsError, match="exists"):
        results.to_csv(path)
    results.to_csv(path, wide=True, overwrite=True)
    assert path.read_text("utf-8").startswith("object,roi,row,min (V),max (V)")


def test_a_csv_file_cannot_be_written_without_its_folder(
    workspace: Workspace, tmp_path: Path
) -> None:
    with pytest.raises(FileNotFoundError):
        workspace.results().to_csv(tmp_path / "nowhere" / "r.csv")


def test_a_wide_table_shows_its_rows_as_columns(workspace: Workspace) -> None:
    workspace.calc("extract_pulse_features", on="peak")
    results = workspace.results()
    lines = repr(results).splitlines()[1:]

    assert lines[0].split()[:2] == ["object", "peak"]
    assert {line.split()[0] for line in lines} >= {"ROI", "amplitude", "x50"}
    assert max(map(len, lines)) <= 120


def test_the_repr_is_a_table_for_each_analysis(workspace: Workspace) -> None:
    assert repr(workspace.results()) == "no results"
    workspace.calc("x_at_minmax", on="wave")
    assert repr(workspace.results()).splitlines() == [
        "X at min/max [x_at_minmax]",
        "object       wave",
        "X@Ymin (ms)  -3.15",
        "X@Ymax (ms)  0",
    ]
    workspace.calc("x_at_minmax", on="peak")
    head, *lines = repr(workspace.results()).splitlines()[1:]
    # The unit is in the heading only where all objects have the same.
    assert head.split() == ["object", "ROI", "X@Ymin", "X@Ymax"]
    assert [line.split()[:2] for line in lines[1:3]] == [
        ["peak", "ROI00"],
        ["peak", "falling"],
    ]
    assert lines[0].split()[2::2] == ["s", "s"]
    assert lines[-1].split() == ["wave", "-3.15", "ms", "0", "ms"]


def test_a_wide_table_is_cut_into_narrow_ones(workspace: Workspace) -> None:
    x = np.linspace(0, 1, 50)
    for number in range(12):
        name = f"a measurement with a name, number {number}"
        workspace.add(create_signal(name, x, np.sin(x), units=("s", "counts")))
    workspace.calc("stats", on=workspace.list("signal")[-12:])

    lines = repr(workspace.results()).splitlines()

    assert max(map(len, lines)) <= 120
    heads = [line.split()[1:] for line in lines if line.startswith("object")]
    assert len(heads) == 2
    quantities = [word for head in heads for word in head if word[0] != "("]
    assert len(quantities) == len({v.quantity for v in workspace.results()})
    assert sum("number 11" in line for line in lines) == 2


def test_control_characters_do_not_reach_the_terminal(workspace: Workspace) -> None:
    geometry(workspace, "peak", KindShape.POINT, (1, 2), (3, 4))
    workspace.edit("peak", xunit=ATTACK)

    assert "\x1b" not in repr(workspace.results("peak"))


def test_a_malformed_result_is_reported_and_left_out(workspace: Workspace) -> None:
    workspace.calc("x_at_minmax", on="peak")
    bad = {"title": "bad", "names": ["a"], "data": [[1.0, 2.0]], "func_name": "f"}
    workspace.edit("peak", metadata={"Table_f_dict": bad, "Table_g_dict": "text"})

    with pytest.warns(UserWarning, match="'peak'.*malformed.*left out"):
        results = workspace.results()

    assert {value.analysis for value in results} == {"x_at_minmax"}


def test_a_region_that_was_removed_keeps_datalabs_name(workspace: Workspace) -> None:
    workspace.calc("stats", on="peak")
    obj = workspace.get("peak")
    obj.roi = None
    workspace.add("peak", obj, overwrite=True)

    regions = dict.fromkeys(v.roi for v in workspace.results("peak"))
    assert list(regions) == ["", "ROI00", "ROI01"]


def test_regions_of_one_title_are_told_apart(workspace: Workspace) -> None:
    obj = workspace.get("spot")
    obj.roi = create_image_roi("rectangle", [[0, 0, 8, 8], [8, 8, 8, 8]])
    for single in obj.roi.single_rois:
        single.title = "cell"
    workspace.add("cells", obj)
    workspace.calc("stats", on="cells")

    regions = dict.fromkeys(v.roi for v in workspace.results("cells"))
    assert list(regions) == ["", "cell (ROI00)", "cell (ROI01)"]


def test_no_array_of_a_file_is_read(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.calc("stats", on="spot")
    expected = workspace.results()
    opened = dlw.open(workspace.save(tmp_path / "project.h5"))

    def read(self: ArrayReference, *_: Any) -> None:
        raise AssertionError("an array was read")

    monkeypatch.setattr(ArrayReference, "read", read)
    assert opened.results() == expected


def test_several_analyses_are_a_list_that_shows_tables(workspace: Workspace) -> None:
    found = workspace.calc("stats", on=["peak", "wave"])

    assert isinstance(found, list)
    assert [table["max"][0] for table in found] == [1.0, 1.0]
    assert repr(found).startswith("Signal statistics [stats]\nobject")
    assert found.results == workspace.results(["peak", "wave"])
    assert len(found.to_dataframe(wide=True)) == 4
    again = pickle.loads(pickle.dumps(found))
    assert isinstance(again, ResultList)
    assert again.results == found.results


def test_a_list_without_results_is_a_plain_list(workspace: Workspace) -> None:
    workspace.add("flat", np.ones(20))

    assert repr(workspace.calc("bandwidth_3db", on=["flat"])) == "[None]"
