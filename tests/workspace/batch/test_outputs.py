"""The files of a finished run."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import numpy as np
import pytest

import datalab_workspace as dlw
from datalab_workspace.batch.outputs import files, staging
from datalab_workspace.batch.outputs.files import write_outputs
from datalab_workspace.batch.results import distribution
from datalab_workspace.errors import StaleFileError
from datalab_workspace.model.equality import equal
from datalab_workspace.model.sigima_objects import to_record
from datalab_workspace.testing.samples import OBJECTS
from support.hand_made_runs import HandMadeRun

NewRun = Callable[..., HandMadeRun]


def _fill(run: HandMadeRun, count: int, chunk: int, first: int = 0) -> HandMadeRun:
    for start in range(first, count, chunk):
        numbers = range(start, min(start + chunk, count))
        run.add_task([(f"scan_{n:04d}", {"fwhm": n / 3}, 1) for n in numbers])
    return run


def _contents(paths: list[Path]) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in paths}


@pytest.fixture
def small_projects(monkeypatch: pytest.MonkeyPatch) -> None:
    """Projects hold 20 objects instead of 200."""
    monkeypatch.setattr(distribution, "MOST_OBJECTS", 20)


def test_few_objects_are_in_the_summary_project(new_run: NewRun) -> None:
    run = _fill(new_run(), 5, 2)
    run.units = {"fwhm": "mm"}

    paths = write_outputs(run, run.out, keep="objects")

    assert [path.name for path in paths] == ["widths.csv", "widths.h5"]
    workspace = dlw.open(run.out)
    assert workspace.list() == ["fwhm", *(f"scan_{n:04d}" for n in range(5))]
    assert [group.title for group in workspace.groups()] == ["Summary", "scans"]
    signal = workspace.get("fwhm")
    assert signal.x.tolist() == [1, 2, 3, 4, 5]
    assert signal.y.tolist() == [n / 3 for n in range(5)]
    assert signal.yunit == "mm"
    assert workspace.results("fwhm").select(quantity="item").values.shape == (5,)


@pytest.mark.parametrize("count", [200, 201])
def test_more_than_200_objects_are_in_projects_of_their_own(
    new_run: NewRun, count: int
) -> None:
    run = _fill(new_run(), count, 30)

    paths = write_outputs(run, run.out, keep="objects")

    names = [path.name for path in paths]
    if count == 200:
        assert names == ["widths.csv", "widths.h5"]
    else:
        assert names[:2] == ["widths-objects-001.h5", "widths-objects-002.h5"]
        assert dlw.open(paths[1]).list() == ["scan_0200"]
        assert dlw.open(run.out).list() == ["fwhm"]
        held = str(dlw.open(run.out).results("fwhm"))
        assert all(name in held for name in names[:2])


@pytest.mark.parametrize("count", [3, 201])
def test_a_table_without_numbers_is_in_the_project(new_run: NewRun, count: int) -> None:
    run = new_run()
    run.add_task([(f"i{n}", {"text": "x"}, 1) for n in range(count)])
    run.add_failure("last", ValueError("no peak"))

    write_outputs(run, run.out, keep="objects")

    workspace = dlw.open(run.out)
    assert workspace.list()[0] == "done"
    assert workspace.get("done").y.tolist() == [1.0] * count + [0.0]
    found = str(workspace.results("done"))
    if count == 3:
        assert "ValueError: no peak" in found
    else:
        assert "widths-objects-002.h5" in found


def test_objects_alone_need_no_summary(new_run: NewRun) -> None:
    run = new_run()
    run.add_task([("only", {}, 1)])

    write_outputs(run, run.out, keep="objects")
    assert dlw.open(run.out).list() == ["only"]
    write_outputs(run, run.out, keep="table")
    assert dlw.open(run.out).list() == ["done"]


def test_a_long_table_has_statistics_in_the_project(new_run: NewRun) -> None:
    run = new_run()
    run.add_task([(f"i{n}", {"n": n, "text": "x"}, 0) for n in range(201)])
    run.add_failure("last", ValueError())
    write_outputs(run, run.out, keep="objects")

    found = dlw.open(run.out).results("n")

    assert found["values"].values.tolist() == [201]
    assert found["missing"].values.tolist() == [1]
    assert found["mean"].values.tolist() == [100]


def test_the_bytes_depend_on_the_results_alone(new_run: NewRun) -> None:
    one, other = _fill(new_run("one"), 230, 40), _fill(new_run("other"), 230, 7)

    first = write_outputs(one, one.out, keep="objects")
    second = write_outputs(other, other.out, keep="objects")

    assert _contents(first) == _contents(second)


@pytest.mark.usefixtures("small_projects")
def test_a_run_that_grows_takes_finished_objects_from_its_projects(
    new_run: NewRun,
) -> None:
    grown, whole = _fill(new_run("grown"), 21, 5), _fill(new_run("whole"), 45, 5)
    write_outputs(grown, grown.out, keep="objects")
    assert not (grown.folder / "parts").exists()

    paths = write_outputs(_fill(grown, 45, 5, first=21), grown.out, keep="objects")

    assert len(paths) == 5
    whole_paths = write_outputs(whole, whole.out, keep="objects")
    assert _contents(paths) == _contents(whole_paths)


def test_objects_with_every_kind_of_content(new_run: NewRun) -> None:
    """They are unchanged, and their bytes do not depend on parts and calls."""
    records = []
    for name, make in OBJECTS.items():
        record = to_record(make())
        record.uuid, record.fields["title"] = str(uuid5(NAMESPACE_URL, name)), name
        records.append(record)
    at_once, grown = new_run("at once"), new_run("grown")
    at_once.add_records(records)
    whole = write_outputs(at_once, at_once.out, keep="objects")
    middle = len(records) // 2
    for start in range(0, middle, 5):
        grown.add_records(records[start : min(start + 5, middle)])
    write_outputs(grown, grown.out, keep="objects")
    grown.add_records(records[middle:])

    paths = write_outputs(grown, grown.out, keep="objects")

    assert _contents(paths) == _contents(whole)
    workspace = dlw.open(grown.out)
    for record in records:
        assert equal(workspace.record(record.title), record), record.title


@pytest.mark.usefixtures("small_projects")
def test_a_run_that_shrinks_removes_projects_that_it_no_longer_needs(
    new_run: NewRun,
) -> None:
    run = _fill(new_run(), 45, 5)
    before = write_outputs(run, run.out, keep="objects")
    del run.results[21:]

    after = write_outputs(run, run.out, keep="objects")

    assert {path for path in before if path.exists()} == set(after)


def test_a_run_without_results(new_run: NewRun) -> None:
    run = new_run()
    paths = write_outputs(run, run.out, keep="objects")
    assert paths[0].read_text() == "item,error\n"
    assert dlw.open(run.out).list() == []


def test_columns_without_a_number_have_no_signal(new_run: NewRun) -> None:
    run = new_run()
    values = {"nan": float("nan"), "text": "x", "z": 1j, "many": 10**400}
    run.add_task([("a", values, 0)])
    write_outputs(run, run.out, keep="table")

    workspace = dlw.open(run.out)

    assert workspace.list() == ["nan", "many"]
    assert np.isnan(workspace.get("nan").y).all()
    assert np.isposinf(workspace.get("many").y).all()


def test_the_objects_of_a_lost_part_are_named(new_run: NewRun) -> None:
    run = _fill(new_run(), 5, 2)
    shutil.rmtree(run.folder / "parts")
    with pytest.raises(StaleFileError, match="restart=True"):
        write_outputs(run, run.out, keep="objects")
    assert not run.out.exists()
    assert not (run.folder / "outputs").exists()


class _KilledError(BaseException):
    pass


@pytest.mark.usefixtures("small_projects")
def test_a_kill_leaves_the_old_files_or_the_new_ones(
    new_run: NewRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At any instant, and the next call gives what an undisturbed one gives."""
    whole = _fill(new_run("whole"), 45, 9)
    wanted = _contents(write_outputs(whole, whole.out, keep="objects"))
    killed = _fill(new_run("killed"), 21, 7)
    write_outputs(killed, killed.out, keep="objects")
    former = _contents(staging.outputs_of(killed.folder, killed.out))
    _fill(killed, 45, 7, first=21)
    original = Path.replace
    moments = 0
    while True:
        left = moments

        def replace(self: Path, target: Any) -> Path:
            nonlocal left
            left -= 1
            if left < 0:
                raise _KilledError
            return original(self, target)

        monkeypatch.setattr(Path, "replace", replace)
        # A kill removes nothing, unlike an exception.
        monkeypatch.setattr(staging, "discard_stage", lambda _: None)
        try:
            paths = write_outputs(killed, killed.out, keep="objects")
        except _KilledError:
            moments += 1
            found = killed.out.read_bytes()
            assert found in (former["widths.h5"], wanted["widths.h5"])
            continue
        break
    assert moments > 5
    assert _contents(paths) == wanted
    assert [path.name for path in killed.folder.iterdir()] == ["outputs.json"]


def test_a_full_disk_leaves_the_old_files(
    new_run: NewRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = _fill(new_run(), 210, 70)
    former = _contents(write_outputs(run, run.out, keep="objects"))
    _fill(run, 450, 70, first=210)

    def fail(*_: object) -> list[bytes]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "csv_blocks", fail)
    with pytest.raises(OSError, match="No space"):
        write_outputs(run, run.out, keep="objects")
    assert _contents(staging.outputs_of(run.folder, run.out)) == former
    assert len(list((run.folder / "parts").iterdir())) == 4


@pytest.mark.parametrize("name", ["widths.csv", "widths-objects-007.h5"])
def test_no_file_of_others_is_replaced(tmp_path: Path, name: str) -> None:
    """The CSV file may even be an item of the run."""
    workspace = dlw.Workspace()
    workspace.add("a", np.arange(5.0))
    (tmp_path / name).write_text("mine")
    (tmp_path / "widths-objects-of-mine.h5").write_text("mine")

    def call(**options: Any) -> Any:
        out = tmp_path / "widths.h5"
        return workspace.map(np.copy, out=out, on="serial", **options)

    with pytest.raises(FileExistsError, match=name):
        call()
    assert (tmp_path / name).read_text() == "mine"
