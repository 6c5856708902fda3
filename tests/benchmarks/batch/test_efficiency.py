"""The CPU time of `batch.map`, and that of two processes that are written by hand.

Both call the same functions of sigima. Ours in addition finds the objects, names and
checks them, notes on disk what is done, and writes projects that DataLab opens.
"""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable
from pathlib import Path

import pytest

from support import batch_objects
from support.measurement import report

pytestmark = pytest.mark.timeout(3600)
ROUNDS = 5
#: A part of the objects, for a first look: the figures that count are those of all.
PART = float(os.environ.get("BATCH_BENCHMARK_PART", "1"))
SIGNALS, IMAGES = int(2000 * PART), int(200 * PART)


@pytest.fixture(scope="module")
def signals(memory: Path) -> Path:
    return batch_objects.signals(memory / "signals.h5", SIGNALS)


@pytest.fixture(scope="module")
def images(memory: Path) -> Path:
    return batch_objects.images(memory / "images.h5", IMAGES)


@pytest.mark.parametrize("engine", ["processes", "dask"])
@pytest.mark.parametrize(
    ("project", "computation", "keep", "bound"),
    [
        ("signals", "filter_signal", "objects", 0.85),
        ("signals", "filter_signal", "table", 0.92),
        ("images", "filter_image", "objects", 0.92),
    ],
)
def test_little_is_added_to_the_computation(
    request: pytest.FixtureRequest,
    program: Callable[..., object],
    engine: str,
    project: str,
    computation: str,
    keep: str,
    bound: float,
) -> None:
    path = request.getfixturevalue(project)
    ours = program("with_product.py", path, computation, keep, engine)
    by_hand = program("by_hand.py", path, computation, keep)
    ours.answer(), by_hand.answer()
    rounds = [(ours.answer(), by_hand.answer()) for _ in range(ROUNDS)]
    efficiencies = [hand / (one["driver"] + one["workers"]) for one, hand in rounds]
    best = min(hand for _, hand in rounds) / min(
        one["driver"] + one["workers"] for one, _ in rounds
    )
    first = rounds[0][0]
    report(
        f"{project}, {keep} kept, on {engine}: efficiency {best:.3f} of the minima, "
        f"median {statistics.median(efficiencies):.3f}; "
        f"by hand {min(hand for _, hand in rounds):.2f} s, "
        f"driver {min(one['driver'] for one, _ in rounds):.2f} s, "
        f"workers {min(one['workers'] for one, _ in rounds):.2f} s, "
        f"peak of the driver {first['peak'] / 1e6:.0f} MB"
    )
    assert (first["failed"], first["sigima"]) == (0, False)
    assert best >= bound
