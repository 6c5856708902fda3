"""Runs whose functions, values and outputs are not as runs expect them."""

from __future__ import annotations

import asyncio
import threading
import warnings
from concurrent.futures import Executor, Future
from pathlib import Path

import numpy as np
import pytest

import datalab_workspace as dlw
from datalab_workspace.batch.engines.processes import ProcessesEngine


class HereExecutor(Executor):
    """An executor that computes at once, for which chains are pickled."""

    _max_workers = 1

    def submit(self, function, /, *arguments, **options):
        future = Future()
        future.set_result(function(*arguments, **options))
        return future


@pytest.fixture
def objects() -> dlw.Workspace:
    workspace = dlw.Workspace()
    for index in range(3):
        workspace.add(f"item {index}", (np.arange(5.0), np.arange(5.0) + index))
    return workspace


def greatest(obj):
    return obj, {"greatest": float(obj.y.max())}


# -- functions ------------------------------------------------------------------------


@pytest.mark.parametrize("on", ["serial", "threads"])
@pytest.mark.parametrize(
    "error", [asyncio.CancelledError, GeneratorExit, BaseException, SystemExit]
)
def test_whatever_a_function_raises_is_the_error_of_its_item(objects, on, error):
    def raising(obj):
        if obj.title == "item 1":
            raise error
        return greatest(obj)

    run = dlw.batch.map(raising, objects, on=on, key="k")
    assert run.done == 2
    assert run.errors["item 1"].type == error.__name__


def test_a_function_of_a_thread_cannot_interrupt_the_call(objects):
    def raising(obj):
        raise KeyboardInterrupt

    run = dlw.batch.map(raising, objects, on="threads")
    assert [error.type for error in run.errors.values()] == ["KeyboardInterrupt"] * 3


def test_a_new_function_with_the_key_of_another_is_used(objects):
    executor = HereExecutor()

    def one(obj):
        return {"v": 1}

    def two(obj):
        return {"v": 2}

    assert set(dlw.batch.map(one, objects, on=executor, key="k").table["v"]) == {1}
    assert set(dlw.batch.map(two, objects, on=executor, key="k").table["v"]) == {2}


def test_a_function_begins_each_run_with_what_it_has_here(objects):
    calls = []

    def counting(obj):
        calls.append(obj.title)
        return {"calls": len(calls)}

    executor = HereExecutor()
    for _ in range(2):
        run = dlw.batch.map(counting, objects, on=executor, key="k")
        assert run.table["calls"].tolist() == [1, 2, 3]
    assert not calls


def test_a_function_leaves_no_filter_for_warnings_to_later_runs(objects):
    before, handling = list(warnings.filters), np.geterr()

    def strict(obj):
        warnings.simplefilter("error")
        np.seterr(all="raise")

    dlw.batch.map(strict, objects, on=HereExecutor(), key="k")
    assert warnings.filters == before
    assert np.geterr() == handling


def test_two_runs_of_one_chain_do_not_disturb_each_other(objects):
    begun, ended = threading.Event(), threading.Event()
    runs = []

    def slow(obj):
        if threading.current_thread().name == "first":
            begun.set()
            assert ended.wait(30)
        return greatest(obj)

    def compute():
        runs.append(dlw.batch.map(slow, objects, on="serial", key="k"))

    thread = threading.Thread(target=compute, name="first")
    thread.start()
    assert begun.wait(30)
    compute()
    ended.set()
    thread.join(30)
    assert [run.done for run in runs] == [3, 3]


def test_a_daemon_process_is_told_which_engines_it_can_use(monkeypatch):
    import multiprocessing

    process = multiprocessing.current_process()
    monkeypatch.setitem(process._config, "daemon", True)
    with pytest.raises(ValueError, match='on="serial"'):
        ProcessesEngine(1)


# -- values ---------------------------------------------------------------------------


@pytest.mark.parametrize("digits", [310, 5000])
def test_an_integer_that_no_column_holds_is_the_error_of_its_item(objects, digits):
    def large(obj):
        return {"n": 10**digits if obj.title == "item 1" else 2**70}

    run = dlw.batch.map(large, objects, on="serial")
    assert run.errors["item 1"].message.startswith("large() returned 'n': an integer")
    assert run.table["n"].tolist()[::2] == [2**70, 2**70]


def test_a_column_may_have_any_name_and_a_summary_has_200_signals(objects, tmp_path):
    odd = ["\udc80", "=1+1", "a\nb", "a/b", "x" * 300, "\0"]

    def many(obj):
        return dict.fromkeys([*odd, *map(str, range(300))], 1.5)

    out = tmp_path / "o.h5"
    run = dlw.batch.map(many, objects, out=out, on="serial")
    assert run.table.shape == (3, 307)
    assert len(dlw.open(out)) == 200


# -- outputs --------------------------------------------------------------------------


def test_a_run_never_replaces_its_items(objects, tmp_path):
    source = objects.save(tmp_path / "in.h5")
    content = source.read_bytes()
    for items in (dlw.open(source), source, [source]):
        with pytest.raises(ValueError, match=r"in\.h5' holds items of this call"):
            dlw.batch.map(greatest, items, out=source, overwrite=True, on="serial")
    assert source.read_bytes() == content


def test_a_table_never_replaces_a_measured_file(tmp_path):
    measured = tmp_path / "scan.csv"
    measured.write_text("0,1\n1,2\n2,3\n")
    out = tmp_path / "scan.h5"
    with pytest.raises(ValueError, match=r"scan\.csv' holds items of this call"):
        dlw.batch.map(greatest, measured, out=out, overwrite=True, on="serial")
    assert measured.read_text() == "0,1\n1,2\n2,3\n"


@pytest.mark.parametrize("name", [".", "o.h5", "o.csv", "o-objects-001.h5"])
def test_a_folder_in_the_place_of_an_output_is_found_at_once(objects, tmp_path, name):
    (tmp_path / name).mkdir(exist_ok=True)
    out = tmp_path / ("." if name == "." else "o.h5")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        dlw.batch.map(greatest, objects, out=out, overwrite=True, on="serial")
    assert not (tmp_path / "o.h5.run").exists()


def test_a_file_in_the_place_of_the_folder_of_a_run(objects, tmp_path):
    (tmp_path / "o.h5.run").write_text("mine")
    with pytest.raises(FileExistsError, match="a file has this name"):
        dlw.batch.map(greatest, objects, out=tmp_path / "o.h5", on="serial")


def test_a_link_stands_for_the_file_that_it_leads_to(objects, tmp_path):
    (tmp_path / "far").mkdir()
    link = tmp_path / "o.h5"
    link.symlink_to(Path("far", "real.h5"))
    dlw.batch.map(greatest, objects, out=link, on="serial")
    assert link.is_symlink()
    assert len(dlw.open(tmp_path / "far" / "real.h5")) == 4
    assert dlw.batch.open(link).done == 3
