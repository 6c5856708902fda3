"""The objects that are out of date, and their computation on request."""

from __future__ import annotations

import numpy as np
import pytest
import sigima.proc.signal as sps
from sigima.objects import create_signal_roi

import datalab_workspace as dlw
from datalab_workspace.backends.memory import MemoryBackend

X = np.linspace(0.0, 1.0, 200)


@pytest.fixture
def workspace():
    ws = dlw.Workspace(backend=MemoryBackend())
    ws.add("raw", (X, np.sin(9 * X)))
    ws.add("other", (X, np.cos(3 * X)))
    return ws


@pytest.fixture
def chain(workspace):
    """Return the names of three objects, each made from the one before."""
    smooth = workspace.calc("moving_average", on="raw", n=7)
    apart = workspace.calc("difference", on=smooth, with_="other")
    return smooth, apart, workspace.calc("normalize", on=apart)


def test_nothing_is_out_of_date_at_first(workspace, chain, reopened):
    assert reopened().stale() == {}


def test_a_change_spreads(workspace, chain, reopened):
    smooth, apart, final = chain
    workspace["raw"] = (X, np.sin(2 * X))
    assert reopened().stale() == {
        smooth: ["'raw' has changed"],
        apart: [f"{smooth!r} is out of date"],
        final: [f"{apart!r} is out of date"],
    }


def test_a_removed_input_is_named(workspace, chain, reopened):
    _, apart, final = chain
    workspace.remove("other")
    assert reopened().stale() == {
        apart: ["'other' was removed"],
        final: [f"{apart!r} is out of date"],
    }


def test_a_fit_that_is_computed_again_has_new_parameters(workspace):
    workspace.add("line", (X, 3 * X + 1))
    fit = workspace.calc("linear_fit", on="line")
    workspace["line"] = (X, 5 * X + 2)

    assert workspace.recompute(fit) == [fit]
    found = workspace.results(fit)
    assert found["a"][0].value == pytest.approx(5)
    assert found["b"][0].value == pytest.approx(2)


def test_edits_count_if_they_change_what_is_computed(workspace, chain, reopened):
    smooth, *_ = chain
    workspace.edit("raw", metadata={"lamp": 3}, xscalemax=2.0)
    workspace.rename("raw", "first")
    assert reopened().stale() == {}
    workspace.edit("first", xunit="s", roi=create_signal_roi([0.1, 0.4]))
    reasons = reopened().stale()
    assert reasons[smooth] == ["xunit and the regions of interest of 'first' changed"]
    workspace.recompute(smooth)
    assert smooth not in reopened().stale()


def test_an_object_that_was_replaced_by_what_was_made_from_it(workspace):
    name = workspace.calc("normalize", on="raw")
    workspace["raw"] = sps.derivative(workspace.get(name))
    assert workspace.stale() == {}


def test_code_counts_as_well(workspace):
    obj = workspace.get("raw")
    obj.y = np.clip(obj.y, 0, 1)
    workspace.add("clipped", obj)
    workspace["raw"] = (X, np.sin(2 * X))
    assert workspace.stale() == {"clipped": ["'raw' has changed"]}
    with pytest.raises(dlw.NotReplayableError, match="'clipped': Python code made it"):
        workspace.recompute("clipped")


# -- recompute ------------------------------------------------------------------------


def test_recompute_computes_what_is_out_of_date_in_order(workspace, chain, reopened):
    smooth, apart, final = chain
    workspace["raw"] = (X, np.sin(2 * X))
    ws = reopened()
    assert ws.recompute(apart) == [smooth, apart]
    assert ws.stale() == {final: [f"{apart!r} has changed"]}
    assert ws.recompute(final) == [final]
    assert ws.stale() == {}
    expected = sps.normalize(
        sps.difference(sps.moving_average(ws.get("raw"), n=7), ws.get("other"))
    )
    assert np.array_equal(ws.get(final).y, expected.y)
    assert all(ws.replay(name) for name in chain)


def test_nothing_is_computed_without_need(workspace, chain):
    assert workspace.recompute(chain[0]) == []
    assert workspace.recompute("raw") == []


def test_the_object_keeps_all_but_its_data(workspace, chain):
    smooth, *_ = chain
    workspace.edit(smooth, metadata={"note": "mine"}, ylabel="Smooth")
    workspace.calc("fwhm", on=smooth, method="zero-crossing")
    before = workspace.describe(smooth)
    workspace["raw"] = (X, np.sin(2 * X))
    workspace.recompute(smooth)
    after = workspace.describe(smooth)
    assert (after.uuid, after.name, after.group, after.short_id) == (
        before.uuid,
        before.name,
        before.group,
        before.short_id,
    )
    obj = workspace.get(smooth)
    assert (obj.metadata["note"], obj.ylabel) == ("mine", "Smooth")
    assert after.result_count == 0  # they describe the old data


def test_one_undo_takes_it_back(workspace, chain):
    old = [workspace.get(name).y for name in chain]
    workspace["raw"] = (X, np.sin(2 * X))
    workspace.recompute(chain[-1])
    workspace.undo()
    for name, y in zip(chain, old, strict=True):
        assert np.array_equal(workspace.get(name).y, y)
    assert len(workspace.stale()) == 3


def test_a_removed_input_cannot_be_recomputed(workspace, chain):
    _, apart, _ = chain
    workspace.remove("other")
    before = workspace.get(apart).y
    with pytest.raises(dlw.NotReplayableError, match="'other' was removed; add it"):
        workspace.recompute(apart)
    assert np.array_equal(workspace.get(apart).y, before)


def test_a_failure_changes_nothing(workspace):
    name = workspace.calc("fft", on="raw")
    back = workspace.calc("ifft", on=name)
    workspace[name] = (X, np.sin(2 * X))
    with pytest.raises(dlw.NotReplayableError, match=r"cannot recompute .* ifft fails"):
        workspace.recompute(back)
    assert workspace.stale() == {back: [f"{name!r} has changed"]}


def test_an_object_made_from_its_own_earlier_data_cannot_be_recomputed(workspace):
    workspace["raw"] = sps.difference(workspace.get("raw"), workspace.get("other"))
    workspace["other"] = (X, np.sin(5 * X))
    assert workspace.stale() == {"raw": ["'other' has changed"]}
    with pytest.raises(dlw.NotReplayableError, match="replaced by the result"):
        workspace.recompute("raw")


def test_an_edit_after_the_use_is_named_in_a_file_too(workspace, tmp_path):
    smooth = workspace.calc("moving_average", on="raw", n=7)
    slope = workspace.calc("derivative", on=smooth)
    workspace.edit(smooth, xunit="s")
    expected = {slope: [f"xunit of {smooth!r} changed"]}
    assert workspace.stale() == expected
    assert dlw.open(workspace.save(tmp_path / "a.h5")).stale() == expected


def test_an_edit_that_is_undone_after_the_use_counts(workspace):
    workspace.edit("raw", xunit="s")
    slope = sps.derivative(workspace["raw"])
    workspace.undo()
    workspace.add("slope", slope)
    assert workspace.stale() == {"slope": ["xunit of 'raw' changed"]}
