"""The running Python and its packages, in order and broken."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import datalab_kernel
from datalab_kernel import wheels
from datalab_kernel.doctor import environment
from datalab_kernel.doctor.findings import Finding
from datalab_kernel.doctor.processes import Unanswered, ask
from support.doctor import NEEDS_A_SHELL, the
from support.environments import SOURCES


def test_this_interpreter_is_in_order() -> None:
    version, platform = environment.check_interpreter()

    assert version.level == "ok"
    assert "{}.{}.{}".format(*sys.version_info[:3]) in version.text
    assert sys.executable in version.text
    assert "environment" in version.text
    assert platform.level in ("ok", "note")


def test_a_python_that_is_too_old_is_an_error() -> None:
    old = wheels.Platform("Linux", "x86_64", (3, 9, 1), (2, 36))

    version, platform = environment.check_interpreter(old)

    assert (version.level, platform.level) == ("error", "ok")
    assert version.remedy == "use Python 3.10 or later"


@pytest.mark.parametrize(
    "platform",
    [
        wheels.Platform("Linux", "x86_64", (3, 11, 7), (2, 36)),
        wheels.Platform("Darwin", "arm64", (3, 13, 0), (15, 1)),
        wheels.Platform("Darwin", "x86_64", (3, 14, 0), (15, 0)),
        wheels.Platform("Windows", "amd64", (3, 10, 0)),
    ],
)
def test_where_there_is_a_wheel_pip_installs_xeus_python(
    platform: wheels.Platform,
) -> None:
    assert wheels.unsupported(platform) is None
    assert wheels.remedy(platform).startswith("pip install xeus-python")


@pytest.mark.parametrize(
    ("platform", "reason"),
    [
        (wheels.Platform("Linux", "aarch64", (3, 11, 0), (2, 36)), "Linux aarch64"),
        (wheels.Platform("Linux", "x86_64", (3, 11, 0)), "glibc"),
        (wheels.Platform("Linux", "x86_64", (3, 11, 0), (2, 17)), "glibc"),
        (wheels.Platform("Windows", "arm64", (3, 11, 0)), "Windows arm64"),
        (wheels.Platform("Darwin", "arm64", (3, 11, 0), (14, 6)), "macOS before 15"),
        (wheels.Platform("Linux", "x86_64", (3, 15, 0), (2, 36)), "Python 3.15"),
        (
            wheels.Platform("Linux", "x86_64", (3, 13, 0), (2, 36), free_threaded=True),
            "free-threaded",
        ),
        (
            wheels.Platform("Linux", "x86_64", (3, 11, 0), (2, 36), "pypy"),
            "pypy",
        ),
    ],
)
def test_where_there_is_no_wheel_another_kernel_is_named(
    platform: wheels.Platform, reason: str
) -> None:
    assert reason in str(wheels.unsupported(platform))
    assert wheels.remedy(platform).startswith(wheels.ALTERNATIVE)
    finding = the(environment.check_interpreter(platform), "another kernel")
    assert finding.level == "note"
    assert reason in finding.text


def test_in_a_conda_environment_conda_is_the_remedy() -> None:
    platform = wheels.Platform("Linux", "aarch64", (3, 11, 0), (2, 36), conda=True)

    assert wheels.remedy(platform) == "conda install -c conda-forge xeus-python"
    finding = the(environment.check_interpreter(platform), "conda-forge may")
    assert finding.level == "note"


def test_the_running_platform_is_recognised() -> None:
    platform = wheels.Platform.current()

    assert platform.python == sys.version_info[:3]
    assert platform.implementation == sys.implementation.name
    # xeus-python is installed here, from a wheel.
    assert wheels.unsupported(platform) is None


def test_what_is_installed_is_named_with_its_version() -> None:
    findings = list(environment.check_packages())

    assert {finding.level for finding in findings} == {"ok"}
    assert findings[0].text.startswith(f"datalab-kernel {datalab_kernel.__version__}, ")
    for name in ("xeus-python 0.", "xeus-python-shell 0.", "sigima 1.", "h5py 3."):
        the(findings, name)
    assert " (imported in " in the(findings, "sigima").text
    assert the(findings, "xeus-python 0.").text.endswith(", its Python module")


def test_what_cannot_be_imported_is_named_with_the_reason(modules: Callable) -> None:
    modules(
        datalab_kernel_core="__version__ = '0.0.1'",
        datalab_workspace="raise ImportError('half of it is missing')",
        xpython="raise ModuleNotFoundError(\"No module named 'xpython'\")",
        debugpy="raise ImportError('no debugger')",
        sigima="import os; os.abort()",
        h5py="import sys; sys.exit(3)",
    )

    findings = list(environment.check_packages())

    core = the(findings, "datalab-kernel-core 0.0.1 does not match")
    version = datalab_kernel.__version__
    assert core.level == "error"
    assert core.remedy == (
        f"pip install --force-reinstall --no-deps datalab-kernel-core=={version}"
    )
    assert the(findings, "half of it is missing").level == "error"
    assert Finding("ok", f"datalab-kernel {version}") in findings
    xeus = the(findings, "No module named 'xpython'")
    assert (xeus.level, xeus.remedy) == ("error", wheels.remedy())
    debugpy = the(findings, "the debugger needs it")
    assert (debugpy.level, debugpy.remedy) == ("warn", "pip install debugpy")
    assert the(findings, "sigima cannot be imported").level == "error"
    assert "exit code 3" in the(findings, "h5py cannot be imported").text
    assert the(findings, "numpy").level == "ok"


@NEEDS_A_SHELL
@pytest.mark.parametrize(
    ("script", "line"),
    [
        ("echo xpython 0.19.0 >&2", "ok    xeus-python 0.19.0, its program {program}"),
        ("true", "ok    xeus-python of unknown version, its program {program}"),
        (
            "echo no library >&2; exit 127",
            "error xeus-python's program {program} does not start: no library",
        ),
    ],
)
def test_a_xeus_python_that_is_a_program_is_named(
    tmp_path: Path, script: str, line: str
) -> None:
    """As conda-forge builds it, without the module that starts it from Python."""
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", tmp_path], check=True
    )
    program = tmp_path / "bin" / "xpython"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    code = (
        "from datalab_kernel.doctor import environment\n"
        "for finding in environment.check_packages(): print(*finding.lines())"
    )
    result = subprocess.run(
        [tmp_path / "bin" / "python", "-X", "utf8", "-c", code],
        env={**os.environ, "PYTHONPATH": SOURCES},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )

    (found,) = (text for text in result.stdout.splitlines() if "program" in text)
    assert found.startswith(line.format(program=program))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("raise SystemExit('I will not')", "I will not"),
        ("print('hello')", "its answer"),
        ("", "its answer"),
    ],
)
def test_a_process_that_does_not_answer_says_why(text: str, reason: str) -> None:
    with pytest.raises(Unanswered, match=reason):
        ask([sys.executable, "-c", text])


@NEEDS_A_SHELL
def test_a_process_that_crashes_is_said_to() -> None:
    with pytest.raises(Unanswered, match="SIGABRT"):
        ask([sys.executable, "-c", "import os; os.abort()"])


def test_a_process_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datalab_kernel.doctor.processes.TIMEOUT", 0.5)

    with pytest.raises(Unanswered, match="no answer"):
        ask([sys.executable, "-c", "import time; time.sleep(600)"])


def test_a_process_may_print_before_it_answers() -> None:
    assert ask([sys.executable, "-c", "print('hello'); print('[1]')"]) == [1]
