"""Histories of many calls, of many objects, and of a large image in a cell."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import psutil
import pytest
import sigima.proc.signal as sps
from sigima import create_image, create_signal

import datalab_workspace as dlw
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.history.cells import running_cell
from datalab_workspace.history.recording import identity
from support.measurement import compare, measure, report

CALLS = 100_000
#: The most bytes by which a loop of that many calls may grow the process.
MOST_GROWTH = 20_000_000
FEW, MANY = 100, 1000
#: Seconds that the comparison of a large image may take at the end of a cell.
MOST_CONFIRMATION = 0.1
X = np.linspace(0.0, 1.0, 16)


def rss() -> int:
    """Return the bytes of memory of this process."""
    gc.collect()
    return int(psutil.Process().memory_info().rss)


@pytest.mark.parametrize("equal", [True, False])
def test_a_loop_grows_memory_little(equal: bool) -> None:
    workspace = dlw.Workspace(backend=MemoryBackend())
    workspace["looped"] = create_signal("looped", X, X)

    def loop(calls: int) -> None:
        for number in range(calls):
            value = 1.0 if equal else float(number)
            result = sps.addition_constant(workspace["looped"], value=value)
            workspace["looped"] = result

    loop(500)  # undo and the known links are full
    before = rss()
    loop(CALLS)
    grown = rss() - before
    report(f"a loop of {CALLS} calls, equal {equal}: {grown / 1e6:+.1f} MB")
    assert grown <= MOST_GROWTH


def test_the_histories_of_many_objects_take_as_long_each_as_those_of_few() -> None:
    def histories(count: int) -> Any:
        workspace = dlw.Workspace(backend=MemoryBackend())
        workspace["raw"] = create_signal("raw", X, X)
        for number in range(count):
            made = sps.addition_constant(workspace["raw"], value=float(number))
            workspace[f"made {number}"] = made
        names = [f"made {number}" for number in range(FEW)]
        return lambda: [workspace.history(name) for name in names]

    compared = compare(
        f"{FEW} histories in a workspace of {MANY} objects, against one of {FEW}",
        histories(MANY),
        histories(FEW),
    )
    assert compared.ratio <= 1.5


@pytest.fixture
def large() -> dlw.Workspace:
    """A workspace with an image of 512 MiB."""
    workspace = dlw.Workspace(backend=MemoryBackend())
    data = np.ones((8192, 32768), np.uint16)
    workspace.add("large", create_image("large", data), copy=False)
    return workspace


@pytest.mark.parametrize("copy", [True, False])
def test_a_cell_that_names_a_large_image(
    large: dlw.Workspace, monkeypatch: pytest.MonkeyPatch, copy: bool
) -> None:
    passes = []
    for name in ("checksum", "arrays_equal"):
        whole = getattr(identity, name)

        def counted(*arrays: Any, whole: Any = whole) -> Any:
            passes.append(arrays[0].nbytes)
            return whole(*arrays)

        monkeypatch.setattr(identity, name, counted)
    cell = running_cell.begin(1, "obj = workspace['large']")
    namespace = {"obj": large.get("large", copy=copy)}
    running_cell.end(cell, namespace=namespace)

    def confirm() -> None:
        running_cell.end(running_cell.begin(2, "obj"), namespace=namespace)

    taken = measure(f"a cell that names 512 MiB, copied {copy}", confirm)
    report(f"{len(passes)} passes in 9 cells, of {sum(passes) >> 20} MiB")
    assert taken <= MOST_CONFIRMATION
    assert copy or not passes
