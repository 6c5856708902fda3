"""What the recorder of a workspace notes, and what it must not claim."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sigima
import sigima.proc.image as spi
import sigima.proc.signal as sps

import datalab_workspace as dlw
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.history import bounds, identity, observer, running_cell
from datalab_workspace.history.steps import (
    Call,
    Cell,
    Code,
    FileRead,
    Step,
    Unknown,
    closure,
)
from datalab_workspace.model.record import PROCESSING_KEY

#: More than a glance looks at completely.
LARGE = (512, 512)


@pytest.fixture
def workspace() -> dlw.Workspace:
    """A workspace with the signals "raw" and "short", and the image "spot"."""
    made = dlw.Workspace(backend=MemoryBackend())
    x = np.linspace(0.0, 1.0, 200)
    made.add("raw", sigima.create_signal("raw", x, np.sin(9 * x)))
    made.add("short", sigima.create_signal("short", x[:80], x[:80]))
    made.add("spot", np.arange(float(np.prod(LARGE))).reshape(LARGE))
    return made


@contextmanager
def cell(number: int) -> Iterator[Cell]:
    """Run code as a cell of a notebook."""
    running = running_cell.begin(number, "some code")
    try:
        yield running
    finally:
        running_cell.end(running)


def latest(workspace: dlw.Workspace, name: str) -> Step:
    """Return the latest step of an object."""
    session = workspace._session
    session.recorder.settle()
    record = session.backend.record(session.names.uuid_of(name))
    return session.recorder.latest(record)


def actions(workspace: dlw.Workspace, name: str) -> list[Any]:
    """Return the features and the types of other actions, each after its inputs."""
    return [said(step) for step in closure(latest(workspace, name))]


def said(step: Step) -> str:
    """Return the feature of a step, or the type of its action."""
    action = step.action
    if isinstance(action, Call):
        return action.operation.rpartition(".")[2]
    return type(action).__name__


def no_failures() -> bool:
    """Return whether everything could be noted since the test began."""
    return observer.failures == 0


@pytest.fixture(autouse=True)
def failures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count the failures of each test by itself."""
    monkeypatch.setattr(observer, "failures", 0)


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
    assert no_failures()


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
    assert no_failures()


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


# -- what may go wrong ----------------------------------------------------------------


def test_an_error_of_the_observer_breaks_no_call(workspace, monkeypatch) -> None:
    def fail(*_args: Any, **_kwargs: Any) -> None:
        raise ZeroDivisionError("on purpose")

    obj, expected = workspace["raw"], sps.derivative(workspace["raw"])
    with monkeypatch.context() as patched:
        for module, name in ((observer, "step_of"), (observer, "link_result")):
            with patched.context() as one:
                one.setattr(module, name, fail)
                assert np.array_equal(sps.derivative(obj).y, expected.y)
        patched.setattr(running_cell, "current", fail)
        workspace.add("more", workspace["raw"])
        name = workspace.calc("derivative", on="raw")
    assert np.array_equal(workspace[name].y, expected.y)
    assert observer.failures >= 4
    notes = " ".join(workspace.status().notes)
    assert f"{observer.failures} steps of histories could not be noted" in notes
    assert "ZeroDivisionError: on purpose" in notes


def test_a_call_that_fails_leaves_nothing(workspace) -> None:
    obj = workspace["raw"]
    with pytest.raises(ZeroDivisionError), observer.silenced():
        raise ZeroDivisionError
    with pytest.raises(Exception, match=r"."):
        sps.moving_average(obj, n=-1)
    workspace.add("slope", sps.derivative(obj))
    assert actions(workspace, "slope") == ["Code", "derivative"]


def test_another_observer_sees_the_calls_as_well(workspace) -> None:
    from sigima.proc.decorator import observe_calls

    seen: list[str] = []
    results: list[Any] = []

    def theirs(function: Any, _arguments: Any) -> Any:
        seen.append(function.__name__)
        return results.append

    with observe_calls(theirs):
        obj = workspace["raw"]
        workspace.add("slope", sps.derivative(obj))
    workspace.add("again", sps.normalize(workspace["slope"]))
    assert seen == ["derivative"]
    assert len(results) == 1
    assert actions(workspace, "again") == ["Code", "derivative", "normalize"]


def test_what_another_observer_hides_is_code(workspace) -> None:
    from sigima.proc.decorator import observe_calls

    obj = workspace["raw"]
    with observe_calls(lambda *_: None), cell(1):
        # It began after the last call of the workspace.
        slope = sps.derivative(obj)
    with cell(2):
        workspace.add("slope", slope)
    assert said(latest(workspace, "slope")) in ("Code", "derivative")


def test_calls_of_threads_are_seen_if_they_get_their_objects(workspace) -> None:
    def task(name: str) -> Any:
        return sps.derivative(workspace[name])

    with cell(4), ThreadPoolExecutor(2) as pool:
        for number, result in enumerate(pool.map(task, ["raw", "short"])):
            workspace.add(f"slope {number}", result)
    assert actions(workspace, "slope 0") == ["Code", "derivative"]
    assert latest(workspace, "slope 1").inputs == (latest(workspace, "short"),)


def test_what_a_thread_computes_unseen_is_code(workspace) -> None:
    with cell(4):
        obj = workspace["raw"]
        with ThreadPoolExecutor(1) as pool:
            workspace.add("slope", pool.submit(sps.derivative, obj).result())
    step = latest(workspace, "slope")
    assert said(step) == "Code"
    assert step.cell.number == 4
    assert step.inputs == (latest(workspace, "raw"),)


def test_undo_restores_the_history(workspace) -> None:
    before = latest(workspace, "raw")
    workspace["raw"] = sps.derivative(workspace["raw"])
    assert actions(workspace, "raw") == ["Code", "derivative"]
    workspace.undo()
    assert latest(workspace, "raw") is before
    workspace.remove("raw")
    workspace.undo()
    assert latest(workspace, "raw") is before


def test_copies_of_a_workspace_have_the_histories(workspace) -> None:
    name = workspace.calc("moving_average", on="raw", n=3)
    expected = latest(workspace, name)
    for made in (copy.copy(workspace), copy.deepcopy(workspace)):
        assert latest(made, name) is expected
        made.edit(name, xunit="s")
    assert latest(workspace, name) is expected
    pickled = pickle.loads(pickle.dumps(workspace))
    assert actions(pickled, name) == ["Code", "moving_average"]
    step = latest(pickled, name)
    assert (
        step.stored.version is pickled._session.backend.record(step.stored.uuid).version
    )


# -- bounds ---------------------------------------------------------------------------


def test_a_loop_of_code_makes_one_step(workspace) -> None:
    with cell(1):
        for _ in range(300):
            obj = workspace["raw"]
            obj.y = obj.y * 1.01
            workspace["raw"] = obj
    assert actions(workspace, "raw") == ["Code", "Code"] or (
        actions(workspace, "raw") == ["Code"]
    )
    assert latest(workspace, "raw").cell.number == 1
    assert latest(workspace, "raw").action.certain


def test_the_oldest_steps_are_folded(workspace, monkeypatch) -> None:
    monkeypatch.setattr(bounds, "MOST", 40)
    background = workspace["short"]
    obj = sps.moving_average(workspace["short"], n=3)
    for number in range(200):
        obj = sps.difference(obj, background) if number % 2 else sps.absolute(obj)
    workspace.add("end", obj)
    steps = closure(latest(workspace, "end"))
    assert 40 <= len(steps) <= 60
    (folded,) = [s.action for s in steps if isinstance(s.action, Unknown)]
    made = sum(not isinstance(step.action, Unknown | Code) for step in steps)
    assert folded.folded + made == 201
    assert latest(workspace, "short") in steps
    assert steps[-1].depth == len(steps) - 1


def test_deep_histories_are_copied_and_pickled(workspace) -> None:
    obj = workspace["short"]
    for _ in range(2000):
        obj = sps.absolute(obj)
    workspace.add("deep", obj)
    assert latest(workspace, "deep").depth == 2001
    pickled = pickle.loads(pickle.dumps(workspace))
    assert len(actions(pickled, "deep")) == 2001
    assert copy.deepcopy(workspace)._session is not workspace._session
