"""Each test of this folder runs on ours, on the stock kernel and on ipykernel.

A kernel that is known to fail a test is marked with what it does instead. A mark that
no longer holds is a failure: a repair can go, or ours has been overtaken. Ours is
marked only where xeus-python's C++ code decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from datalab_kernel.kernelspec import KERNEL_NAME
from support.three_kernels import LITTLE_PATIENCE, NAMES

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def shared(running: Callable) -> Iterator[Callable[[str], Any]]:
    """One kernel of each name, for what leaves it as it was."""
    with ExitStack() as stack:
        kernels: dict[str, Any] = {}

        def get(name: str) -> Any:
            if name not in kernels:
                kernels[name] = stack.enter_context(running(name))
            return kernels[name]

        yield get


def defect_of(test: pytest.Item, name: str) -> str | None:
    """Return what a kernel is known to do instead of what a test expects, if any."""
    found = None
    # The mark of one row of a test says more than that of all its rows.
    for mark in reversed([*test.iter_markers("known_defects")]):
        found = mark.kwargs.get(NAMES[name], found)
    return found


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the other kernels to `test-full`: only their releases change them."""
    for item in items:
        if item.path.parent != HERE:  # pytest asks each conftest about all tests
            continue
        parameters = getattr(item, "callspec", None)
        if parameters and parameters.params.get("name", KERNEL_NAME) != KERNEL_NAME:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(params=NAMES, ids=NAMES.get)
def name(request: pytest.FixtureRequest) -> str:
    """The kernel's name; the test is expected to fail where a defect is known."""
    defect = defect_of(request.node, request.param)
    if defect is not None:
        request.applymarker(pytest.mark.xfail(reason=defect, strict=True))
    return str(request.param)


@pytest.fixture
def own(
    request: pytest.FixtureRequest, name: str, start: Callable[..., Any]
) -> Callable[..., Any]:
    """Start each of the kernels, with further environment variables if given."""

    def begin(**variables: str) -> Any:
        kernel = start(name, **variables)
        if defect_of(request.node, name) is not None:
            kernel.patience = LITTLE_PATIENCE
        return kernel

    return begin


@pytest.fixture
def own_kernel(own: Callable[..., Any]) -> Any:
    """Each of the kernels, for one test."""
    return own()


@pytest.fixture
def any_kernel(
    request: pytest.FixtureRequest, name: str, shared: Callable[[str], Any]
) -> Any:
    """Each of the kernels, shared with other tests unless it is known to fail."""
    if defect_of(request.node, name) is not None:
        return request.getfixturevalue("own_kernel")
    return shared(name)
