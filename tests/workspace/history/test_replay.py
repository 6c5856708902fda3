"""Replays: objects are made again from their inputs, and compared."""

from __future__ import annotations

import numpy as np
import pytest
import sigima.proc.image as spi
import sigima.proc.signal as sps
from sigima.objects import create_image_roi, create_signal_roi

import datalab_workspace as dlw
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.history import environment
from datalab_workspace.history.replay.verdict import Verdict
from datalab_workspace.history.steps import Environment, RecordHistory, Step

X = np.linspace(0.0, 1.0, 200)


@pytest.fixture
def workspace():
    ws = dlw.Workspace(backend=MemoryBackend())
    ws.add("raw", (X, np.sin(9 * X)))
    ws.add("dark", (X[:100], X[:100] ** 2))
    ws.add("spot", np.arange(120.0).reshape(10, 12) ** 0.5)
    return ws


def recorded(workspace, name):
    """Return the history of an object as its record has it."""
    workspace.history(name)
    return workspace.record(name).history


@pytest.mark.filterwarnings("ignore:difference. the signals have different x")
def test_a_chain_of_calc_is_identical(workspace, reopened):
    smooth = workspace.calc("moving_average", on="raw", n=7)
    apart = workspace.calc("difference", on=smooth, with_="dark")
    final = workspace.calc("fft", on=apart)
    found = reopened().replay(final)
    assert found.verdict is Verdict.IDENTICAL
    assert found
    assert (found.steps, found.inputs) == (3, ("raw", "dark"))
    assert found.largest is None
    assert str(found).startswith(f"{final}: identical (3 steps, ")
    assert "sigima" in str(found)
    assert repr(found.obj.x) == repr(workspace.get(final).x)


def test_direct_calls_of_sigima_are_identical(workspace, reopened):
    obj = sps.normalize(sps.derivative(workspace.get("raw")), method="energy")
    workspace.add("slope", obj)
    found = reopened().replay("slope")
    assert (found.verdict, found.steps, found.inputs) == ("identical", 2, ("raw",))


def test_a_replay_changes_nothing(workspace):
    name = workspace.calc("normalize", on="raw")
    events = []
    workspace.on_change(events.append)
    backend = workspace._session.backend
    before = [(e.uuid, backend.record(e.uuid).version) for e in backend.entries()]
    assert workspace.replay(name)
    assert events == []
    assert before == [
        (e.uuid, backend.record(e.uuid).version) for e in backend.entries()
    ]
    assert len(workspace.history(name).steps) == 1


def test_names_uuids_and_short_ids_are_taken(workspace):
    name = workspace.calc("normalize", on="raw")
    uuid = workspace.describe(name).uuid
    assert {workspace.replay(n).name for n in (name, uuid, "s003")} == {name}
    with pytest.raises(KeyError, match="nothing"):
        workspace.replay("nothing")


def test_an_input_says_that_nothing_computed_it(workspace):
    found = workspace.replay("raw")
    assert (found.verdict, bool(found)) == (Verdict.NOT_REPLAYABLE, False)
    assert "Python code made it" in found.reason


# -- edits ----------------------------------------------------------------------------


def test_regions_and_labels_are_steps(workspace, reopened):
    workspace.edit("spot", roi=create_image_roi("rectangle", [2, 2, 5, 4]))
    name = workspace.calc("normalize", on="spot")
    workspace.edit(name, xlabel="Position", xunit="mm")
    found = reopened().replay(name)
    assert (found.verdict, found.steps) == ("identical", 3)


def test_merged_regions_of_an_object_that_was_never_stored_are_kept(
    workspace, reopened
):
    regions = create_signal_roi([0.1, 0.5])
    workspace.edit("raw", roi=regions)
    both = sps.addition([workspace["raw"], workspace["raw"]])
    workspace["sum"] = sps.addition([both, both])
    found = reopened()
    assert found.replay("sum").verdict == "identical", found.replay("sum")

    workspace["raw"] = sps.derivative(workspace["raw"])
    workspace.edit("raw", roi=regions)
    assert workspace.recompute("sum") == ["sum"]
    assert workspace.replay("sum").verdict == "identical", workspace.replay("sum")


def test_an_input_that_was_edited_since_is_taken_as_it_was(workspace, reopened):
    name = workspace.calc("normalize", on="spot")
    workspace.edit("spot", roi=create_image_roi("rectangle", [2, 2, 5, 4]), x0=7.0)
    workspace.history("spot")
    workspace.edit("spot", roi=None, xlabel="Position")
    found = reopened().replay(name)
    assert (found.verdict, found.inputs) == ("identical", ("spot",))


def test_a_region_set_on_an_object_is_a_step(workspace, reopened):
    obj = workspace.get("spot")
    obj.roi = create_image_roi("circle", [5, 5, 3])
    workspace.add("inner", spi.gaussian_filter(obj, sigma=1.0))
    found = reopened().replay("inner")
    assert (found.verdict, found.steps) == ("identical", 2)


# -- inputs that are not there --------------------------------------------------------


def test_a_later_object_serves_where_an_input_is_gone(workspace, reopened):
    smooth = workspace.calc("moving_average", on="raw", n=7)
    final = workspace.calc("fft", on=smooth)
    workspace["raw"] = (X, np.cos(X))
    ws = reopened()
    assert ws.replay(smooth).verdict is Verdict.NOT_REPLAYABLE
    assert "'raw'" in ws.replay(smooth).reason
    found = ws.replay(final)
    assert (found.verdict, found.steps, found.inputs) == ("identical", 1, (smooth,))


def test_a_removed_input_is_named(workspace):
    name = workspace.calc("normalize", on="raw")
    workspace.remove("raw")
    found = workspace.replay(name)
    assert (found.verdict, found.reason) == ("not replayable", "'raw' was removed")


def test_an_object_that_was_overwritten_by_its_own_result(workspace):
    workspace["raw"] = sps.normalize(workspace.get("raw"))
    found = workspace.replay("raw")
    assert found.verdict is Verdict.NOT_REPLAYABLE


def test_an_undone_change_is_no_change(workspace):
    name = workspace.calc("normalize", on="raw")
    workspace["raw"] = (X, np.cos(X))
    assert not workspace.replay(name)
    workspace.undo()
    assert workspace.replay(name)


# -- random values, and failures ------------------------------------------------------


@pytest.mark.filterwarnings("ignore:Checking NormalDistribution.*seed")
def test_noise_without_a_seed_is_random_and_what_follows_is_not(workspace, reopened):
    noisy = sps.add_gaussian_noise(workspace.get("raw"), seed=None)
    workspace.add("noisy", noisy)
    name = workspace.calc("moving_average", on="noisy", n=5)
    workspace.add("unseen", sps.normalize(sps.add_gaussian_noise(noisy, seed=None)))
    ws = reopened()
    assert ws.replay("noisy").verdict is Verdict.RANDOM
    assert "its seed is None" in str(ws.replay("noisy"))
    assert (ws.replay(name).verdict, ws.replay(name).inputs) == (
        "identical",
        ("noisy",),
    )
    assert ws.replay("unseen").verdict is Verdict.RANDOM


def test_noise_with_a_seed_is_identical(workspace, reopened):
    name = workspace.calc("add_gaussian_noise", on="raw", seed=3)
    assert reopened().replay(name).verdict is Verdict.IDENTICAL


def test_masked_values_replaced_by_nan_are_replaced_again(workspace, reopened):
    data = np.ma.MaskedArray(np.arange(48.0).reshape(6, 8), mask=False)
    data[2, 3] = np.ma.masked
    workspace.add("masked", data)
    name = workspace.calc("gaussian_filter", on="masked", sigma=1.0, masked="nan")
    assert reopened().replay(name).verdict is Verdict.IDENTICAL


def test_global_options_are_applied_again(workspace, reopened):
    from sigima.config import options

    option = options.auto_normalize_kernel
    with option.context(not option.get()):
        name = workspace.calc("convolution", on="raw", with_="raw")
    assert reopened().replay(name).verdict is Verdict.IDENTICAL


# -- differences ----------------------------------------------------------------------


def forged(workspace, name, change, versions=None):
    """Change the data of an object behind the back of its history."""
    history = recorded(workspace, name)
    record = workspace.record(name).copy()
    change(record.array("xydata"))
    step = history.step
    if versions is not None:
        here = {**environment.here().versions, **versions}
        step = Step(step.action, step.inputs, None, Environment(here), step.stored)
    record.history = RecordHistory(step, record.fields, history.roi)
    with workspace._session.transaction() as transaction:
        transaction.replace(record)


def test_one_bit_is_different_here_and_within_the_tolerance_elsewhere(workspace):
    name = workspace.calc("fft", on="raw")

    def one_bit(array):
        array[1, 7] = np.nextafter(array[1, 7].real, 9.0) + 1j * array[1, 7].imag

    forged(workspace, name, one_bit)
    found = workspace.replay(name)
    assert (found.verdict, bool(found)) == (Verdict.DIFFERENT, False)
    assert 0 < found.largest < 1e-12
    assert found.allowed == (0.0, 0.0)
    assert "DIFFERENT, by up to" in str(found)

    forged(workspace, name, lambda array: None, {"sigima": "1.9.9"})
    found = workspace.replay(name)
    assert (found.verdict, bool(found)) == (Verdict.WITHIN_TOLERANCE, True)
    assert found.allowed[0] > found.largest
    assert "sigima 1.9.9 recorded" in str(found)


def test_more_than_the_tolerance_is_different_elsewhere(workspace):
    name = workspace.calc("fft", on="raw")
    forged(workspace, name, lambda a: a.__setitem__((1, 7), 3), {"numpy": "1.20"})
    found = workspace.replay(name)
    assert found.verdict is Verdict.DIFFERENT
    assert found.largest > 1
    assert "(allowed" in found.reason


def test_the_first_object_that_is_different_is_named(workspace):
    smooth = workspace.calc("moving_average", on="raw", n=7)
    slope = workspace.calc("derivative", on=smooth)
    final = workspace.calc("normalize", on=slope)
    forged(workspace, smooth, lambda array: array.__setitem__((1, 50), 2.0))
    assert workspace.replay(smooth).verdict is Verdict.DIFFERENT
    found = workspace.replay(final)
    assert (found.verdict, found.differs_from) == (Verdict.IDENTICAL, smooth)
    assert f"{smooth!r} on the way is different already" in str(found)


def test_labels_count_and_titles_do_not(workspace):
    name = workspace.calc("normalize", on="raw")
    workspace.rename(name, "scaled")
    assert workspace.replay("scaled").verdict is Verdict.IDENTICAL
    record = workspace.record("scaled").copy()
    history = recorded(workspace, "scaled")
    record.fields["xunit"] = "km"
    record.history = RecordHistory(history.step, record.fields, history.roi)
    with workspace._session.transaction() as transaction:
        transaction.replace(record)
    found = workspace.replay("scaled")
    assert (found.verdict, found.reason) == (Verdict.DIFFERENT, "xunit differs")


# -- analyses -------------------------------------------------------------------------


def test_results_of_analyses_are_verified(workspace, reopened):
    workspace.calc("centroid", on="spot")
    workspace.calc("fwhm", on="raw", method="zero-crossing")
    ws = reopened()
    assert ws.replay("spot").results == {"centroid": Verdict.IDENTICAL}
    assert ws.replay("raw").results == {"fwhm": Verdict.IDENTICAL}
    assert "fwhm identical" in str(ws.replay("raw"))
    ws.edit("spot", roi=create_image_roi("rectangle", [2, 2, 5, 4]))
    assert ws.replay("spot").results == {"centroid": Verdict.DIFFERENT}


def test_results_that_belong_to_an_input_are_not_compared(workspace, reopened):
    workspace.calc("fwhm", on="raw", method="zero-crossing")
    slope = sps.derivative(workspace.get("raw"))
    assert any("fwhm" in key for key in slope.metadata), "sigima has copied the result"
    workspace.add("slope", slope)
    ws = reopened()
    assert ws.replay("slope").results == {}
    assert ws.replay("raw").results == {"fwhm": Verdict.IDENTICAL}


def test_a_long_loop_is_replayed_without_recursion(workspace):
    obj = workspace.get("raw")
    for _ in range(1500):
        obj = sps.moving_average(obj, n=3)
    workspace.add("smooth", obj)
    found = workspace.replay("smooth")
    assert (found.verdict, found.steps) == ("identical", 1500)
