"""A run shows its counts, its errors, its times and its objects."""

from __future__ import annotations

import gc
import io
import os
import uuid
from pathlib import Path

import numpy as np
import pytest

import datalab_workspace as dlw
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.batch.driver.run_progress import RunProgress
from datalab_workspace.batch.folder.temporary_folder import TemporaryFolder
from datalab_workspace.batch.messages import ItemFailure, ResultObject
from datalab_workspace.batch.results.run import Run
from datalab_workspace.batch.results.run_text import duration
from support.made_runs import MadeState

NAMES = [f"scan_{n:02}" for n in range(20)]


def failure(message: str, type: str = "ValueError") -> ItemFailure:
    return ItemFailure(type, message, f"Traceback …\n{type}: {message}")


def run_of(state: MadeState) -> Run:
    return Run(state, retry=lambda: pytest.fail("not to be called"))


def test_the_counts_follow_what_is_noted() -> None:
    state = MadeState(NAMES)
    run = run_of(state)
    assert (run.done, run.failed, run.left) == (0, 0, 20)

    state.note("scan_00", {"width": 1.0})
    state.note("scan_01", failure=failure("data holds NaN"))

    assert (run.done, run.failed, run.left) == (1, 1, 18)


@pytest.mark.parametrize(
    ("count", "at_work", "status"),
    [
        (20, None, "finished"),
        (3, None, "unfinished"),
        (3, "node7, process 42", "running"),
        (20, "node7, process 42", "running"),  # it writes the results
    ],
)
def test_the_status_says_whether_the_run_is_finished(
    count: int, at_work: str | None, status: str
) -> None:
    state = MadeState(NAMES, at_work=at_work)
    for name in NAMES[:count]:
        state.note(name)

    assert run_of(state).status == status


def test_an_error_is_found_by_the_name_of_its_item() -> None:
    state = MadeState(NAMES)
    state.note("scan_03", failure=failure("data holds NaN"))
    state.note("scan_02", {"width": 1.0})
    run = run_of(state)

    error = run.errors["scan_03"]
    assert (error.item, error.type, error.message) == (
        "scan_03",
        "ValueError",
        "data holds NaN",
    )
    assert str(error) == "ValueError: data holds NaN"
    assert error.traceback.startswith("Traceback")
    assert dict(run.errors) == {"scan_03": error}
    with pytest.raises(KeyError, match="'scan_33' has failed; did you mean 'scan_03'"):
        run.errors["scan_33"]


def test_errors_that_were_retried_are_gone() -> None:
    state = MadeState(NAMES)
    state.note("scan_03", failure=failure("data holds NaN"))
    run = run_of(state)
    assert len(run.errors) == 1

    state.note("scan_03", {"width": 1.0})

    assert len(run.errors) == 0
    assert repr(run.errors) == "no errors"


def test_similar_errors_are_one_line() -> None:
    state = MadeState(NAMES)
    state.note("scan_19", failure=failure("out of memory", "MemoryError"))
    for n in range(5):
        text = f"cannot read '/data/scan_{n:02}.csv': line {n} is empty"
        state.note(f"scan_{n:02}", failure=failure(text))

    assert repr(run_of(state).errors).splitlines() == [
        (
            "5 items: ValueError: cannot read '/data/scan_00.csv': line 0 is empty "
            "(scan_00, scan_01, scan_02, …)"
        ),
        "1 item: MemoryError: out of memory (scan_19)",
    ]


def test_the_times_are_those_of_the_items_in_their_order() -> None:
    state = MadeState(NAMES)
    state.note("scan_04", {}, seconds=0.25)
    state.note("scan_01", failure=failure("no"), seconds=1.5)

    seconds = run_of(state).seconds

    assert seconds.index.name == "item"
    assert seconds.to_dict() == {"scan_01": 1.5, "scan_04": 0.25}
    assert list(seconds.index) == ["scan_01", "scan_04"]


def test_the_table_has_the_items_that_are_known_in_their_order() -> None:
    state = MadeState(NAMES, units={"width": "nm"})
    made = ResultObject(str(uuid.uuid4()), "scan_05", "signal")
    state.note("scan_05", {"width": 2.5}, objects=(made,))
    state.note("scan_01", failure=failure("data holds NaN"))
    run = run_of(state)

    table = run.table
    assert table is run.table  # it is made once
    assert table.index.name == "item"
    assert list(table.index) == ["scan_01", "scan_05"]
    assert list(table.columns) == ["width", "error"]
    assert table["error"].tolist() == ["ValueError: data holds NaN", None]
    assert table.attrs["units"] == {"width": "nm"}

    for name in NAMES:
        state.note(name, {"width": 1.0}, objects=(made,))
    assert list(run.table.columns) == ["width", "error", "project"]
    assert set(run.table["project"]) == {"widths.h5"}


def test_the_text_has_counts_errors_and_first_rows() -> None:
    state = MadeState(NAMES, units={"width": "nm"})
    for n, name in enumerate(NAMES[:12]):
        state.note(name, {"width": n / 3, "peaks": n, "good": n > 3})
    state.note("scan_01", failure=failure("data holds NaN"))
    run = run_of(state)

    line = "widths.h5: 11 done, 1 failed, 8 left; 3 min 12 s on 2 processes"
    assert repr(run) == f"<Run {line}>"
    assert str(run).splitlines() == [
        line,
        "chain: normalize, fwhm",
        "unfinished: repeat the call to continue",
        "  1 item: ValueError: data holds NaN (scan_01)",
        "item     width (nm)  peaks   good                       error",
        "scan_00           0      0  False",
        "scan_01                            ValueError: data holds NaN",
        "scan_02      0.6667      2  False",
        *(f"scan_{n:02}  {n / 3:10.4g}  {n:5}  {n > 3!s:>5}" for n in range(3, 10)),
        "and 2 more items; run.table has all",
    ]


def test_a_string_of_an_item_cannot_break_the_lines() -> None:
    state = MadeState(["a\nb"], chain="x\ny")
    state.note("a\nb", {"c\nd": "e\nf"})

    assert len(str(run_of(state)).splitlines()) == 4


def test_a_run_can_be_shown_before_its_first_result() -> None:
    run = run_of(MadeState(NAMES, out=None, seconds=0.0))

    assert repr(run) == "<Run in a temporary folder: 0 done, 0 failed, 20 left>"
    assert run.seconds.empty
    assert len(run.workspace) == 0


def test_retry_returns_what_the_call_returns() -> None:
    state = MadeState(NAMES)
    other = run_of(state)

    assert Run(state, retry=lambda: other).retry() is other


def test_the_workspace_has_the_objects_of_the_run_alone(tmp_path: Path) -> None:
    """Neither the summary nor the object of an item that has changed since."""
    state = MadeState(["a", "b"])
    for name, level in (("part", 1.0), ("later", 2.0)):
        saved = dlw.Workspace(backend=MemoryBackend())
        saved.add(name, np.full(4, level))
        saved.add("a" if name == "part" else "b", np.full(4, level))
        path = saved.save(tmp_path / f"{name}.h5")
        state.files = [*state.files, path]
        item = saved.describe("a" if name == "part" else "b")
        made = ResultObject(item.uuid, item.name, "signal")
        state.note(item.name, {}, objects=(made,))
    assert uuid.UUID(item.uuid)

    workspace = run_of(state).workspace

    assert workspace.list() == ["a", "b"]
    assert workspace["b"].y.tolist() == [2.0] * 4


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.42, "0.4 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.7, "1 min 0 s"),
        (192, "3 min 12 s"),
        (3599.8, "1 h 0 min"),
        (7500, "2 h 5 min"),
    ],
)
def test_durations_are_never_60(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_progress_counts_failures_and_forecasts_the_end() -> None:
    stream, now = io.StringIO(), [0.0]
    with RunProgress(1000, stream=stream, clock=lambda: now[0]) as progress:
        now[0] = 1.5  # the workers have started
        progress.note(10, 0)
        assert stream.getvalue() == ""  # nothing before two seconds
        now[0] = 11.5
        progress.note(235, 5)
        shown = stream.getvalue().strip()
    assert shown == "computing: 250 of 1,000 items, 5 failed, about 31 s left"


def test_progress_is_shown_before_the_first_result() -> None:
    stream, now = io.StringIO(), [0.0]
    with RunProgress(10, stream=stream, clock=lambda: now[0]) as progress:
        now[0] = 2.5
        progress.note(0, 0)
        assert stream.getvalue().strip() == "computing: 0 of 10 items"
        now[0] = 30.0  # the workers have started
        progress.note(1, 0)
        now[0] = 33.0
        progress.note(1, 0)
        assert stream.getvalue().endswith("2 of 10 items, about 24 s left")
        now[0] = 37.0
        progress.note(0, 0)
        assert stream.getvalue().endswith("2 of 10 items, about 20 s left")
        now[0] = 58.0  # later than expected
        progress.note(0, 0)
        written = stream.getvalue()
        now[0] = 59.0
        progress.note(0, 0)
        assert stream.getvalue() == written
        assert written.rstrip().endswith("2 of 10 items")


def test_the_objects_of_a_temporary_run_outlive_it() -> None:
    source = dlw.Workspace(backend=MemoryBackend())
    source.add("ramp", np.arange(8.0))

    found = source.map("normalize", on="serial").workspace
    gc.collect()

    assert found["ramp"].y.max() == 1.0


def test_a_temporary_folder_is_removed_with_its_run_and_not_by_a_fork() -> None:
    folder = TemporaryFolder()
    path = folder.path
    child = os.fork()
    if not child:
        del folder
        os._exit(path.is_dir())
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1

    del folder
    gc.collect()

    assert not path.exists()
