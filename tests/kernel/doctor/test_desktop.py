"""What is said of a DataLab that runs, or does not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from datalab_kernel.doctor import desktop
from support.doctor import NEEDS_A_SHELL, the


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which DataLab leaves its settings, empty."""
    for variable in ("XDG_CONFIG_HOME", "APPDATA"):
        monkeypatch.setenv(variable, str(tmp_path))
    (tmp_path / "datalab").mkdir()
    return tmp_path


def connection(settings: Path, **content: object) -> Path:
    path = settings / "datalab" / "webapi_connection.json"
    path.write_text(json.dumps(content))
    return path


def test_without_datalab_workspaces_are_standalone(settings: Path) -> None:
    (finding,) = desktop.check()

    assert finding.level == "note"
    assert "standalone" in finding.text


def test_a_mode_that_there_is_not_is_an_error(
    settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATALAB_KERNEL_MODE", "nonsense")

    finding = the(desktop.check(), "a workspace cannot be created")

    assert (finding.level, "nonsense" in finding.text) == ("error", True)


def test_live_mode_without_a_datalab_is_an_error(
    settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATALAB_KERNEL_MODE", "live")

    assert the(desktop.check(), "no DataLab is running").level == "error"


def test_standalone_mode_looks_for_none(
    settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATALAB_KERNEL_MODE", "standalone")
    monkeypatch.setenv("DATALAB_WORKSPACE_URL", "http://127.0.0.1:9")

    (finding,) = desktop.check()

    assert (finding.level, "as DATALAB_KERNEL_MODE requires" in finding.text) == (
        "note",
        True,
    )


def test_no_secret_is_told(settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = "http://user:SECRET@127.0.0.1:9/api?token=SECRET"
    connection(settings, url=url, token="SECRET", pid=os.getpid())

    findings = list(desktop.check())
    monkeypatch.setenv("DATALAB_WORKSPACE_URL", url)
    monkeypatch.setenv("DATALAB_WORKSPACE_TOKEN", "SECRET")
    findings += desktop.check()

    assert {finding.level for finding in findings} >= {"warn"}
    assert "SECRET" not in repr(findings)


@NEEDS_A_SHELL
def test_the_connection_file_of_a_datalab_that_has_ended_is_a_warning(
    settings: Path,
) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    connection(settings, url="http://127.0.0.1:1", token="t", pid=process.pid)

    finding = the(desktop.check(), "is stale")

    assert finding.level == "warn"
    assert finding.remedy


def test_a_damaged_connection_file_is_a_warning(settings: Path) -> None:
    (settings / "datalab" / "webapi_connection.json").write_text("{")

    assert the(desktop.check(), "cannot be read").level == "warn"


def test_without_the_workspace_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datalab_workspace.live.discovery", None)

    assert the(desktop.check(), "a workspace cannot be created").level == "error"
