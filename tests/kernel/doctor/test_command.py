"""`datalab-kernel doctor`, as it is typed and as programs read it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

import datalab_kernel
from datalab_kernel import cli, kernelspec, wheels
from datalab_kernel.doctor.findings import Finding
from support.doctor import OWN_ENVIRONMENT


def without(*modules: str) -> list[str]:
    """The start of a command line of a process that cannot import some modules."""
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({modules!r}))\n"
        "from datalab_kernel.cli import main; sys.exit(main())"
    )
    return [sys.executable, "-c", code]


def test_a_finding_is_a_line_with_what_to_do_below() -> None:
    finding = Finding("warn", "it limps", "give it a stick", ("creak", "crack"))

    assert list(finding.lines()) == [
        "warn  it limps",
        "      | creak",
        "      | crack",
        "      → give it a stick",
    ]


def test_where_all_is_in_order_the_exit_code_is_0(
    jupyter: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kernelspec.install(prefix=jupyter)

    status = cli.main(["doctor"])

    output = capsys.readouterr()
    assert (status, output.err) == (0, "")
    *lines, empty, last = output.out.splitlines()
    assert (empty, last) == ("", "Errors: 0, warnings: 0")
    kinds = ("ok    ", "note  ", "warn  ", "error ", "      → ", "      | ")
    assert all(line.startswith(kinds) for line in lines)
    assert lines[-1] == "ok    kernel datalab-kernel: shuts down with exit code 0"


def test_an_error_is_exit_code_1_also_for_programs(
    jupyter: Path, modules: Callable, capsys: pytest.CaptureFixture[str]
) -> None:
    kernelspec.install(prefix=jupyter)
    modules(xpython="raise ImportError('no xpython')")

    status = cli.main(["doctor", "--json"])

    output = capsys.readouterr()
    content = json.loads(output.out)
    assert (status, output.err, content["ok"]) == (1, "", False)
    assert content["version"] == datalab_kernel.__version__
    errors = [f for f in content["findings"] if f["level"] == "error"]
    assert [error["check"] for error in errors] == ["packages", "kernel"]
    assert errors[0]["remedy"] == wheels.remedy()
    assert any("no xpython" in line for line in errors[1]["details"])
    assert set(errors[0]) == {"check", "level", "text", "remedy", "details"}


def test_without_jupyter_client_the_rest_is_looked_at() -> None:
    """And where the terminal has few characters, it is shown all the same."""
    result = subprocess.run(
        [*without("jupyter_client", "jupyter_core"), "doctor"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (result.returncode, result.stderr) == (0, "")
    missing = "not checked\n      ? pip install 'datalab-kernel[cli]'\n"
    assert f"warn  the kernelspecs of the user: {missing}" in result.stdout
    assert f"warn  the start of the kernel: {missing}" in result.stdout
    assert f"kernelspec datalab-kernel, {OWN_ENVIRONMENT}: starts" in result.stdout
    assert "ok    xeus-python 0" in result.stdout


def test_a_check_that_fails_itself_does_not_hide_the_others(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> Iterable[Finding]:
        yield Finding("ok", "so far")
        raise RecursionError("oh")

    def fine() -> Iterable[Finding]:
        yield Finding("warn", "after it")

    checks = {"broken": broken, "fine": fine}
    monkeypatch.setattr("datalab_kernel.doctor.CHECKS", checks)

    assert cli.main(["doctor"]) == 1
    assert capsys.readouterr().out == (
        "ok    so far\nerror this check itself failed: RecursionError: oh\n"
        "warn  after it\n\nErrors: 1, warnings: 1\n"
    )
