"""The loop of a run: every item is computed once, whatever happens to the workers."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import datalab_workspace as dlw
from datalab_workspace.batch.driver import computation
from datalab_workspace.batch.errors import BatchStoppedError
from datalab_workspace.batch.folder.run_folder import RunFolder
from datalab_workspace.batch.folder.run_lock import RunLock
from support import batch_functions
from support.stand_in_engines import Death, UnsteadyEngine


@pytest.fixture
def objects(tmp_path: Path) -> dlw.Workspace:
    """A project of 40 signals, unread."""
    return project_of(tmp_path / "input.h5", 40)


def project_of(path: Path, number: int) -> dlw.Workspace:
    workspace = dlw.Workspace()
    x = np.arange(20.0)
    for index in range(number):
        workspace.add(f"item {index}", (x, np.cos(x + index)))
    workspace.save(path)
    return dlw.open(path)


def files_of(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if path.is_file()
    }


def use(monkeypatch, engine: UnsteadyEngine) -> UnsteadyEngine:
    """Let runs compute with an engine that no user can ask for."""
    monkeypatch.setattr(computation, "choose_engine", lambda *_, **__: engine)
    return engine


def test_a_run_has_a_row_for_each_item_in_order(objects, tmp_path):
    run = dlw.batch.map(
        batch_functions.failing_sevens, objects, out=tmp_path / "o.h5", on="serial"
    )
    assert list(run.table.index) == list(objects)
    assert list(run.errors) == ["item 7", "item 17", "item 27", "item 37"]
    assert run.errors["item 7"].message == "a seven"
    frames = run.errors["item 7"].traceback
    assert frames.count('File "') == 1
    assert "failing_sevens" in frames
    assert (run.done, run.failed, run.left) == (36, 4, 0)
    made = dlw.open(tmp_path / "o.h5")
    expected = 2 * objects.get("item 3").y
    assert np.array_equal(made.get("item 3").y, expected)


@pytest.mark.parametrize("on", ["serial", "threads"])
def test_the_files_are_the_same_on_each_engine(objects, tmp_path, on, monkeypatch):
    reference, other = tmp_path / "a", tmp_path / "b"
    reference.mkdir()
    other.mkdir()
    function = batch_functions.failing_sevens
    dlw.batch.map(function, objects, out=other / "o.h5", on=on)
    use(monkeypatch, UnsteadyEngine(1, workers=3, lost=0.2))
    dlw.batch.map(function, objects, out=reference / "o.h5")
    assert files_of(reference) == files_of(other)


def test_a_finished_run_computes_nothing_again(objects, tmp_path, monkeypatch):
    engine = use(monkeypatch, UnsteadyEngine(2))
    out = tmp_path / "o.h5"
    dlw.batch.map(batch_functions.doubled, objects, out=out)
    before = out.stat()
    engine.computed.clear()
    run = dlw.batch.map(batch_functions.doubled, objects, out=out)
    assert engine.computed == []
    assert out.stat() == before
    assert run.done == 40


def test_only_items_that_failed_are_computed_again(objects, tmp_path, monkeypatch):
    engine = use(monkeypatch, UnsteadyEngine(3))
    out = tmp_path / "o.h5"
    run = dlw.batch.map(batch_functions.failing_sevens, objects, out=out)
    engine.computed.clear()
    before = files_of(tmp_path)
    again = run.retry()
    assert sorted(sum(engine.computed, ())) == sorted(run.errors)
    assert files_of(tmp_path) == before
    assert again.done == 36


def test_new_and_changed_items_are_computed(objects, tmp_path, monkeypatch):
    engine = use(monkeypatch, UnsteadyEngine(4))
    names = list(objects)
    out = tmp_path / "o.h5"
    few = names[2:30]
    dlw.batch.map(batch_functions.doubled, few, workspace=objects, out=out)
    changed = objects.get("item 5")
    changed.y = changed.y + 1
    objects.add("item 5", changed, overwrite=True)
    engine.computed.clear()
    run = dlw.batch.map(batch_functions.doubled, objects, out=out)
    assert sorted(sum(engine.computed, ())) == sorted({*names} - {*few} | {"item 5"})
    assert list(run.table.index) == names
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    dlw.batch.map(batch_functions.doubled, objects, out=fresh / "o.h5")
    assert files_of(fresh)["o.h5"] == files_of(tmp_path)["o.h5"]


def test_objects_that_were_removed_are_computed_again(objects, tmp_path, monkeypatch):
    engine = use(monkeypatch, UnsteadyEngine(5))
    out = tmp_path / "o.h5"
    dlw.batch.map(batch_functions.doubled, objects, out=out)
    before = files_of(tmp_path)
    out.unlink()
    engine.computed.clear()
    dlw.batch.map(batch_functions.doubled, objects, out=out)
    assert len(sum(engine.computed, ())) == 40
    assert files_of(tmp_path) == before


def test_a_wrong_chain_stops_after_ten_items(objects, tmp_path):
    with pytest.raises(dlw.BatchStoppedError, match="cannot compute item 0") as stop:
        dlw.batch.map(
            batch_functions.failing, objects, out=tmp_path / "o.h5", on="serial"
        )
    assert stop.value.run.failed == 10
    assert stop.value.run.left == 30
    assert not (tmp_path / "o.h5").exists()
    assert "batch_functions" in str(stop.value.__cause__)


@pytest.mark.parametrize("package", ["Python", "sigima", "datalab-workspace-api"])
def test_workers_with_other_versions_are_refused(
    objects, tmp_path, monkeypatch, package
):
    wanted = {**computation.required_versions(), package: "0.1"}
    monkeypatch.setattr(computation, "required_versions", lambda: wanted)

    with (
        pytest.raises(dlw.BatchStoppedError, match=f"{package} .* instead of 0.1"),
        pytest.warns(UserWarning, match="does not take part"),
    ):
        dlw.batch.map("normalize", objects, out=tmp_path / "o.h5", on="serial")


def test_a_chain_that_fails_with_few_items_ends_normally(objects):
    run = dlw.batch.map(
        batch_functions.failing, list(objects)[:9], workspace=objects, on="serial"
    )
    assert (run.failed, run.left) == (9, 0)


def test_an_unknown_feature_is_the_error_of_the_call(objects):
    with pytest.raises(dlw.FeatureNotFoundError, match="fwmh"):
        dlw.batch.map("fwmh", objects, on="serial")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"what": batch_functions.failing}, "its chain is doubled, not failing"),
        ({"keep": "table"}, "it has keep='objects', not 'table'"),
        ({"kind": "signal"}, "it has kind=None, not 'signal'"),
    ],
)
def test_a_run_of_another_kind_is_refused(objects, tmp_path, changes, words):
    first = {"what": batch_functions.doubled, "items": objects, "on": "serial"}
    out = tmp_path / "o.h5"
    dlw.batch.map(out=out, **first)
    before = files_of(tmp_path)
    with pytest.raises(dlw.RunExistsError, match=words):
        dlw.batch.map(out=out, **(first | changes))
    assert files_of(tmp_path) == before


@pytest.mark.parametrize(
    ("line", "edited", "names"),
    [
        ("offset = np.zeros(3)", "offset = np.ones(3)", "'offset';"),
        ("return y.max()", "return y.min()", "'greatest';"),
        ("{'a': 1}", "{'a': 2}", "'f';"),
    ],
)
def test_the_error_names_the_code_that_has_changed(
    objects, tmp_path, line, edited, names
):
    code = (
        "import numpy as np\noffset = np.zeros(3)\n\ndef greatest(y):\n"
        "    return y.max()\n\ndef f(s):\n"
        "    return {'a': 1} | {'b': greatest(s.y) + offset[0]}\n"
    )

    def compute(source: str) -> None:
        space = {"__name__": "__main__"}
        exec(source, space)
        dlw.batch.map(space["f"], objects, out=tmp_path / "o.h5", on="serial")

    compute(code)
    with pytest.raises(dlw.RunExistsError, match=f"has changed: {names}"):
        compute(code.replace(line, edited))


def test_restart_replaces_a_run(objects, tmp_path):
    out = tmp_path / "o.h5"
    dlw.batch.map(
        batch_functions.failing_sevens, objects, out=out, on="serial", keep="table"
    )
    run = dlw.batch.map(
        batch_functions.doubled, objects, out=out, on="serial", restart=True
    )
    assert "greatest" in run.table
    assert len(run.workspace) == 40


def test_a_file_that_no_run_made_is_not_replaced(objects, tmp_path):
    with pytest.raises(FileExistsError, match="no run has made it"):
        dlw.batch.map(
            batch_functions.doubled, objects, out=tmp_path / "input.h5", on="serial"
        )
    assert len(dlw.open(tmp_path / "input.h5")) == 40


def test_an_out_that_ends_in_csv_is_refused(objects, tmp_path):
    out = tmp_path / "table.csv"
    with pytest.raises(dlw.NotAProjectError, match=r"pass 'table\.h5'"):
        dlw.batch.map(batch_functions.doubled, objects, out=out, on="serial")
    assert not [*tmp_path.glob("table*")]


def test_a_result_that_another_program_saved_is_not_replaced(objects, tmp_path):
    out = tmp_path / "o.h5"
    function = batch_functions.failing_sevens
    dlw.batch.map(function, objects, out=out, on="serial")
    edited = dlw.open(out)
    edited.rename("item 3", "mine")
    edited.save()
    with pytest.raises(dlw.FileChangedError, match="another program has changed"):
        dlw.batch.map(function, objects, out=out, on="serial")
    assert "mine" in dlw.open(out)


@pytest.mark.parametrize("name", ["o.csv", "o-objects-001.h5"])
def test_no_other_file_of_a_run_is_replaced_after_a_change(tmp_path, name):
    few, more = (project_of(tmp_path / f"{n}.h5", n) for n in (201, 202))
    out = tmp_path / "o.h5"
    dlw.batch.map(batch_functions.doubled, few, out=out, on="serial")
    with (tmp_path / name).open("ab") as file:
        file.write(b"my remark")
    with pytest.raises(dlw.FileChangedError, match=name):
        dlw.batch.map(batch_functions.doubled, more, out=out, on="serial")
    assert (tmp_path / name).read_bytes().endswith(b"my remark")


def test_a_run_stops_when_the_process_of_all_workers_refuses(
    objects, tmp_path, monkeypatch
):
    """Several workers of one process refuse under one name."""
    monkeypatch.setattr(RunFolder, "token", lambda _: "another")

    with (
        pytest.warns(UserWarning, match="does not take part"),
        pytest.raises(BatchStoppedError, match="no worker can compute"),
    ):
        objects.map("stats", on="threads", workers=3, out=tmp_path / "o.h5")


def test_a_second_driver_is_refused(objects, tmp_path):
    out = tmp_path / "o.h5"
    dlw.batch.map(batch_functions.doubled, objects, out=out, on="serial")
    first = RunLock(tmp_path / "o.h5.run" / "lock")
    with pytest.raises(dlw.RunLockedError, match=f"process {os.getpid()} on"):
        dlw.batch.map(batch_functions.doubled, objects, out=out, on="serial")
    assert dlw.batch.open(out).status == "running"
    first.release()
    assert dlw.batch.open(out).status == "finished"
    dlw.batch.map(batch_functions.doubled, objects, out=out, on="serial")


def test_an_interrupt_keeps_what_is_done(objects, tmp_path):
    out = tmp_path / "o.h5"
    calls, interrupts = [], [KeyboardInterrupt]

    def interrupted(obj):
        calls.append(obj.title)
        if obj.title == "item 25" and interrupts:
            raise interrupts.pop()
        return obj

    with pytest.raises(KeyboardInterrupt):
        dlw.batch.map(interrupted, objects, out=out, on="serial", key="k")
    opened = dlw.batch.open(out)
    assert opened.status == "unfinished"
    assert 10 < opened.done <= 25
    assert opened.done + opened.left == 40
    done = list(opened.table.index)
    calls.clear()
    run = dlw.batch.map(interrupted, objects, out=out, on="serial", key="k")
    assert run.done == 40
    assert not {*done} & {*calls}


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    number=st.integers(1, 40),
    failing=st.sets(st.integers(0, 39), max_size=6),
    deadly=st.sets(st.integers(0, 39), max_size=3),
    workers=st.integers(1, 4),
    seed=st.integers(0, 1000),
    lost=st.sampled_from([0.0, 0.3]),
    gives_again=st.booleans(),
)
def test_any_order_of_faults_gives_the_results_of_a_loop(
    objects, monkeypatch, number, failing, deadly, workers, seed, lost, gives_again
):
    names = list(objects)[:number]

    def compute(obj):
        index = names.index(obj.title)
        if index in deadly:
            raise Death
        if index in failing:
            raise ValueError(index)
        return obj, {"index": index}

    engine = UnsteadyEngine(seed, workers=workers, lost=lost, gives_again=gives_again)
    use(monkeypatch, engine)
    with monkeypatch.context() as context:
        context.setattr("datalab_workspace.batch.driver.stop_rules._FIRST_ITEMS", 100)
        run = dlw.batch.map(compute, names, workspace=objects, key="k")
    expected = {
        name: "WorkerDied" if index in deadly else "ValueError"
        for index, name in enumerate(names)
        if index in deadly | failing
    }
    assert {name: error.type for name, error in run.errors.items()} == expected
    assert list(run.table.index) == names
    good = [name for name in names if name not in expected]
    assert list(run.workspace) == good
    if good:
        assert list(run.table["index"].dropna()) == [names.index(one) for one in good]
