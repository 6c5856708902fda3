"""The table of a run."""

from __future__ import annotations

import csv
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from datalab_workspace.batch.outputs.files import write_outputs
from datalab_workspace.batch.results.table import table_of
from support.hand_made_runs import HandMadeRun

NewRun = Callable[..., HandMadeRun]


def test_rows_are_in_the_order_of_the_items(new_run: NewRun) -> None:
    run = new_run()
    run.units = {"fwhm": "mm", "gone": "s"}
    run.add_task([("b", {"fwhm": 1.5}, 0), ("a", {"fwhm": 2.5, "n": 3}, 0)])
    run.add_failure("c", ValueError("data holds NaN"))

    table = table_of(run)

    assert table.index.name == "item"
    assert list(table.index) == ["b", "a", "c"]
    assert list(table.columns) == ["fwhm", "n", "error"]
    assert table["fwhm"].tolist()[:2] == [1.5, 2.5]
    assert np.isnan(table["fwhm"]["c"])
    assert table["error"].tolist() == [None, None, "ValueError: data holds NaN"]
    assert table.attrs["units"] == {"fwhm": "mm"}


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([1.5, 2.5], "float64"),
        ([1.5, None], "float64"),
        ([1, 2.5], "float64"),
        ([1, 2], "int64"),
        ([1, None], "float64"),
        ([True, False], "bool"),
        ([True, None], "object"),
        ([1 + 2j, 3.0], "complex128"),
        (["low", None], "str"),  # from pandas 3 on
        ([1 << 60, None], "object"),
        ([1 << 60, 2], "int64"),
        ([1 << 70, 2], "object"),
        ([1, "two"], "object"),
        ([(1 << 53) + 1, 0.5], "object"),
    ],
)
def test_no_value_changes_in_a_column(
    new_run: NewRun, values: list[Any], dtype: str
) -> None:
    run = new_run()
    run.add_task([("none", {}, 0)])
    run.add_task([(f"i{n}", {"v": value}, 0) for n, value in enumerate(values)])
    column = table_of(run)["v"].iloc[1:]
    if None not in values:
        run.results.pop(0)
        column = table_of(run)["v"]

    assert str(column.dtype) == dtype or (dtype == "str" and column.dtype == object)
    for value, found in zip(values, column, strict=True):
        missing = value is None
        assert found is None or np.isnan(found) if missing else found == value


def test_the_project_of_each_object(new_run: NewRun) -> None:
    run = new_run()
    run.add_task([(f"i{n}", {"n": n}, 1 if n % 2 else 0) for n in range(403)])

    table = table_of(run, run.out)

    assert table["project"].tolist()[:2] == [None, "widths-objects-001.h5"]
    assert table["project"]["i399"] == "widths-objects-001.h5"
    assert table["project"]["i401"] == "widths-objects-002.h5"
    assert "project" not in table_of(run)


def test_objects_of_an_item_stay_together(new_run: NewRun) -> None:
    run = new_run()
    run.add_task([("many", {}, 150), ("more", {}, 60), ("too many", {}, 450)])

    projects = table_of(run, run.out)["project"].tolist()

    numbers = [int(name.removesuffix(".h5")[-3:]) for name in projects]
    assert numbers == [1, 2, 3]
    names = [path.name for path in write_outputs(run, run.out, keep="objects")]
    assert names[:-2] == [f"widths-objects-00{n}.h5" for n in range(1, 6)]


def test_the_csv_file_has_the_same_table(new_run: NewRun) -> None:
    run = new_run()
    run.add_task([("a,b", {"fwhm": 0.1 + 0.2, "kind": 'say "x"'}, 1), ("c", {}, 1)])
    run.add_failure("d", ValueError("two\nlines"))
    write_outputs(run, run.out, keep="objects")

    with run.out.with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))

    assert rows == [
        ["item", "fwhm", "kind", "error", "project"],
        ["a,b", "0.30000000000000004", 'say "x"', "", "widths.h5"],
        ["c", "", "", "", "widths.h5"],
        ["d", "", "", "ValueError: two\nlines", ""],
    ]
