"""Histories as RO-Crates: the profile's rules, the files, and no more than needed."""

from __future__ import annotations

import getpass
import json
import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

import datalab_workspace as dlw
from datalab_workspace import Workspace
from datalab_workspace.backends import MemoryBackend
from support.made_histories import call, chain, given, history_of, unknown
from support.ro_crate import METADATA, linked, problems


@pytest.fixture
def made() -> Workspace:
    workspace = Workspace(backend=MemoryBackend())
    x = np.linspace(0.0, 1.0, 50)
    workspace.add("raw", (x, np.sin(x)))
    workspace.add("other", (x, np.cos(x)))
    workspace.add("unrelated", np.ones((4, 4)))
    smooth = workspace.calc("moving_average", on="raw", n=3)
    workspace.rename(workspace.calc("difference", on=smooth, with_="other"), "final")
    return workspace


def crate_of(path: Path) -> dict:
    return json.loads(path.read_text("utf-8"))


def test_the_metadata_keeps_the_rules(tmp_path: Path):
    path = history_of(chain()).export(tmp_path / "final.crate.json")
    crate = crate_of(path)
    assert problems(crate) == []
    entities = {entity["@id"]: entity for entity in crate["@graph"]}
    assert linked(entities["#step-2"], "object") == ["#object-1", "#input-2"]
    assert entities["#input-2"]["description"] == "read from 'wave.csv'"
    tool = "https://github.com/DataLab-Platform/Sigima#1-3-0"
    assert entities[tool]["softwareVersion"] == "1.3.0"
    assert linked(entities["#step-1"], "instrument") == [tool]
    assert "n=7, mode='reflect'" in entities["#step-1"]["description"]


@pytest.mark.parametrize("step", [given("raw"), unknown(), call("fft", unknown())])
def test_short_and_incomplete_histories_keep_the_rules(step, tmp_path: Path):
    path = history_of(step).export(tmp_path / "x.crate.json")
    assert problems(crate_of(path)) == []


def test_a_folder_has_the_objects_the_script_and_the_text(
    made: Workspace, tmp_path: Path
):
    folder = made.history("final").export(f"{tmp_path}/crate/")
    assert problems(crate_of(folder / METADATA), folder) == []
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["data.h5", "history.txt", "replay.py", METADATA]
    project = dlw.open(folder / "data.h5")
    assert project.list() == ["raw", "other", "final"]
    assert project.replay("final")
    done = subprocess.run(
        [sys.executable, folder / "replay.py"],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.startswith("final: identical")


def test_a_zip_file_has_the_same(made: Workspace, tmp_path: Path):
    path = made.history("final").export(tmp_path / "final.zip")
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "out")
    assert problems(crate_of(tmp_path / "out" / METADATA), tmp_path / "out") == []


def test_a_crate_is_replaced_only_on_request(made: Workspace, tmp_path: Path):
    history = made.history("final")
    folder = history.export(f"{tmp_path}/crate/")
    with pytest.raises(FileExistsError, match="contains an RO-Crate"):
        history.export(folder)
    (folder / "mine.txt").write_text("kept")
    assert history.export(folder, overwrite=True) == folder
    assert (folder / "mine.txt").exists()


def test_a_history_without_a_script_is_a_crate_all_the_same(
    made: Workspace, tmp_path: Path
):
    folder = made.history("raw").export(f"{tmp_path}/crate/")
    assert not (folder / "replay.py").exists()
    assert problems(crate_of(folder / METADATA), folder) == []


def test_a_crate_does_not_say_who_made_it(made: Workspace, tmp_path: Path):
    folder = made.history("final").export(f"{tmp_path}/crate/")
    content = b"".join(path.read_bytes() for path in folder.iterdir())
    for secret in (str(Path.home()), str(tmp_path), socket.gethostname()):
        assert secret.encode() not in content
    if len(getpass.getuser()) > 4:
        assert getpass.getuser().encode() not in content


def test_the_check_notices_what_is_wrong(tmp_path: Path):
    crate = crate_of(history_of(chain()).export(tmp_path / "final.crate.json"))
    del crate["@graph"][1]["license"]
    for entity in crate["@graph"]:
        if entity["@id"] == "#step-1":
            del entity["instrument"]
            entity["object"] = {"@id": "#nothing"}
    with pytest.raises(KeyError):
        problems(crate)
    entity = next(e for e in crate["@graph"] if e["@id"] == "#step-1")
    entity["object"] = {"@id": "#input-1"}
    found = problems(crate)
    assert "the root has no license" in found
    assert "#step-1 has no instrument" in found
