"""A workspace by the companion, beside DataLab's own protocols and bare HTTP."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import sigima.proc.image as images

import datalab_workspace as dlw
from datalab_workspace.live.codecs import npz
from datalab_workspace.model.sigima_objects import to_record
from support.measurement import Peak, compare, compare_all, report
from support.real_datalab.bare_web_api import BareWebApi
from support.real_datalab.window_client import WindowClient

# The first of them may have to make DataLab's environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]

SMALL_CALL = 0.005
DRAWN_CALL = 0.100
MANY = 1_000
SNAPSHOT = 0.150
SINCE = 0.020
ADD_MANY = 3.0
ADD_ONE = 0.2
TRANSFER = 1.2
WORK = 1.3
COPIES = 1.1
ROUNDS = 5
CALLS = 10
POINTS = np.linspace(-3.0, 3.0, 100)
Attach = Callable[[], dlw.Workspace]


def image(mebibytes: int) -> np.ndarray:
    """Return an image of noise."""
    shape = (mebibytes << 7, 4096)
    return np.random.default_rng(1).integers(0, 4096, shape, np.uint16)


def taken(act: Callable[[], object]) -> float:
    """Return the seconds that something takes."""
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


@pytest.fixture
def undrawn(companion: WindowClient) -> Iterator[None]:
    """The window draws nothing."""
    companion.evaluate("main.toggle_auto_refresh(False)")
    yield
    companion.evaluate("main.toggle_auto_refresh(True)")


def each(call: Callable[[], object]) -> Callable[[], float]:
    """Return what makes some calls, and returns the mean of their seconds.

    So what the window still does for the protocol before is shared among several.
    """
    return lambda: taken(lambda: [call() for _ in range(CALLS)]) / CALLS


# -- small calls ----------------------------------------------------------------------


@pytest.mark.usefixtures("undrawn")
def test_small_calls(
    workspace: dlw.Workspace, earlier: dlw.Workspace, bare: BareWebApi
):
    workspace.update(dict.fromkeys(("peak", "noisy"), (POINTS, POINTS**2)))
    numbers = itertools.count()

    def calls(ws: dlw.Workspace) -> dict[str, Callable[[], object]]:
        return {
            "list": ws.list,
            "describe one": lambda: ws.describe("peak"),
            "get": lambda: ws.get("peak"),
            "edit": lambda: ws.edit("peak", xlabel=f"t {next(numbers)}"),
        }

    def adding(ws: dlw.Workspace) -> Callable[[], float]:
        def subject() -> float:
            names = [f"n{next(numbers)}" for _ in range(CALLS)]
            took = taken(lambda: [ws.add(name, (POINTS, POINTS)) for name in names])
            workspace.remove(*names)
            return took / CALLS

        return subject

    def subjects(ws: dlw.Workspace) -> dict[str, Callable[[], float]]:
        timed = {what: each(call) for what, call in calls(ws).items()}
        return {**timed, "add": adding(ws)}

    ours, theirs = subjects(workspace), subjects(earlier)
    medians = {}
    for what in ours:
        measured = compare_all(
            what,
            {
                "companion": ours[what],
                "two protocols": theirs[what],
                "bare GET": each(lambda: bare("GET", "objects/peak")),
            },
            rounds=ROUNDS,
        )
        medians[what] = statistics.median(measured["companion"])
    assert {w: s for w, s in medians.items() if s > SMALL_CALL} == {}


def test_a_call_that_draws(workspace: dlw.Workspace, earlier: dlw.Workspace):
    workspace.add("peak", (POINTS, POINTS**2))
    workspace.select("peak")
    numbers = itertools.count()

    def edit(ws: dlw.Workspace) -> None:
        ws.edit("peak", xlabel=f"t {next(numbers)}")

    measured = compare_all(
        "edit of the signal that is shown",
        {
            "companion": each(lambda: edit(workspace)),
            "two protocols": each(lambda: edit(earlier)),
        },
        rounds=9,
    )
    assert statistics.median(measured["companion"]) <= DRAWN_CALL


# -- many objects ---------------------------------------------------------------------


def test_a_thousand_objects(
    companion: WindowClient, attach: Attach, earlier: dlw.Workspace, bare: BareWebApi
):
    workspace = attach()
    signals = {f"n{number}": (POINTS, POINTS + number) for number in range(MANY)}
    many = []
    for _ in range(ROUNDS):
        workspace.clear(all=True)
        many.append(taken(lambda: workspace.update(signals)))
    report(f"{MANY} signals in one transaction: {sorted(many)} s")
    bare.close()
    measured = compare_all(
        f"list of {MANY} signals",
        {
            "companion, first": lambda: attach().list(),
            "companion, again": workspace.list,
            "two protocols": earlier.list,
            "bare GET": lambda: bare("GET", "objects"),
        },
        rounds=ROUNDS,
    )
    numbers = itertools.count()
    more = compare_all(
        f"one more at {MANY}",
        {"companion": lambda: workspace.add(f"m{next(numbers)}", (POINTS, POINTS))},
        rounds=9,
    )
    companion.do({"op": "clear"})
    bounds = {
        "add many": (statistics.median(many), ADD_MANY),
        "snapshot": (statistics.median(measured["companion, first"]), SNAPSHOT),
        "since": (statistics.median(measured["companion, again"]), SINCE),
        "add one": (statistics.median(more["companion"]), ADD_ONE),
    }
    assert {what: row for what, row in bounds.items() if row[0] > row[1]} == {}


# -- large objects --------------------------------------------------------------------


def test_get(
    companion: WindowClient, attach: Attach, earlier: dlw.Workspace, bare: BareWebApi
):
    """Of objects that this notebook, another one, and the window made."""
    workspace = attach()
    data = image(64)
    workspace.add("ours", data)
    attach().add("theirs", data)
    bare("PUT", "objects/window/data", b"".join(npz.encode(to_record(data))))
    for name in ("ours", "theirs", "window"):
        np.testing.assert_array_equal(workspace.get(name).data, data)
    bare.close()
    measured = compare_all(
        "get of a 64 MiB image",
        {
            "of this notebook": lambda: workspace.get("ours"),
            "of another notebook": lambda: workspace.get("theirs"),
            "of the window": lambda: workspace.get("window"),
            "two protocols": lambda: earlier.get("ours"),
            "bare GET": lambda: bare("GET", "objects/ours/data?compress=false"),
        },
        rounds=7,
    )
    companion.do({"op": "clear"})
    ratios = {
        name: min(times) / min(measured["bare GET"]) for name, times in measured.items()
    }
    report(f"ratios: { {name: round(ratio, 2) for name, ratio in ratios.items()} }")
    ours = {n: r for n, r in ratios.items() if n.startswith("of")}
    assert {n: r for n, r in ours.items() if r > TRANSFER} == {}


@pytest.mark.usefixtures("undrawn")
def test_add(workspace: dlw.Workspace, earlier: dlw.Workspace, bare: BareWebApi):
    data = image(64)
    body = b"".join(npz.encode(to_record(data)))

    def add(ws: dlw.Workspace, name: str) -> float:
        took = taken(lambda: ws.add(name, data))
        ws.remove(name)
        return took

    def put() -> float:
        bare.close()
        took = taken(lambda: bare("PUT", "objects/bare/data", body))
        bare("DELETE", "objects/bare")
        return took

    measured = compare_all(
        "add of a 64 MiB image",
        {
            "companion": lambda: add(workspace, "ours"),
            "two protocols": lambda: add(earlier, "theirs"),
            "bare PUT": put,
        },
        rounds=7,
    )
    ratio = min(measured["companion"]) / min(measured["bare PUT"])
    report(f"ratio: {ratio:.2f}")
    assert ratio <= TRANSFER


@pytest.mark.usefixtures("undrawn")
def test_calc(workspace: dlw.Workspace, bare: BareWebApi):
    """Of an image that the window opened, beside its three steps."""
    bare("PUT", "objects/window/data", b"".join(npz.encode(to_record(image(16)))))

    def ours() -> float:
        took = taken(lambda: found.append(workspace.calc("rotate90", on="window")))
        workspace.remove(found.pop())
        return took

    def reference() -> float:
        took = taken(
            lambda: workspace.add("steps", images.rotate90(workspace.get("window")))
        )
        workspace.remove("steps")
        return took

    found: list[str] = []
    compared = compare("calc of a 16 MiB image", ours, reference)
    assert compared.ratio <= WORK


@pytest.mark.usefixtures("undrawn")
def test_save(workspace: dlw.Workspace, tmp_path: Path):
    workspace.update({f"image {number}": image(8) + number for number in range(8)})
    workspace.update({f"n{number}": (POINTS, POINTS + number) for number in range(100)})
    names = workspace.list()
    numbers = itertools.count()
    compared = compare(
        "save of eight images of 8 MiB and 100 signals, beside their gets",
        lambda: workspace.save(tmp_path / f"{next(numbers)}.h5", compression="none"),
        lambda: [workspace.get(name) for name in names],
        rounds=ROUNDS,
    )
    assert compared.ratio <= WORK


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("by", ["this notebook", "another notebook"])
def test_memory(companion: WindowClient, attach: Attach, by: str):
    """256 MiB both ways: one copy here, and one in DataLab."""
    workspace = attach()
    workspace.add("small", image(1))
    workspace.get("small")
    data = image(256)
    pid = companion.datalab.process.pid
    with Peak() as adding, Peak(pid) as added:
        workspace.add("large", data)
    reader = workspace if by == "this notebook" else attach()
    with Peak() as getting, Peak(pid) as got:
        reader.get("large")
    companion.do({"op": "clear"})
    peaks = {
        "add, here": adding.peak,
        "add, DataLab": added.peak,
        "get, here": getting.peak,
        "get, DataLab": got.peak,
    }
    in_mebibytes = {what: peak >> 20 for what, peak in peaks.items()}
    report(f"memory beside 256 MiB, made by {by}: {in_mebibytes} MiB")
    assert {n: p for n, p in peaks.items() if p > COPIES * data.nbytes} == {}
