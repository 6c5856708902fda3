"""Run rules of the conformance suite where sigima and the like cannot be had."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Collection

import pytest

_OPTIONS = (
    *("-q", "-s", "-rN", "--assert=plain", "--noconftest"),
    *("-p", "no:cacheprovider", "-p", "no:faulthandler"),
)


class Outcomes:
    """What came of each test.

    Args:
        wanted: Names of the tests to run, without their class; None for all.
    """

    def __init__(self, wanted: Collection[str] | None) -> None:
        self.wanted = wanted
        self.passed: list[str] = []
        self.failed: list[str] = []
        self.lacking: list[str] = []

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        if self.wanted is not None:
            items[:] = [item for item in items if item.name in self.wanted]

    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> None:
        if call.excinfo is None:
            if call.when == "call":
                self.passed.append(item.name)
        elif call.excinfo.errisinstance(ModuleNotFoundError):
            self.lacking.append(item.name)
        else:
            self.failed.append(item.name)


class _Absent:
    def __init__(self, packages: Collection[str]) -> None:
        self.packages = packages

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name.partition(".")[0] in self.packages:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def hide(packages: Collection[str]) -> None:
    """Make as if packages were not installed."""
    sys.meta_path.insert(0, _Absent(packages))


def run(
    suite: str, wanted: Collection[str] | None = None, *, tracebacks: str = "short"
) -> Outcomes:
    """Run a class of `browser_conformance`.

    Args:
        suite: Its name.
        wanted: Names of the tests to run; None for all.
        tracebacks: How much is printed of failures, as pytest's option says.
    """
    outcomes = Outcomes(wanted)
    spec = importlib.util.find_spec("browser_conformance")
    target = f"{spec.origin}::{suite}"
    # pytest.ini of nobody: what lies around is none of its business.
    options = [*_OPTIONS, f"--tb={tracebacks}", "-c", "/dev/null", target]
    pytest.main(options, plugins=[outcomes])
    sys.stdout.flush()
    return outcomes
