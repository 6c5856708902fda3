"""The columns, warnings and histories of whole runs of chains."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import datalab_workspace as dlw
from datalab_workspace import batch
from tests.workspace.batch.chain_functions import doubled

X = np.linspace(-5, 5, 501)


@pytest.fixture
def source(tmp_path: Path) -> dlw.Workspace:
    """Return the objects of a project, unread."""
    made = dlw.Workspace()
    for number in range(3):
        made.add(f"scan {number}", (X, (2 + number) * np.exp(-(X**2))))
    made.add("background", (X, np.full_like(X, 0.5)))
    made.save(tmp_path / "scans.h5")
    return dlw.open(tmp_path / "scans.h5")


def names(workspace: dlw.Workspace) -> list[str]:
    return [name for name in workspace if name.startswith("scan")]


def run(what: Any, source: dlw.Workspace, **options: Any) -> Any:
    options = {"on": "serial", "workspace": source, **options}
    return batch.map(what, names(source), **options)


def test_the_same_column_of_two_analyses_is_named_after_them(
    source: dlw.Workspace,
) -> None:
    made = run(["fwhm", "fw1e2", "stats"], source)
    table = made.table
    assert "fwhm.length" in str(made)
    assert {"fwhm.length", "fw1e2.length", "mean"} <= {*table.columns}
    assert (table["fwhm.length"] < table["fw1e2.length"]).all()


def test_a_fit_has_its_parameters_as_columns(source: dlw.Workspace) -> None:
    table = run("gaussian_fit", source).table
    assert table["amplitude"].tolist() == pytest.approx([2, 3, 4])
    assert (table["u(sigma)"] < 1e-6).all()


def test_regions_and_rows_have_columns_of_their_own(tmp_path: Path) -> None:
    sigima = pytest.importorskip("sigima")
    signal = sigima.create_signal("two", X, np.exp(-((np.abs(X) - 2) ** 2) * 4))
    signal.roi = sigima.create_signal_roi([[-5, 0], [0, 5]], indices=False)
    made = dlw.Workspace()
    made.add("two", signal)
    table = batch.map("x_at_minmax", made, on="serial").table
    found = [table[f"X@Ymax|{roi}"].item() for roi in ("ROI00", "ROI01")]
    assert found == pytest.approx([-2, 2], abs=0.02)


def test_the_doubts_about_many_results_are_one_warning(source: dlw.Workspace) -> None:
    chain = ("difference", {"with_": "background"})
    background = source.get("background")
    background.yunit = "mV"
    source.add("background", background, overwrite=True)
    for name in names(source):
        signal = source.get(name)
        signal.yunit = "V"
        source.add(name, signal, overwrite=True)
    with pytest.warns(dlw.DoubtfulResultWarning, match="the same for") as caught:
        run(chain, source)
    assert len(caught) == 1
    assert caught[0].filename == __file__


def test_the_history_of_a_result_shows_file_and_chain(
    source: dlw.Workspace, tmp_path: Path
) -> None:
    results = run(["normalize", ("moving_average", {"n": 5})], source).workspace
    text = str(results.history("scan 1"))
    assert "loaded from 'scan 1' in 'scans.h5'" in text
    assert text.index("normalize") < text.index("moving_average")
    assert "n=5" in text
    assert "complete" in text


def test_a_result_of_features_can_be_computed_again_from_its_file(
    source: dlw.Workspace, tmp_path: Path
) -> None:
    out = tmp_path / "out.h5"
    run([("difference", {"with_": "background"}), "normalize"], source, out=out)
    results = dlw.open(out)
    results.load(tmp_path / "scans.h5", on_conflict="rename")
    replay = results.replay("scan 2")
    assert replay.verdict == "identical", replay


def test_the_history_shows_the_function_and_no_secret(
    source: dlw.Workspace,
) -> None:
    results = run(doubled, source).workspace
    (cell,) = results.history("scan 0").cells
    assert "def scaled" in cell.text
    assert "FACTOR = 2" in cell.text
    assert "hunter2" not in cell.text


def test_a_result_does_not_depend_on_the_other_items(
    source: dlw.Workspace, tmp_path: Path
) -> None:
    whole = run("normalize", source).workspace
    alone = batch.map("normalize", "scan 1", workspace=source, on="serial").workspace
    one, other = (each.record("scan 1") for each in (whole, alone))
    assert one.uuid == other.uuid
    assert one.metadata == other.metadata
    assert str(whole.history("scan 1")) == str(alone.history("scan 1"))


def test_a_function_cannot_have_the_columns_of_the_table(
    source: dlw.Workspace,
) -> None:
    def f(_signal: Any) -> dict[str, Any]:
        return {"error": 1.0}

    errors = run(f, source).errors
    assert "another column of the table" in errors["scan 1"].message
