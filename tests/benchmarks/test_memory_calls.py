"""Calls of a workspace in memory, next to those of an earlier revision.

The revision is that of the variable ``REVISION``, by default the parent of the present
one: ``REVISION=v0.3.0 hatch run bench tests/benchmarks/test_memory_calls.py``.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.measurement import compare

ROOT = Path(__file__).parents[2]
SOURCE = "packages/datalab-workspace-api/src"
PROGRAM = Path(__file__).with_name("memory_calls.py")
#: A call is no slower than before, but for the noise of the machine.
BOUND = 1.05
ROUNDS = 15

Measure = Callable[[str], float]


@pytest.fixture(scope="module")
def measures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Measure]]:
    """Functions that measure a call with this source, and with the earlier one."""
    earlier = tmp_path_factory.mktemp("earlier")
    revision = os.environ.get("REVISION", "HEAD^")
    archive = subprocess.run(
        ["git", "archive", revision, SOURCE], cwd=ROOT, check=True, capture_output=True
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as members:
        members.extractall(earlier, filter="data")
    with ExitStack() as stack:
        yield [_measure(stack, root / SOURCE) for root in (ROOT, earlier)]


def _measure(stack: ExitStack, source: Path) -> Measure:
    program = stack.enter_context(
        subprocess.Popen(
            [sys.executable, str(PROGRAM)],
            env={**os.environ, "PYTHONPATH": str(source)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
    )
    assert program.stdin is not None
    stack.callback(program.stdin.close)

    def measure(call: str) -> float:
        assert program.stdin is not None
        assert program.stdout is not None
        program.stdin.write(f"{call}\n")
        program.stdin.flush()
        return float(program.stdout.readline())

    return measure


@pytest.mark.parametrize("call", ["add", "get", "calc"])
def test_a_call_is_no_slower_than_before(call: str, measures: list[Measure]) -> None:
    ours, before = measures
    comparison = compare(
        f"{call} of a signal of 1,000 points",
        lambda: ours(call),
        lambda: before(call),
        rounds=ROUNDS,
    )
    assert comparison.ratio <= BOUND
