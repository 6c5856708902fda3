"""The files of a finished run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import datalab_workspace as dlw
from datalab_workspace.batch.outputs.files import write_outputs
from support.hand_made_runs import HandMadeRun


def _filled(run: HandMadeRun, count: int, chunk: int) -> HandMadeRun:
    for start in range(0, count, chunk):
        numbers = range(start, min(start + chunk, count))
        run.add_task([(f"scan_{n:04d}", {"fwhm": n / 3}, 1) for n in numbers])
    return run


def _out(run: HandMadeRun) -> Path:
    return run.folder.with_suffix("")


def test_few_objects_are_in_the_summary_project(
    new_run: Callable[[str], HandMadeRun],
) -> None:
    run = _filled(new_run("run"), 5, 2)
    out = _out(run)

    paths = write_outputs(run, out, keep="objects")

    assert [path.name for path in paths] == ["widths.csv", "widths.h5"]
    workspace = dlw.open(out)
    assert workspace.list() == ["fwhm", *(f"scan_{n:04d}" for n in range(5))]
    assert workspace.get("fwhm").y.tolist() == [n / 3 for n in range(5)]
    assert workspace.get("fwhm").x.tolist() == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("count", [200, 201])
def test_many_objects_are_in_projects_of_at_most_200(
    new_run: Callable[[str], HandMadeRun], count: int
) -> None:
    run = _filled(new_run("run"), count, 30)

    paths = write_outputs(run, _out(run), keep="objects")

    names = [path.name for path in paths]
    if count == 200:
        assert names == ["widths.csv", "widths.h5"]
    else:
        assert names[:2] == ["widths-objects-001.h5", "widths-objects-002.h5"]
        assert dlw.open(paths[1]).list() == ["scan_0200"]
