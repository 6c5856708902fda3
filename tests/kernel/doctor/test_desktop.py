"""What is said of a DataLab that runs, or does not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from doctoring import NEEDS_A_SHELL, the

from datalab_kernel.doctor import desktop


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
    findings = list(desktop.check())

    assert {finding.level for finding in findings} == {"note"}
    the(findings, "standalone")
    the(findings, "no DataLab has its Web API started")


@pytest.mark.parametrize("mode", ["live", "nonsense"])
def test_a_mode_in_which_no_workspace_works_is_an_error(
    settings: Path, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATALAB_KERNEL_MODE", mode)

    finding = the(desktop.check(), "no workspace")

    assert finding.level == "error"
    assert mode in finding.text


@NEEDS_A_SHELL
def test_a_running_datalab_is_told_without_its_token(
    settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "http://user:SECRET@127.0.0.1:18080/api?token=SECRET"
    monkeypatch.setenv("DATALAB_WORKSPACE_URL", url)
    monkeypatch.setenv("DATALAB_WORKSPACE_TOKEN", "SECRET")
    connection(settings, url=url, token="SECRET", pid=os.getpid())

    findings = list(desktop.check())

    assert the(findings, f"process {os.getpid()}").level == "note"
    the(findings, "DATALAB_WORKSPACE_URL names http://127.0.0.1:18080")
    assert "SECRET" not in repr(findings)


@NEEDS_A_SHELL
def test_the_connection_file_of_a_datalab_that_has_ended_is_a_warning(
    settings: Path,
) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    path = connection(settings, url="http://127.0.0.1:1", token="t", pid=process.pid)

    finding = the(desktop.check(), "has ended")

    assert (finding.level, finding.remedy) == ("warn", f"remove the file {path}")


@pytest.mark.parametrize("content", [{}, {"url": "http://[", "pid": 1, "token": "t"}])
def test_a_connection_file_that_says_nothing_is_no_failure(
    settings: Path, content: dict
) -> None:
    connection(settings, **content)

    levels = {finding.level for finding in desktop.check()}

    assert levels <= {"warn", "note"}


def test_the_port_of_xml_rpc_is_read_from_the_settings_or_the_environment(
    settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(settings))
    monkeypatch.setenv("USERPROFILE", str(settings))
    path = settings / ".DataLab_v1" / "DataLab_v1_typed.ini"
    path.parent.mkdir()
    path.write_text("[main]\nversion = 1.0.0\nrpc_server_port = 18112\n")
    the(desktop.check(), "18112")

    monkeypatch.setenv("DATALAB_XMLRPCPORT", "18113")
    the(desktop.check(), "18113")

    monkeypatch.delenv("DATALAB_XMLRPCPORT")
    path.write_text("no settings at all")
    assert not [f for f in desktop.check() if "XML-RPC" in f.text]
