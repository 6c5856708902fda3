"""The time of one call in a loop, with ten objects in DataLab and with a thousand.

It is compared with that of DataLab's own functions, called inside its window. They
renumber all objects and look at all items of the tree for each object that is added;
see docs/upstream/datalab_adding.md.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable, Mapping

import numpy as np
import pytest

import datalab_workspace as dlw
from support.measurement import report
from support.real_datalab.window_client import WindowClient

# The first of them may have to make DataLab's environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]

FEW, MANY = 10, 1_000
#: So many objects are there when DataLab itself adds some: with a thousand, it takes
#: half a minute for each.
OF_DATALAB = 200
ROUNDS = 5
CALLS = 10
#: A call with a thousand objects may take so many times as long as one with ten: the
#: answer to a call that adds an object has the order of all.
RATIO = 3.0
POINTS = np.linspace(-3.0, 3.0, 100)
Call = Callable[[], object]

#: Seconds that DataLab's own functions take, for several calls.
THEIRS = {
    "edit": "(setattr(obj, 'xlabel', str(n)), panel.objview.update_item(uuid), "
    "panel.SIG_OBJECT_MODIFIED.emit())",
    "add": "panel.add_object(obj.copy(), set_current=False)",
}
_TIMED = """[
    (call, time.perf_counter() - start)[1]
    for time in [__import__('time')]
    for panel in [main.signalpanel]
    for obj in [panel.objmodel.get_object_from_number(4)]
    for uuid in [obj.metadata['__uuid']]
    for n in range({calls}) for start in [time.perf_counter()] for call in [{call}]
]""".replace("\n", " ")


def calls_of(workspace: dlw.Workspace, objects: int) -> Mapping[str, Call]:
    """Return what users call in loops."""
    numbers = itertools.count()
    name, first = f"n{objects // 2}", workspace.describe("n0").uuid
    return {
        "get": lambda: workspace.get(name),
        "describe": lambda: workspace.describe(name),
        "edit": lambda: workspace.edit(name, xlabel=f"t{next(numbers)}"),
        "rename": lambda: workspace.rename(first, f"r{next(numbers)}"),
        "add": lambda: workspace.add(f"a{next(numbers)}", (POINTS, POINTS)),
        "calc": lambda: workspace.calc(
            "moving_average", on=f"n{1 + next(numbers) % (objects - 1)}"
        ),
    }


def filled(workspace: dlw.Workspace, objects: int) -> None:
    workspace.clear(all=True)
    workspace.update({f"n{n}": (POINTS, POINTS + n) for n in range(objects)})


@pytest.fixture
def workspace(
    companion: WindowClient, attach: Callable[[], dlw.Workspace]
) -> dlw.Workspace:
    """A workspace at a window that draws nothing."""
    companion.evaluate("main.toggle_auto_refresh(False)")
    return attach()


def test_a_loop_over_many_objects(
    companion: WindowClient, workspace: dlw.Workspace
) -> None:
    taken: dict[tuple[str, int], list[float]] = {}
    for _, objects in itertools.product(range(ROUNDS), (FEW, MANY)):
        filled(workspace, objects)
        for what, call in calls_of(workspace, objects).items():
            call()
            for _ in range(CALLS):
                start = time.perf_counter()
                call()
                taken.setdefault((what, objects), []).append(
                    time.perf_counter() - start
                )
    ratios = {}
    for what in dict.fromkeys(what for what, _ in taken):
        few, many = taken[what, FEW], taken[what, MANY]
        ratios[what] = min(many) / min(few)
        report(
            f"{what}: {_shown(few)} with {FEW} objects, {_shown(many)} with {MANY}, "
            f"ratio {ratios[what]:.2f}"
        )
    for what, code in THEIRS.items():
        for objects in (FEW, OF_DATALAB if what == "add" else MANY):
            filled(workspace, objects)
            timed = companion.evaluate(_TIMED.format(calls=CALLS, call=code))
            report(f"DataLab's own {what}: {_shown(timed)} with {objects} objects")
    companion.do({"op": "clear"})
    assert {what: r for what, r in ratios.items() if r > RATIO} == {}


def _shown(seconds: list[float]) -> str:
    return (
        f"{1000 * min(seconds):.2f} ms (median {1000 * statistics.median(seconds):.2f})"
    )
