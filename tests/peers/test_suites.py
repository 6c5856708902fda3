"""What passes on ipykernel, of the suites of its peers and its own, passes on ours."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.peers.running import KERNELS, Peers
from support.peers.suites import Suite, read_differences, read_suites

HERE = Path(__file__).parent
DIFFERENCES = read_differences(HERE / "known_differences.toml")
SUITES = read_suites(HERE / "suites.toml")

pytestmark = [
    # The first of them may have to make the environment.
    pytest.mark.timeout(3600),
    pytest.mark.skipif(
        sys.version_info < (3, 11), reason="the peers of today need Python 3.11"
    ),
    pytest.mark.skipif(sys.platform == "win32", reason="the suites expect POSIX"),
]


def runs() -> Iterator[Any]:
    """Each module of each suite; those that take long are slow tests."""
    for suite in SUITES:
        for module in suite.modules:
            marks = [] if module in suite.short else [pytest.mark.slow]
            identifier = f"{suite.name}-{Path(module).stem}"
            yield pytest.param(suite, module, id=identifier, marks=marks)


@pytest.fixture(scope="module")
def peers(
    python_of: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory
) -> Peers:
    """The environment of the suites."""
    peers = Peers(python_of(HERE / "peers.txt"), tmp_path_factory.mktemp("specs"))
    peers.write_kernelspecs()
    return peers


@pytest.mark.parametrize(("suite", "module"), [*runs()])
def test_what_passes_on_ipykernel_passes_on_ours(
    peers: Peers, suite: Suite, module: str, tmp_path: Path
) -> None:
    ours, theirs = (
        peers.passed(suite, module, kernel, tmp_path / kernel) for kernel in KERNELS
    )

    passed = {test for test, outcome in theirs.items() if outcome}
    lost = {test for test in passed if not ours.get(test, False)}
    dotted = module.removesuffix(".py").replace("/", ".")
    known = [
        difference
        for difference in DIFFERENCES
        if difference.suite == suite.name and difference.test.startswith(dotted)
    ]
    always = {difference.test for difference in known if not difference.sometimes}
    new = lost - {difference.test for difference in known}
    assert len(passed) >= suite.modules[module], "too few pass on ipykernel"
    assert new == set(), "these pass on ipykernel and not on ours"
    assert always - lost == set(), "remove these from known_differences.toml"


def test_each_difference_is_one_of_a_module_that_is_run() -> None:
    run = {
        (suite.name, module.removesuffix(".py").replace("/", "."))
        for suite in SUITES
        for module in suite.modules
    }

    for suite, test, reason, _sometimes in DIFFERENCES:
        assert any(suite == name and test.startswith(m) for name, m in run), test
        assert reason
