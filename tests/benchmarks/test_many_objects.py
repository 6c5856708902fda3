"""Calls on one object of a workspace that holds ten or ten thousand.

Rounds of both alternate, and the smallest figure of each counts: see `compare`.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sigima.objects import create_image, create_signal

import datalab_workspace as dlw
from datalab_workspace.backends import MemoryBackend
from support.measurement import compare, report

FEW, MANY = 10, 10_000
CALLS = 20
#: The most that a call on one of many objects may take, of that on one of few.
BOUND = 1.5
#: The most that removing the first object and counting again may take, per object.
RECOUNT = 1e-6
X = np.linspace(0.0, 1.0, 16)
SIGNAL = create_signal("signal", X, X)
Call = Callable[[dlw.Workspace], object]
_numbers = itertools.count()


def add(workspace: dlw.Workspace) -> None:
    workspace.add(f"new {next(_numbers)}", SIGNAL)


def remove(workspace: dlw.Workspace) -> None:
    workspace.remove(workspace.add(f"new {next(_numbers)}", SIGNAL))


def rename(workspace: dlw.Workspace) -> None:
    workspace.rename("s004", f"renamed {next(_numbers)}")


def edit(workspace: dlw.Workspace) -> None:
    workspace.edit("signal 4", metadata={"number": next(_numbers)})


def calc(workspace: dlw.Workspace) -> None:
    value = float(next(_numbers))
    workspace.calc("addition_constant", on="signal 1", value=value)


CALLS_ON_ONE: dict[str, Call] = {
    "get by name": lambda ws: ws.get("signal 4"),
    "get by short id": lambda ws: ws.get("s006"),
    "get by UUID": lambda ws: ws.get(ws.describe("signal 1").uuid),
    "in": lambda ws: "signal 4" in ws,
    "not in": lambda ws: "signals" in ws,
    "get with a default": lambda ws: ws.get("signals", default=None),
    "describe": lambda ws: ws.describe("s006"),
    "len": len,
    "add": add,
    "add and remove": remove,
    "rename": rename,
    "edit": edit,
    "calc": calc,
    "calc of an analysis": lambda ws: ws.calc("x_at_minmax", on="s006"),
}


@pytest.fixture(scope="module")
def workspaces() -> tuple[dlw.Workspace, dlw.Workspace]:
    """A workspace of few objects and one of many."""
    filled = []
    for count in (FEW, MANY):
        workspace = dlw.Workspace(backend=MemoryBackend())
        workspace.update({f"signal {number}": SIGNAL for number in range(count)})
        filled.append(workspace)
    return filled[0], filled[1]


def seconds(call: Call, workspace: dlw.Workspace) -> float:
    """Return the CPU time of one call, in seconds."""
    begun = time.process_time()
    for _ in range(CALLS):
        call(workspace)
    return (time.process_time() - begun) / CALLS


@pytest.mark.parametrize("name", CALLS_ON_ONE)
def test_a_call_takes_as_long_among_many(
    name: str, workspaces: tuple[dlw.Workspace, dlw.Workspace]
) -> None:
    call, (few, many) = CALLS_ON_ONE[name], workspaces
    comparison = compare(
        f"{name}: one of {MANY:,} objects, and one of {FEW}",
        lambda: seconds(call, many),
        lambda: seconds(call, few),
    )
    assert comparison.ratio <= BOUND


def test_positions_are_found_again_after_a_removal(
    workspaces: tuple[dlw.Workspace, dlw.Workspace],
) -> None:
    """Removing an object in the middle is the one call that depends on their number."""
    _, many = workspaces

    def removal(workspace: dlw.Workspace) -> None:
        workspace.remove("s001")
        workspace.describe("s001")

    took = min(seconds(removal, many) for _ in range(5))
    report(f"remove the first of {MANY:,}, and find another: {took * 1e3:.2f} ms")
    assert took <= RECOUNT * MANY


def test_a_loop_of_calc_is_linear() -> None:
    """A thousand calls take no more than ten times as long as a hundred."""

    def loop(count: int) -> float:
        workspace = dlw.Workspace(backend=MemoryBackend())
        names = workspace.update({f"signal {n}": SIGNAL for n in range(count)})
        begun = time.process_time()
        for name in names:
            workspace.calc("absolute", on=name)
        return (time.process_time() - begun) / count

    comparison = compare(
        "calc in a loop, each of 1,000 and of 100 objects",
        lambda: loop(1000),
        lambda: loop(100),
        rounds=5,
    )
    assert comparison.ratio <= BOUND


# -- memory ---------------------------------------------------------------------------

IMAGES, SIDE = 20, 2048
SIZE = SIDE * SIDE * 2
PROGRAM = Path(__file__).with_name("calc_of_many.py")
#: The most memory that a feature takes in addition to its results, in images. sigima
#: converts images of 16-bit integers to numbers of 64 bits, and needs several of them.
ANALYSIS, FILTER = 16.0, 4.0


@pytest.mark.parametrize(
    ("feature", "kept", "bound"),
    [("centroid", 0, ANALYSIS), ("gaussian_filter", IMAGES, FILTER)],
)
def test_only_a_few_images_are_in_memory(
    memory: Path, feature: str, kept: int, bound: float
) -> None:
    """It does not depend on their number: twenty images are in a file."""
    path = memory / "images.h5"
    if not path.exists():
        stored = dlw.Workspace(backend=MemoryBackend())
        random = np.random.default_rng(1)
        for number in range(IMAGES):
            pixels = random.integers(0, 60_000, (SIDE, SIDE), np.uint16)
            stored.add(f"image {number}", create_image("image", pixels), copy=False)
        stored.save(path)
    peaks = []
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, str(PROGRAM), str(path), feature],
            env={**os.environ, "PYTHONPATH": str(PROGRAM.parents[1])},
            check=True,
            capture_output=True,
            text=True,
        )
        peaks.append(int(done.stdout) / SIZE - kept)
    report(f"{feature} of {IMAGES} images: {sorted(peaks)} images besides the results")
    assert min(peaks) <= bound
