"""What the recorder of a workspace notes: calls, code, edits, files and copies."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sigima
import sigima.proc.image as spi
import sigima.proc.signal as sps

import datalab_workspace as dlw
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.history import failures
from datalab_workspace.history.recording import identity
from datalab_workspace.history.steps import Code, FileRead, Unknown, closure
from datalab_workspace.model.record import PROCESSING_KEY
from support.recorded_steps import actions, cell, latest, said

# -- what is noted --------------------------------------------------------------------


def test_calc_and_direct_calls_make_one_chain(workspace) -> None:
    name = workspace.calc("moving_average", on="raw", n=5)
    slope = sps.derivative(workspace[name])
    workspace.add("slope", sps.normalize(slope))

    assert actions(workspace, "slope") == [
        "Code", "moving_average", "derivative", "normalize",
    ]  # fmt: skip
    step = latest(workspace, "slope").inputs[0].inputs[0]
    assert step is latest(workspace, name)
    assert step.action.parameters["n"] == 5
    assert step.inputs == (latest(workspace, "raw"),)
    assert step.stored.name == name
    assert step.environment.versions["sigima"] == sigima.__version__
    assert failures.count == 0


def test_code_that_changes_data_is_a_step_of_its_cell(workspace) -> None:
    with cell(3):
        obj = workspace["raw"]
    with cell(4) as fourth:
        obj.y = np.clip(obj.y, 0.0, None)
        workspace.add("clipped", obj)
    with cell(5):
        workspace.add("power", sps.power(obj, power=2.0))

    assert actions(workspace, "power") == ["Code", "Code", "power"]
    step = latest(workspace, "clipped")
    assert (step.action.cell, step.cell) == (fourth, fourth)
    assert step.inputs == (latest(workspace, "raw"),)


def test_code_uses_the_objects_that_its_cell_got(workspace) -> None:
    with cell(1):
        total = workspace["raw"].y[:80] + workspace["short"].y
        workspace.add("sum", total)
    assert {id(step) for step in latest(workspace, "sum").inputs} == {
        id(latest(workspace, "raw")), id(latest(workspace, "short")),
    }  # fmt: skip


def test_code_of_a_script_names_its_line(workspace) -> None:
    workspace.add("made", np.zeros(3))
    action = latest(workspace, "made").action
    assert isinstance(action, Code)
    assert action.script.startswith("test_recorder.py:")


def test_an_object_that_is_only_stored_again_has_the_same_step(workspace) -> None:
    obj = workspace["raw"]
    workspace.add("same", obj)
    assert latest(workspace, "same") is latest(workspace, "raw")


def test_labels_and_regions_that_were_set_are_a_step(workspace) -> None:
    obj = workspace["raw"]
    obj.roi = sigima.create_signal_roi([0.1, 0.5])
    obj.xunit = "s"
    workspace.add("inner", sps.extract_roi(obj, obj.roi.to_params(obj)[0]))
    workspace.add("labelled", obj)
    workspace.edit("short", ylabel="U")

    assert actions(workspace, "inner") == ["Code", "Edit", "extract_roi"]
    edit = latest(workspace, "inner").inputs[0].action
    assert edit.sets_roi
    assert edit.roi["single_rois"]
    assert edit.fields == {"xunit": "s"}
    assert actions(workspace, "labelled") == ["Code", "Edit"]
    assert latest(workspace, "short").action.fields == {"ylabel": "U"}
    assert latest(workspace, "short") is latest(workspace, "short")


def test_display_options_are_no_steps(workspace) -> None:
    workspace.edit("raw", xscalemin=1.0, autoscale=False)
    workspace.rename("raw", "other")
    assert actions(workspace, "other") == ["Code"]


@pytest.mark.filterwarnings("ignore:difference. the signals have different x")
def test_operands_with_other_x_are_the_inputs(workspace) -> None:
    name = workspace.calc("difference", on="raw", with_="short")
    step = latest(workspace, name)
    assert step.action.aligned
    assert step.inputs == (latest(workspace, "raw"), latest(workspace, "short"))
    same = workspace.calc("difference", on="raw", with_="raw")
    assert not latest(workspace, same).action.aligned


def test_masked_values_that_become_nan_are_noted(workspace) -> None:
    masked = np.ma.masked_less(np.arange(400.0).reshape(20, 20), 10)
    workspace.add("masked", masked)
    name = workspace.calc("normalize", on="masked", masked="nan")
    assert latest(workspace, name).action.masked_as_nan


def test_equal_calls_share_an_action(workspace) -> None:
    obj = workspace["raw"]
    for _ in range(3):
        obj = sps.moving_average(obj, n=3)
    workspace.add("smooth", sps.moving_average(obj, n=5))
    calls = [step.action for step in closure(latest(workspace, "smooth"))][1:]
    assert calls[0] is calls[1] is calls[2] is not calls[3]


def test_a_file_is_an_input(workspace, tmp_path: Path) -> None:
    path = tmp_path / "wave.csv"
    np.savetxt(path, np.column_stack([np.arange(9.0), np.arange(9.0)]), delimiter=",")
    (name,) = workspace.read(path)
    read = latest(workspace, name).action
    assert isinstance(read, FileRead)
    assert (read.name, read.reader, read.size) == (
        "wave.csv", "read", path.stat().st_size,
    )  # fmt: skip
    assert read.checksum is not None

    workspace.add("by sigima", sigima.io.read_signal(str(path)))
    assert actions(workspace, "by sigima") == ["FileRead", "Code"]
    assert latest(workspace, "by sigima").inputs[0].action.name == "wave.csv"


def test_an_object_of_an_old_file_names_the_file(workspace, tmp_path: Path) -> None:
    path = workspace.save(tmp_path / "old.h5", history=None)
    workspace.clear()
    for lazy in (False, True):
        again = dlw.Workspace(backend=MemoryBackend())
        again.load(path, lazy=lazy)
        again.add("smooth", sps.moving_average(again["raw"], n=3))
        assert actions(again, "smooth") == ["FileRead", "moving_average"]
        read = latest(again, "raw").action
        assert (read.name, read.reader, read.title) == ("old.h5", "load", "raw")


def test_datalabs_notes_are_steps(workspace) -> None:
    raw = workspace["raw"]
    smooth = workspace.calc("moving_average", on="raw", n=7)
    slope = workspace.calc("derivative", on=smooth)
    expected = latest(workspace, smooth).action.parameters
    for name in (smooth, slope):  # as DataLab leaves them: with its notes alone
        record = workspace._session.backend.record(workspace.describe(name).uuid)
        record.history = None

    assert actions(workspace, slope) == ["Code", "moving_average", "derivative"]
    call = latest(workspace, smooth).action
    assert (call.place, call.parameters) == ("datalab", expected)
    assert latest(workspace, smooth).inputs == (latest(workspace, "raw"),)
    assert raw.title == "raw"


@pytest.mark.parametrize(
    "note",
    [
        {"func_name": "no such feature", "source_uuid": "x"},
        {"func_name": "moving_average", "param_json": '{"n": "many"}'},
        {"func_name": "moving_average", "param_json": "[" * 5000},
        {"func_name": "moving_average", "source_uuids": [3, None]},
        {"func_name": 3},
        "text",
    ],
)
def test_a_damaged_note_of_datalab_does_no_harm(workspace, note: Any) -> None:
    workspace.edit("raw", metadata={PROCESSING_KEY: note})
    workspace._session.backend.record(workspace.describe("raw").uuid).history = None
    step = latest(workspace, "raw")
    assert (
        isinstance(step.action, Unknown)
        or step.action.parameters is None
        or (step.action.operation == "sigima.signal.moving_average")
    )
    assert failures.count == 0


def test_notes_of_datalab_in_a_ring_end(workspace) -> None:
    for name, other in (("raw", "short"), ("short", "raw")):
        note = {
            "func_name": "derivative",
            "source_uuid": workspace.describe(other).uuid,
        }
        workspace.edit(name, metadata={PROCESSING_KEY: note})
        workspace._session.backend.record(workspace.describe(name).uuid).history = None
    assert actions(workspace, "raw")[0] == "Reference"
    assert set(actions(workspace, "raw")[1:]) == {"derivative"}


def test_a_long_chain_of_notes_is_followed(workspace) -> None:
    names = ["raw"]
    for number in range(400):
        names.append(workspace.calc("absolute", on=names[-1]))
        workspace.rename(names[-1], f"absolute {number}")
        names[-1] = f"absolute {number}"
    for name in names[1:]:
        workspace._session.backend.record(workspace.describe(name).uuid).history = None
    assert actions(workspace, names[-1]) == ["Code"] + ["absolute"] * 400


# -- copies ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "duplicate", [lambda obj: obj.copy(), copy.copy, copy.deepcopy]
)
def test_a_copy_is_recognised(workspace, duplicate: Any) -> None:
    for name, smooth in (("raw", sps.normalize), ("spot", spi.normalize)):
        workspace.add(f"{name} 1", duplicate(workspace[name]))
        result = smooth(duplicate(workspace[name]))
        workspace.add(f"{name} 2", duplicate(result))
        assert latest(workspace, f"{name} 1") is latest(workspace, name)
        assert actions(workspace, f"{name} 2") == ["Code", "normalize"]


@pytest.mark.parametrize("duplicate", [lambda obj: obj.copy(), copy.deepcopy])
def test_a_copy_with_one_other_pixel_is_none(workspace, duplicate: Any) -> None:
    changed = duplicate(workspace["spot"])
    before = identity.glance(identity.arrays_of(changed))
    changed.data[3, 5] += 1.0
    assert identity.glance(identity.arrays_of(changed)) == before
    with cell(8):
        workspace.add("other", changed)
    assert latest(workspace, "other") is not latest(workspace, "spot")
    assert said(latest(workspace, "other")) == "Code"
    assert latest(workspace, "other").cell.number == 8


def test_a_pickled_object_has_no_link_and_is_recognised(workspace) -> None:
    obj = pickle.loads(pickle.dumps(workspace["raw"]))
    assert identity.marker_of(obj) is None
    workspace.add("again", obj)
    assert latest(workspace, "again") is latest(workspace, "raw")


def test_a_view_needs_no_look_at_the_data(workspace, monkeypatch) -> None:
    view = workspace.get("spot", copy=False)
    workspace.add("view", view, copy=False)
    record = workspace._session.backend.record(workspace.describe("view").uuid)

    def never(_array: Any) -> bytes:
        raise AssertionError("the data was looked at")

    monkeypatch.setattr(identity, "_sample", never)
    assert workspace._session.recorder.latest(record) is not None
    monkeypatch.undo()
    assert latest(workspace, "view") is latest(workspace, "spot")


def test_nothing_of_it_is_seen(workspace) -> None:
    smooth = workspace.calc("moving_average", on="raw", n=3)
    obj = workspace[smooth]
    assert set(obj.metadata) == {PROCESSING_KEY}
    assert "marker" not in repr(workspace.record(smooth))
    assert workspace.add(smooth, obj) == smooth  # equal, whatever its history


def test_an_equal_object_that_is_added_again_is_the_stored_one(workspace) -> None:
    x = np.linspace(0.0, 1.0, 200)
    made = sigima.create_signal("raw", x, np.sin(9 * x))
    workspace.add("raw", made)
    workspace.add("slope", sps.derivative(made))
    assert latest(workspace, "slope").inputs == (latest(workspace, "raw"),)
