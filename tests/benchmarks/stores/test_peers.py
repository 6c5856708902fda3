"""Saving and loading beside h5py, zarr and anndata, which do the same work.

They run in a process of an environment of their own. Rounds of ours and of theirs
alternate. A save of ours also computes checksums, waits for the disk and replaces the
file in one step, and a load of ours checks what it reads; none of them does that.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest

from datalab_workspace import Workspace
from datalab_workspace import open as open_project
from support.measurement import compare_all

HERE = Path(__file__).parent
OBJECTS = POINTS = 1000
SIDE = 8192
REGION = np.s_[1000:1256, 2000:2256]
LIBRARIES = ("h5py", "zarr", "anndata")
ROUNDS = 5
#: The largest ratio to each library. The checks that they lack cost us most for a large
#: image, which all of them copy as it is.
BOUNDS = MappingProxyType(
    {
        "save_signals": (1.0, 1.0, 1.0),
        "load_signals": (1.0, 1.0, 1.0),
        "list_signals": (0.2, 1.0, 0.2),
        "save_image": (2.0, 1.0, 2.0),
        "load_image": (1.5, 1.5, 1.5),
        "read_region": (2.0, 2.0, 2.0),
    }
)

Ask = Callable[[str, str], float]


@pytest.fixture(scope="module")
def ask(python_of: Callable[[Path], Path], memory: Path) -> Iterator[Ask]:
    """The seconds that a task takes with one of the libraries."""
    command = [python_of(HERE / "peers.txt"), HERE / "with_peers.py", memory]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def asked(library: str, task: str) -> float:
            process.stdin.write(f"{library} {task}\n")
            process.stdin.flush()
            return float(process.stdout.readline())

        yield asked
        process.stdin.close()


@pytest.fixture(scope="module")
def tasks(memory: Path) -> dict[str, Callable[[], object]]:
    """What a workspace does, by the name of the task."""
    signals, image = Workspace(), Workspace()
    x = np.linspace(0, 1, POINTS)
    metadata = {"gain": 0.5, "channel": 1, "color": "#1f77b4"}
    for number in range(OBJECTS):
        name = signals.add(f"signal {number}", (x, np.full(POINTS, float(number))))
        signals.edit(name, xlabel="Time", xunit="s", metadata=metadata)
    pixels = np.random.default_rng(1).integers(0, 1 << 16, (SIDE, SIDE), "u2")
    image.add("image", pixels, copy=False)
    large, many = memory / "image.h5", memory / "signals.h5"

    def region() -> object:
        data = open_project(large).record("image").arrays["data"]
        return np.asarray(data[REGION])

    def save(workspace: Workspace, path: Path) -> object:
        path.unlink(missing_ok=True)
        return workspace.save(path)

    return {
        "save_signals": lambda: save(signals, many),
        "load_signals": lambda: Workspace().load(many),
        "list_signals": lambda: open_project(many).list(),
        "save_image": lambda: save(image, large),
        "load_image": lambda: Workspace().load(large),
        "read_region": region,
    }


@pytest.mark.timeout(900)  # anndata saves a thousand signals in 20 s
@pytest.mark.parametrize("task", BOUNDS)
def test_work_beside_other_libraries(
    task: str, tasks: dict[str, Callable[[], object]], ask: Ask
) -> None:
    others = {name: lambda name=name: ask(name, task) for name in LIBRARIES}
    taken = compare_all(task, {"ours": tasks[task], **others}, rounds=ROUNDS)

    best = {name: min(seconds) for name, seconds in taken.items()}
    ratios = [best["ours"] / best[name] for name in LIBRARIES]
    shown = dict(zip(LIBRARIES, [f"{ratio:.2f}" for ratio in ratios], strict=True))
    assert all(np.less_equal(ratios, BOUNDS[task])), shown
