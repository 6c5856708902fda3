"""Clusters on this machine."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support import batch_objects
from support.cluster.link import Quality
from support.cluster.machines import namespaces_permitted
from support.cluster.programs import Cluster


@pytest.fixture(scope="session", autouse=True)
def linux() -> None:
    """Skip elsewhere: other systems have one loopback address, and no namespaces."""
    if sys.platform != "linux":
        pytest.skip("the machines of these clusters need Linux")


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Callable[..., Cluster]]:
    """`cluster(workers, quality=…)`: a cluster whose workers are yet to be added."""
    started: list[Cluster] = []

    def start(workers: int, *, quality: Quality | None = None) -> Cluster:
        folder = tmp_path / "cluster"
        folder.mkdir()
        started.append(
            Cluster(folder, workers, namespaces=namespaces_permitted(), quality=quality)
        )
        return started[-1]

    yield start
    for one in started:
        sys.stdout.write(one.printed())  # shown if the test failed
        one.close()


@pytest.fixture(scope="session")
def signals(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Path]:
    """`signals(count)`: a project of short signals, in a folder that all see."""
    folder = tmp_path_factory.mktemp("shared")

    def project(count: int) -> Path:
        path = folder / f"{count} signals.h5"
        if not path.exists():
            batch_objects.signals(path, count, points=100)
        return path

    return project
