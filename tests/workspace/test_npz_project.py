"""Projects in .npz archives: complete, readable without this package, and bounded."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import datalab_workspace as dlw
from datalab_workspace import Workspace
from datalab_workspace.cli.check import check
from datalab_workspace.encoding.zip_archive import ArchiveWriter
from datalab_workspace.formats.npz.reader import read_project
from support.project_files import drop_manifest
from support.saving import names_in

FILLED = np.arange(6.0).reshape(2, 3)


@pytest.fixture
def workspace() -> Workspace:
    workspace = Workspace()
    workspace.add("peak", np.arange(4.0), group="Monday")
    workspace.add("masked", np.ma.masked_array(FILLED, mask=FILLED > 4))
    workspace.edit("peak", xlabel="time", metadata={"z": np.arange(3), "a": None})
    return workspace


@pytest.fixture
def path(tmp_path: Path, workspace: Workspace) -> Path:
    return workspace.save(tmp_path / "project.npz")


def rewrite(path: Path, change: Callable[[dict[str, bytes]], Any]) -> None:
    """Write the archive again with other members."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def edit_json(path: Path, change: Callable[[Any], Any]) -> None:
    def edit(members: dict[str, bytes]) -> None:
        content = json.loads(members["project.json"])
        change(content)
        members["project.json"] = json.dumps(content).encode()

    rewrite(path, edit)


# -- what it holds --------------------------------------------------------------------


def test_numpy_reads_the_arrays(path: Path) -> None:
    with np.load(path, allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["i001/data"], FILLED)
        np.testing.assert_array_equal(arrays["s001/xydata"][1], np.arange(4.0))
        np.testing.assert_array_equal(arrays["s001/metadata"], np.arange(3))


def test_a_save_without_a_path_goes_to_the_archive(
    path: Path, workspace: Workspace
) -> None:
    assert (workspace.path, workspace.modified) == (path, False)
    opened = dlw.open(path)
    assert opened.path == path
    opened.rename("peak", "renamed")
    opened.save()
    assert dlw.open(path).list() == ["renamed", "masked"]
    with pytest.raises(dlw.FileChangedError):
        workspace.save()
    assert names_in(path.parent) == [path.name]


def test_macros_and_history_of_datalab_come_back(
    tmp_path: Path, workspace: Workspace
) -> None:
    project = workspace.save(tmp_path / "project.h5")
    with h5py.File(project, "r+") as file:
        file.create_group("DataLab_Mac/M001: hello").attrs["uid"] = "1"
    drop_manifest(project)
    dlw.open(project).save(tmp_path / "project.npz")
    dlw.open(tmp_path / "project.npz").save(tmp_path / "back.h5")
    with h5py.File(tmp_path / "back.h5") as file:
        assert file["DataLab_Mac/M001: hello"].attrs["uid"] == "1"


def test_objects_that_were_not_read_are_copied(
    tmp_path: Path, workspace: Workspace
) -> None:
    opened = dlw.open(workspace.save(tmp_path / "project.h5"))
    loaded = dlw.open(opened.save(tmp_path / "project.npz"))
    for name in ("peak", "masked"):
        assert loaded.record(name).uuid == workspace.record(name).uuid
    np.testing.assert_array_equal(
        loaded.record("masked").array("data"), workspace.record("masked").array("data")
    )


@pytest.mark.parametrize("level", ["gzip", ("gzip", 9)])
def test_an_archive_may_be_compressed(tmp_path: Path, level: Any) -> None:
    workspace = Workspace()
    workspace.add("zeros", np.zeros((100, 100)))
    path = workspace.save(tmp_path / "a.npz", compression=level)
    assert path.stat().st_size < 10_000
    np.testing.assert_array_equal(
        dlw.open(path).get("zeros").data, np.zeros((100, 100))
    )


@pytest.mark.parametrize("value", ["lzf", ("gzip", 10), 3])
def test_another_compression_is_refused(
    path: Path, workspace: Workspace, value: Any
) -> None:
    before = path.read_bytes()
    with pytest.raises(ValueError, match="compression is"):
        workspace.save(path, compression=value)
    assert path.read_bytes() == before


def test_it_needs_no_h5py(path: Path) -> None:
    code = f"""
import sys
sys.modules["h5py"] = None
from importlib.util import find_spec
from datalab_workspace import runtime
runtime.find_spec = lambda name: None if name == "h5py" else find_spec(name)
sys.modules.pop("h5py")
import datalab_workspace as dlw
workspace = dlw.open({str(path)!r})
workspace.rename("peak", "renamed")
workspace.save()
assert "h5py" not in sys.modules
try:
    workspace.save("a.h5")
except ModuleNotFoundError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert "save to a path that ends in .npz" in done.stdout
    assert dlw.open(path).list() == ["renamed", "masked"]


def test_check_says_that_datalab_cannot_open_it(path: Path) -> None:
    report = check(str(path))
    assert report.facts[0] == "2 objects"
    assert "which DataLab cannot open" in report.facts[1]
    assert report.problems == ()


def test_an_archive_that_was_packed_again_is_read(path: Path) -> None:
    rewrite(path, lambda members: members.update(z=members.pop("datalab_workspace")))
    with pytest.raises(dlw.NotAProjectError):
        dlw.open(path)
    rewrite(path, lambda members: members.update(datalab_workspace=members.pop("z")))
    assert dlw.open(path).list() == ["peak", "masked"]


# -- damage ---------------------------------------------------------------------------


def test_a_flipped_bit_is_noticed(path: Path) -> None:
    content = path.read_bytes()
    for place in range(0, len(content), 97):
        changed = bytearray(content)
        changed[place] ^= 4
        path.write_bytes(changed)
        try:
            opened = dlw.open(path)
        except (dlw.DamagedFileError, dlw.NotAProjectError, dlw.UnsafeFileError):
            continue
        # The flip is in a date or another part that nobody reads.
        assert opened.list() == ["peak", "masked"]
        assert opened.record("peak").fields["xlabel"] == "time"
        data = opened.record("masked").array("data")
        np.testing.assert_array_equal(data.data, FILLED)


def test_a_truncated_archive_is_damaged(path: Path) -> None:
    content = path.read_bytes()
    for length in range(50, len(content) - 1, 101):
        path.write_bytes(content[:length])
        with pytest.raises(dlw.DamagedFileError, match=r"project\.npz' is damaged"):
            dlw.open(path)
    assert check(str(path)).problems


DAMAGE: dict[str, Callable[[Any], Any]] = {
    "no groups": lambda content: content.pop("groups"),
    "a kind": lambda content: content["groups"][0].update(kind="table"),
    "a title": lambda content: content["groups"][0].update(title=3),
    "a panel": lambda content: content["groups"][0].update(kind="image"),
    "a UUID": lambda content: first(content).update(uuid="1"),
    "no UUID": lambda content: first(content).pop("uuid"),
    "a field": lambda content: first(content)["fields"].update(xlabel=[1]),
    "a missing array": lambda content: arrays(content)["xydata"].update(v="s009/data"),
    "a string for data": lambda content: arrays(content).update(xydata="text"),
    "data of one row": lambda content: arrays(content).update(
        xydata={"$": "array", "v": ["<f8", [1, 1], "AAAAAAAAAAA="]}
    ),
    "data of strings": lambda content: arrays(content).update(
        xydata={"$": "array", "v": ["<U1", [2, 1], "QQAAAEEAAAA="]}
    ),
    "metadata": lambda content: first(content).update(metadata=[1]),
    "not an object": lambda content: content["groups"].append(3),
    "a section": lambda content: content.update(foreign=["s001/xydata.npy"]),
}


def first(content: Any) -> Any:
    return content["groups"][0]["objects"][0]


def arrays(content: Any) -> Any:
    return first(content)["arrays"]


@pytest.mark.parametrize("change", DAMAGE.values(), ids=DAMAGE)
def test_malformed_content_is_damage(path: Path, change: Callable[[Any], Any]) -> None:
    edit_json(path, change)
    with pytest.raises((dlw.DamagedFileError, dlw.UnsafeFileError), match="npz"):
        dlw.open(path)


def test_nested_content_is_damage(path: Path) -> None:
    rewrite(path, lambda members: members.update({"project.json": b"[" * 100_000}))
    with pytest.raises(dlw.DamagedFileError):
        dlw.open(path)


def test_a_later_version_is_refused(path: Path) -> None:
    edit_json(path, lambda content: content.update(version=2))
    with pytest.raises(dlw.NotAProjectError, match="version 2; install a newer"):
        dlw.open(path)


# -- hostile archives -----------------------------------------------------------------


def test_an_array_that_is_used_twice_is_refused(path: Path) -> None:
    edit_json(
        path, lambda content: first(content)["metadata"].update(b=array_of(content))
    )
    with pytest.raises(dlw.UnsafeFileError, match="is in the project twice"):
        dlw.open(path)


def array_of(content: Any) -> Any:
    return first(content)["metadata"]["z"]


def test_an_archive_expands_at_most_to_the_budget(tmp_path: Path) -> None:
    workspace = Workspace()
    workspace.add("zeros", np.zeros((1000, 1000)))
    path = workspace.save(tmp_path / "a.npz", compression="gzip")
    assert path.stat().st_size < 100_000
    read_project(path, expansion=9_000_000)
    with pytest.raises(dlw.UnsafeFileError, match="expands to 8000128 bytes"):
        read_project(path, expansion=7_000_000)


def test_members_that_share_their_content_are_refused(tmp_path: Path) -> None:
    workspace = Workspace()
    for name in "abc":
        workspace.add(name, np.ones((100, 100)))
    path = workspace.save(tmp_path / "a.npz")
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            if name not in ("i002/data.npy", "i003/data.npy"):
                archive.writestr(name, content)
        for name in ("i002/data.npy", "i003/data.npy"):
            # Another entry of the directory for the content of the first image.
            entry = copy.copy(archive.getinfo("i001/data.npy"))
            entry.filename = name
            archive.filelist.append(entry)
    with pytest.raises(dlw.UnsafeFileError, match="shares its data"):
        dlw.open(path)


def test_nothing_is_unpickled(path: Path) -> None:
    evil = np.array([{"a": 1}], object)
    with path.with_suffix(".npy").open("wb") as file:
        np.save(file, evil, allow_pickle=True)
    pickled = path.with_suffix(".npy").read_bytes()
    rewrite(path, lambda members: members.update({"s001/xydata.npy": pickled}))
    with pytest.raises(dlw.DamagedFileError, match="is of dtype object"):
        dlw.open(path)


def test_a_section_with_a_link_to_another_file_is_refused(
    tmp_path: Path, path: Path
) -> None:
    section = tmp_path / "section.h5"
    with h5py.File(section, "w") as file:
        file["DataLab_Mac/M001: x"] = h5py.ExternalLink("/etc/passwd", "/")
    content = section.read_bytes()
    rewrite(path, lambda members: members.update({"foreign/1.h5": content}))
    edit_json(path, lambda content: content.update(foreign=["foreign/1.h5"]))
    with pytest.raises(dlw.UnsafeFileError, match="external link"):
        dlw.open(path)


# -- writing --------------------------------------------------------------------------


def test_a_failed_save_leaves_the_old_archive(
    path: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = path.read_bytes()
    add = ArchiveWriter.add

    def fail(self: ArchiveWriter, name: str, parts: Any) -> None:
        if name.startswith("i001"):
            raise OSError(28, "No space left on device")
        add(self, name, parts)

    monkeypatch.setattr(ArchiveWriter, "add", fail)
    with pytest.raises(OSError, match="MB are free; the old file is unchanged"):
        workspace.save(path)
    assert path.read_bytes() == before
    assert names_in(path.parent) == [path.name]
