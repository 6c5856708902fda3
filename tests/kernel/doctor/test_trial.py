"""A kernel is tried out for real; one that lacks something is found out."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from datalab_kernel import kernelspec
from datalab_kernel.doctor import trial
from support.doctor import code, launcher, write_spec


def test_a_kernel_that_works_is_shown_to(
    jupyter: Path, isolated_environment: Path
) -> None:
    kernelspec.install(prefix=jupyter)
    before = set(isolated_environment.rglob("*"))

    ready, works, repairs, interrupt, shutdown = trial.check()

    title = "kernel datalab-kernel:"
    assert ready.text.startswith(f"{title} ready after ")
    assert works.text.startswith(f"{title} workspace, sigima and plotter work (")
    assert repairs.text.startswith(f"{title} active repairs: ")
    assert interrupt.text.startswith(f"{title} an interrupt stops a cell (")
    assert shutdown.text == f"{title} shuts down with exit code 0"
    findings = (ready, works, repairs, interrupt, shutdown)
    assert {finding.level for finding in findings} == {"ok"}
    written = set(isolated_environment.rglob("*")) - before
    cache = isolated_environment / "matplotlib"
    assert {path for path in written if not path.is_relative_to(cache)} == set()


def test_a_kernel_that_dies_at_its_start_shows_what_it_said_last(
    jupyter: Path, modules: Callable
) -> None:
    kernelspec.install(prefix=jupyter)
    modules(xpython="raise RuntimeError('not built for this machine')")

    (finding,) = trial.check()  # this Python's own would fail in the same way

    assert finding.level == "error"
    assert "kernel datalab-kernel: does not start: Kernel died" in finding.text
    assert finding.details[-1] == "RuntimeError: not built for this machine"


def test_if_the_kernel_that_users_get_is_broken_this_pythons_own_is_tried(
    jupyter: Path,
) -> None:
    gone = str(jupyter / "gone")
    write_spec(jupyter, argv=launcher(gone))

    broken, own = itertools.islice(trial.check(), 2)

    assert broken.level == "error"
    assert gone in broken.text
    assert "-m datalab_kernel install" in str(broken.remedy)
    assert own.level == "ok"
    assert own.text.startswith("this Python's own kernel: ready after ")


def test_a_kernelspec_that_cannot_be_read_leaves_this_pythons_own_to_try(
    jupyter: Path,
) -> None:
    directory = write_spec(jupyter, argv=[])
    (directory / "kernel.json").write_text("{")

    own = next(trial.check())

    assert own.level == "ok"
    assert own.text.startswith("this Python's own kernel: ready after ")


def test_a_kernel_that_hangs_is_given_up(jupyter: Path, modules: Callable) -> None:
    kernelspec.install(prefix=jupyter)
    modules(xpython="import time\ndef launch(argv): time.sleep(600)")

    (finding,) = trial.check(patience=2)

    assert finding.level == "error"
    assert "does not start: Kernel didn't respond in 2 seconds" in finding.text


# What is done to a kernel before it starts, and how what is found wrong then begins
# (regular expressions). A stock kernel that is interrupted calls `exit` in a signal
# handler. Where the signal arrives within `malloc`, this waits forever.
FAULTS = {
    "import numpy; numpy.linspace = None": ["error .*: a cell failed: TypeError"],
    (
        "from datalab_kernel_core.plotter.plot import Plot; "
        "del Plot._repr_png_, Plot._repr_mimebundle_"
    ): ["error .*: a plot did not arrive as an image"],
    "launcher.REPAIRS = (); launcher.interrupt.prepare = lambda: None": [
        "error .*: an interrupt (ended the kernel|was not answered within 30 s)$"
    ],
    "registry.report = None; launcher.interrupt.Interrupter.on_signal = ignore": [
        "warn .*: the state of its repairs is unknown",
        "error .*: no interrupt within",
    ],
    "launcher.parent.install = stand_aside; atexit.register(os._exit, 3)": [
        "warn .*: the repair 'parent' is not active: no need",
        "error .*: ends with exit code 3 when shut down",
    ],
}
LAUNCH = """
import atexit, os, threading
from datalab_kernel import launcher
from datalab_kernel.xeus import registry
def stand_aside(shell): raise registry.NotApplicable('no need')
def ignore(*signal): pass
def wait(*signal): threading.Event().wait()
{fault}
launcher.main()
"""


@pytest.mark.parametrize(("fault", "expected"), FAULTS.items())
def test_what_a_kernel_does_not_do_is_found(
    jupyter: Path, fault: str, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "INTERRUPT_PATIENCE", 1.0)
    monkeypatch.setattr(trial, "ANSWER_PATIENCE", 30.0)

    found = faults_of(jupyter, fault)

    assert len(found) == len(expected), found
    assert all(map(re.match, expected, found)), found


def test_a_kernel_that_hangs_when_it_is_interrupted_is_given_up(
    jupyter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "ANSWER_PATIENCE", 1.0)

    (found,) = faults_of(jupyter, "launcher.interrupt.Interrupter.on_signal = wait")

    expected = "kernel datalab-kernel: an interrupt was not answered within 1 s"
    assert found == f"error {expected}"


def faults_of(jupyter: Path, fault: str) -> list[str]:
    """What is found wrong with a kernel to which something has been done."""
    write_spec(jupyter, argv=code(LAUNCH.format(fault=fault)))
    found = []
    for finding in trial.check():
        if finding.level != "ok":
            found.append(f"{finding.level} {finding.text}")
        if finding.level == "error":
            break  # without the trial of this Python's own kernel
    return found
