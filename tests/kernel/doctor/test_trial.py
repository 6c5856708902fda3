"""A kernel is tried out for real; one that lacks something is found out."""

from __future__ import annotations

import itertools
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


# What is done to a kernel before it starts, and what is found then.
FAULTS = {
    "import numpy; numpy.linspace = None": (
        "error kernel datalab-kernel: a cell failed: TypeError"
    ),
    (
        "from datalab_kernel_core.plotter.plot import Plot; "
        "del Plot._repr_png_, Plot._repr_mimebundle_"
    ): ("error kernel datalab-kernel: a plot did not arrive as an image"),
    "launcher.REPAIRS = (); launcher.interrupt.prepare = lambda: None": (
        "error kernel datalab-kernel: died while it ran a cell"
    ),
    "launcher.interrupt.Interrupter.on_signal = lambda *_: None": (
        "error kernel datalab-kernel: no interrupt within"
    ),
    "import atexit, os; atexit.register(os._exit, 3)": (
        "error kernel datalab-kernel: ends with exit code 3 when shut down"
    ),
    "launcher.parent.install = stand_aside": (
        "warn kernel datalab-kernel: the repair 'parent' is not active: no need"
    ),
    "registry.report = None": (
        "warn kernel datalab-kernel: the state of its repairs is unknown"
    ),
}
LAUNCH = """
from datalab_kernel import launcher
from datalab_kernel.xeus import registry
def stand_aside(shell): raise registry.NotApplicable('no need')
{fault}
launcher.main()
"""


@pytest.mark.parametrize(("fault", "text"), FAULTS.items())
def test_what_a_kernel_does_not_do_is_found(
    jupyter: Path, fault: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "INTERRUPT_PATIENCE", 1.0)
    write_spec(jupyter, argv=code(LAUNCH.format(fault=fault)))

    found = []
    for finding in trial.check():
        found.append(f"{finding.level} {finding.text}")
        if finding.level != "ok" or "own kernel" in finding.text:
            break  # without the other kernel's trial

    assert found[-1].startswith(text), found
