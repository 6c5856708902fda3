"""The cost of recording: of calls of sigima, of get and add, of cells and of views.

Each pair of a call that is recorded and one that is not is measured in turn. What
counts is the tenth percentile of both, because noise only ever adds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sigima.proc.decorator
import sigima.proc.image as spi
import sigima.proc.signal as sps
from sigima import create_image, create_signal

import datalab_workspace as dlw
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.history.cells import running_cell
from datalab_workspace.history.recording import observer
from support.measurement import report

PAIRS = 1500
#: Seconds that a call may take longer, if that is more than one percent.
MOST_A_CALL = 50e-6
#: Seconds that an empty cell may take longer.
MOST_A_CELL = 0.2e-3
#: The most that `get` and `add` may take, of what they take without a recorder.
MOST_OF_GET_AND_ADD = 1.02
X = np.linspace(0.0, 1.0, 1000)

Switch = Callable[[bool], None]


class NoRecorder:
    """A recorder that notes nothing."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_args, **_kwargs: None


@pytest.fixture
def workspace() -> dlw.Workspace:
    """A workspace with a signal and an image, as in a cell of a notebook."""
    made = dlw.Workspace(backend=MemoryBackend())
    cell = running_cell.begin(1, "some code")
    made.add("signal", create_signal("signal", X, np.sin(9 * X)))
    made.add(
        "image", create_image("image", np.random.default_rng(0).random((512, 512)))
    )
    yield made
    running_cell.end(cell)


def tenth_percentiles(
    what: str, call: Callable[[], Any], switch: Switch, pairs: int = PAIRS
) -> tuple[float, float]:
    """Measure a call with and without recording, and print what came out."""
    taken: dict[bool, list[float]] = {True: [], False: []}
    for number in range(pairs):
        for recorded in (True, False) if number % 2 else (False, True):
            switch(recorded)
            begin = time.thread_time()  # what else the machine does counts less
            call()
            taken[recorded].append(time.thread_time() - begin)
    switch(True)
    ours, bare = (sorted(taken[key])[pairs // 10] for key in (True, False))
    report(
        f"{what}: {bare * 1e6:.1f} us, recorded {ours * 1e6:.1f} us: "
        f"+{(ours - bare) * 1e6:.1f} us, +{(ours / bare - 1):.1%}"
    )
    return ours, bare


def observing(recorded: bool) -> None:
    """Observe the calls of sigima, or do not."""
    variable = sigima.proc.decorator._CALL_OBSERVER
    variable.set(observer._observe if recorded else None)


@pytest.mark.parametrize(
    ("name", "feature", "kind"),
    [
        ("moving_average", lambda obj: sps.moving_average(obj, n=3), "signal"),
        ("derivative", sps.derivative, "signal"),
        ("difference", lambda obj: sps.difference(obj, obj), "signal"),
        ("fft", sps.fft, "signal"),
        ("gaussian_filter", lambda obj: spi.gaussian_filter(obj, sigma=2.0), "image"),
        ("inverse of 128 MiB", spi.inverse, "large image"),
    ],
)
def test_a_call_of_sigima(workspace, name: str, feature: Any, kind: str) -> None:
    if kind == "large image":
        data = np.ones((4096, 4096))
        workspace.add(kind, create_image(kind, data), copy=False)
    obj = workspace[kind]
    pairs = {"signal": PAIRS, "image": PAIRS // 10}.get(kind, 10)
    ours, bare = tenth_percentiles(name, lambda: feature(obj), observing, pairs)
    assert ours - bare <= max(0.01 * bare, MOST_A_CALL)


@pytest.mark.parametrize("what", ["get", "add", "add again", "get and add"])
def test_get_and_add(workspace, what: str) -> None:
    """With the recorder and without; against an earlier revision: test_memory_calls."""
    session, recorder = workspace._session, workspace._session.recorder
    signal = create_signal("signal", X, np.sin(9 * X))
    calls: dict[str, Callable[[], object]] = {
        "get": lambda: workspace["signal"],
        "add": lambda: workspace.add("new", X, overwrite=True),
        "add again": lambda: workspace.add("signal", signal, overwrite=True),
        "get and add": lambda: workspace.add(
            "signal", workspace["signal"], overwrite=True
        ),
    }

    def switch(recorded: bool) -> None:
        session.recorder = recorder if recorded else NoRecorder()

    ours, bare = tenth_percentiles(what, calls[what], switch, 2 * PAIRS)
    assert ours / bare <= MOST_OF_GET_AND_ADD


def test_an_empty_cell(workspace) -> None:
    for number in range(50):  # that many objects are known, and none is changed
        workspace[f"signal {number}"] = sps.derivative(workspace["signal"])

    def cell() -> None:
        running_cell.end(running_cell.begin(2, "pass"))

    cell()
    taken = []
    for _ in range(PAIRS):
        begin = time.perf_counter()
        cell()
        taken.append(time.perf_counter() - begin)
    found = sorted(taken)[PAIRS // 10]
    report(f"an empty cell: {found * 1e6:.1f} us")
    assert found <= MOST_A_CELL


def test_a_view_of_a_large_image(workspace) -> None:
    """512 MiB are got, computed from as they are, and stored without a pass."""
    data = np.ones((8192, 32768), np.uint16)
    workspace.add("large", create_image("large", data), copy=False)

    def get_and_add() -> None:
        view = workspace.get("large", copy=False)
        workspace.add("again", view, copy=False, overwrite=True)
        workspace._session.recorder.settle()

    get_and_add()
    begin = time.perf_counter()
    get_and_add()
    taken = time.perf_counter() - begin
    report(f"a view of 512 MiB, got and added: {taken * 1e3:.2f} ms")
    assert taken < 5e-3
