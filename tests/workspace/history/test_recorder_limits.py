"""Errors, threads and loops: what the recorder does not know, it does not claim."""

from __future__ import annotations

import copy
import pickle
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import sigima.proc.signal as sps

from datalab_workspace.history import bounds, failures
from datalab_workspace.history.cells import running_cell
from datalab_workspace.history.recording import observer
from datalab_workspace.history.steps import Code, Unknown, closure
from support.recorded_steps import actions, cell, latest, said

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
    assert failures.count >= 4
    notes = " ".join(workspace.status().notes)
    assert f"{failures.count} steps of histories could not be noted" in notes
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
    x = np.arange(50.0)
    workspace.add("cubic", (x, x**3))  # nothing else here is derived from it
    with cell(4):
        obj = workspace["cubic"]
        with ThreadPoolExecutor(1) as pool:
            workspace.add("slope", pool.submit(sps.derivative, obj).result())
    step = latest(workspace, "slope")
    assert said(step) == "Code"
    assert step.cell.number == 4
    assert step.inputs == (latest(workspace, "cubic"),)


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


def test_an_object_that_is_added_again_and_again_makes_no_deep_chain(workspace) -> None:
    """A running DataLab needs the history of each record at once."""
    obj = workspace["raw"]
    for _ in range(sys.getrecursionlimit() + 100):
        workspace.add("again", obj, overwrite=True)
        workspace._session.recorder.settle()
    assert workspace.history("again").steps == ()
    assert workspace.status().notes == ()
