"""Saves with histories, compared with saves without, and their size."""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest

from datalab_workspace import Workspace
from datalab_workspace.history.steps import Call, Step, Stored
from datalab_workspace.history.storage import rows, rows_reader
from support.made_histories import HERE, give
from support.measurement import compare, report

MANY = 1000
#: The most that a save may take, of what it takes without histories.
MOST_OF_A_SAVE = 1.03
SIDE = 8192  # 128 MiB of 16-bit pixels


def many() -> Workspace:
    """Return a workspace of signals, each of which was made from the one before."""
    workspace = Workspace()
    x = np.linspace(0, 1, 1000)
    workspace.update({f"signal {n}": (x, np.sin(n * x)) for n in range(MANY)})
    step: Step | None = None
    for number in range(MANY):
        parameters = {"n": number, "mode": "reflect"}
        action = Call("sigima.signal.moving_average", 1, parameters)
        inputs = () if step is None else (step,)
        step = give(workspace, f"signal {number}", Step(action, inputs, None, HERE))
    return workspace


def image() -> Workspace:
    """Return a workspace with a large image that a feature has made."""
    workspace = Workspace()
    pixels = np.random.default_rng(1).integers(0, 1 << 16, (SIDE, SIDE), "u2")
    workspace.add("image", pixels, copy=False)
    action = Call("sigima.image.gaussian_filter", 1, {"sigma": 1.5})
    give(workspace, "image", Step(action, (), None, HERE))
    return workspace


@pytest.mark.parametrize("suffix", [".h5", ".npz"])
@pytest.mark.parametrize("make", [many, image])
def test_a_save_with_histories_takes_as_long_as_one_without(
    memory: Path, make, suffix: str
) -> None:
    workspace = make()
    path = memory / f"saved{suffix}"

    def save(history: str | None) -> None:
        workspace.save(path, history=history, compression="none")

    compared = compare(
        f"save {make.__name__}{suffix}, against one without histories",
        lambda: save("full"),
        lambda: save(None),
    )
    sizes = []
    for history in ("full", None):
        save(history)
        sizes.append(path.stat().st_size)
    report(f"bytes with and without histories: {sizes}")
    assert compared.ratio <= MOST_OF_A_SAVE


@pytest.mark.parametrize("equal", [True, False])
def test_long_histories_are_small_and_quick(equal: bool) -> None:
    same = Call("sigima.signal.moving_average", 1, {"n": 3, "mode": "reflect"})
    count = 1000 if equal else 10_000
    step: Step | None = None
    for number in range(count):
        action = same if equal else Call(same.operation, 1, {"n": number})
        inputs = () if step is None else (step,)
        step = Step(action, inputs, None, HERE, Stored("uuid", "b"))
    assert step is not None
    begin = time.perf_counter()
    document = rows.write(step).steps
    written = time.perf_counter()
    rows_reader.read(document)
    read = time.perf_counter()
    size = len(json.dumps(document))
    report(
        f"{count} steps: {size} bytes, written in {written - begin:.3f} s, read in "
        f"{read - written:.3f} s"
    )
    assert size <= (1000 if equal else 256 << 10)
    assert written - begin <= 1
