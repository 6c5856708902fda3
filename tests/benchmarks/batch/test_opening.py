"""The time that DataLab takes to open the results of a run over many objects."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from datalab_workspace import batch
from support import batch_objects
from support.cluster import functions
from support.environments import python_with
from support.measurement import measure
from support.real_datalab.application import Application
from support.real_datalab.environment import REQUIREMENTS

# The first of them may have to make DataLab's environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]
ITEMS = 10_000
#: The most seconds that it may take.
BOUND = 5.0


@pytest.fixture
def datalab(environment_cache: Path, tmp_path: Path) -> Iterator[Application]:
    """The application as users have it, which draws what it opens."""
    python = python_with(REQUIREMENTS, environment_cache)
    application = Application(python, tmp_path / "datalab", isolates=True)
    yield application
    application.close()


def test_the_summary_of_many_objects_opens_soon(
    datalab: Application, memory: Path
) -> None:
    project = batch_objects.signals(memory / "items.h5", ITEMS, points=10)
    run = batch.map(functions.halved, project, out=memory / "summary.h5", workers=2)
    assert (run.done, run.left) == (ITEMS, 0)

    def opening() -> float:
        begun = time.perf_counter()
        datalab.rpc.load_h5_workspace([str(memory / "summary.h5")], True)
        taken = time.perf_counter() - begun
        assert datalab.rpc.get_object_titles("signal")
        return taken

    taken = measure(f"DataLab opens the summary of {ITEMS:,} items", opening, rounds=5)
    assert taken <= BOUND
