"""The files of a run over many objects, opened by the real DataLab."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

import datalab_workspace as dlw
from datalab_workspace.batch.outputs.files import write_outputs
from support.hand_made_runs import HandMadeRun
from support.real_datalab.application import Application

# The first of them may have to make DataLab's environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]


@pytest.fixture
def run(tmp_path: Path) -> HandMadeRun:
    folder = tmp_path / "widths.h5.run"
    folder.mkdir()
    return HandMadeRun(folder, units={"fwhm": "mm"})


def test_datalab_shows_the_table_of_few_items(
    run: HandMadeRun, companion_datalab: Application, tmp_path: Path
) -> None:
    run.add_task([(f"scan_{n}", {"fwhm": n / 3, "shape": "step"}, 1) for n in range(3)])
    run.add_failure("scan_3", ValueError("data holds NaN"))
    write_outputs(run, run.out, keep="objects")

    companion_datalab.rpc.load_h5_workspace([str(run.out)], True)

    titles = companion_datalab.rpc.get_object_titles("signal")
    assert titles == ["fwhm", "scan_0", "scan_1", "scan_2"]
    headers, _, _ = companion_datalab.act("results", "signal")["Results of all items"]
    assert {"item", "fwhm (mm)", "shape", "error"} <= set(headers)
    saved = tmp_path / "saved.h5"
    companion_datalab.rpc.save_to_h5_file(str(saved))
    again, ours = dlw.open(saved), dlw.open(run.out)
    assert again.results("fwhm")["fwhm"][0].unit == "mm"
    assert str(again.results("fwhm")) == str(ours.results("fwhm"))
    values = again.get("fwhm").y.tolist()
    assert values[:3] == [n / 3 for n in range(3)]
    assert math.isnan(values[3])


def test_datalab_shows_the_statistics_of_many_items(
    run: HandMadeRun, companion_datalab: Application
) -> None:
    """The table is too long for DataLab; its statistics are there."""
    run.add_task([(f"scan_{n}", {"fwhm": n / 3, "n": n}, 0) for n in range(10_000)])
    write_outputs(run, run.out, keep="objects")

    companion_datalab.rpc.load_h5_workspace([str(run.out)], True)

    assert companion_datalab.rpc.get_object_titles("signal") == ["fwhm", "n"]
    shown = companion_datalab.act("results", "signal")
    headers, _, (html,) = shown["Statistics of all items"]
    assert {"column", "values", "missing"} <= set(headers)
    assert "fwhm (mm)" in html
