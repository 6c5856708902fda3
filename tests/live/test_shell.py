"""The command line with a running DataLab."""

from __future__ import annotations

import json

import numpy as np
import pytest

import datalab_workspace as dlw
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.cli.commands import main

pytestmark = pytest.mark.live


def test_objects_go_to_datalab_and_come_from_there(named, tmp_path, capsys):
    ws = dlw.Workspace(backend=MemoryBackend())
    ws.add("image", np.arange(12, dtype=np.uint32).reshape(3, 4), group="scans")
    ws.add("signal", np.arange(5.0))
    ws.save(tmp_path / "here.h5")
    assert main(["copy", str(tmp_path / "here.h5"), "live"]) == 0
    assert main(["copy", str(tmp_path / "here.h5"), "live", "image"]) == 0
    capsys.readouterr()
    assert main(["ls", "live", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(item["name"], item["group"]) for item in found] == [
        ("signal", ""),
        ("image", "scans"),
    ]
    assert main(["copy", "live", str(tmp_path / "there.h5"), "image"]) == 0
    there = dlw.open(tmp_path / "there.h5")
    assert there.list() == ["image"]
    np.testing.assert_array_equal(there.record("image").array("data"), ws["image"].data)
    assert there.record("image").dtype == np.uint32


def test_the_running_datalab_is_checked(named, capsys):
    assert main(["check", "live"]) == 0
    printed = capsys.readouterr()
    assert f"DataLab 1.3.0 at {named.url}" in printed.out
    assert "Web API, XML-RPC" in printed.out
    assert named.token not in printed.out + printed.err


def test_a_datalab_that_is_not_there_is_told(named, capsys, monkeypatch):
    monkeypatch.setenv("DATALAB_WORKSPACE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("DATALAB_XMLRPCPORT", "9")
    assert main(["ls", "live"]) == 1
    assert "DataLab" in capsys.readouterr().err
    assert main(["copy", "live", "live"]) == 1
    assert "are the same" in capsys.readouterr().err
