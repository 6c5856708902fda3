"""Histories in files: they end at other objects of the file, and never dangle."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path

import h5py
import numpy as np
import pytest

import datalab_workspace as dlw
from datalab_workspace import Workspace
from datalab_workspace.encoding import sidecar
from datalab_workspace.history.steps import (
    Call,
    Cell,
    Code,
    Edit,
    FileRead,
    Reference,
    Step,
)
from support.made_histories import FIRST, actions, call, give, held
from support.project_files import drop_manifest

SUFFIXES = pytest.mark.parametrize("suffix", [".h5", ".npz"])
LOADS = pytest.mark.parametrize(
    ("suffix", "lazy"), [(".h5", False), (".h5", True), (".npz", False)]
)


def family() -> tuple[Workspace, Step, Step, Step]:
    """Return a workspace with objects, each of them made from the one before."""
    workspace = Workspace()
    for number, name in enumerate(("raw", "smooth", "final")):
        workspace.add(name, np.arange(10.0) * (number + 1))
    raw = give(workspace, "raw", Step(FileRead("raw.csv", "read", 10, 3), (), FIRST))
    smooth = give(workspace, "smooth", call("moving_average", raw, n=3))
    final = give(workspace, "final", call("normalize", smooth, method="energy"))
    return workspace, raw, smooth, final


def kinds(workspace: Workspace, name: str) -> list[str]:
    """Return the operations, and the types of other actions, of a history."""
    return [
        action.operation.rpartition(".")[2]
        if isinstance(action, Call)
        else type(action).__name__
        for action in actions(workspace, name)
    ]


def reopened(path: Path, *, lazy: bool = False) -> Workspace:
    """Return a new workspace in memory with the objects of a file."""
    workspace = Workspace()
    workspace.load(path, lazy=lazy)
    return workspace


@LOADS
def test_that_a_history_ends_at_objects_of_the_file(
    tmp_path: Path, suffix: str, lazy: bool
) -> None:
    workspace = family()[0]
    path = workspace.save(tmp_path / f"a{suffix}")
    again = reopened(path, lazy=lazy)
    assert kinds(again, "raw") == ["FileRead"]
    assert kinds(again, "smooth") == ["Reference", "moving_average"]
    assert kinds(again, "final") == ["Reference", "normalize"]
    reference = actions(again, "final")[0]
    assert isinstance(reference, Reference)
    assert reference.uuid == again.describe("smooth").uuid
    assert reference.name == "smooth"


@SUFFIXES
def test_that_steps_of_objects_that_are_not_saved_are_inlined(
    tmp_path: Path, suffix: str
) -> None:
    workspace = family()[0]
    path = workspace.save(tmp_path / f"a{suffix}", names=["raw", "final"])
    assert kinds(reopened(path), "final") == [
        "Reference",
        "moving_average",
        "normalize",
    ]


@SUFFIXES
def test_that_a_loaded_history_is_inlined_when_its_object_leaves(
    tmp_path: Path, suffix: str
) -> None:
    path = family()[0].save(tmp_path / f"a{suffix}")
    workspace = reopened(path)
    workspace.save(tmp_path / f"b{suffix}", names=["raw", "final"])
    expected = ["Reference", "moving_average", "normalize"]
    assert kinds(reopened(tmp_path / f"b{suffix}"), "final") == expected
    workspace.save(tmp_path / f"c{suffix}", names=["final"])
    expected[0] = "FileRead"
    assert kinds(reopened(tmp_path / f"c{suffix}"), "final") == expected


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("change", ["remove", "replace"])
def test_that_a_patch_writes_an_object_again_whose_reference_has_left(
    tmp_path: Path, change: str, lazy: bool
) -> None:
    path = family()[0].save(tmp_path / "a.h5")
    workspace = reopened(path, lazy=lazy)
    if change == "remove":
        workspace.remove("smooth")
    else:
        workspace.add("smooth", np.arange(10.0) * 7, overwrite=True)
    workspace.save()
    again = reopened(path)
    assert kinds(again, "final") == ["Reference", "moving_average", "normalize"]


@pytest.mark.parametrize("change", ["remove", "replace"])
def test_that_a_patch_in_the_same_session_writes_it_again(
    tmp_path: Path, change: str
) -> None:
    workspace = family()[0]
    path = workspace.save(tmp_path / "a.h5")
    if change == "remove":
        workspace.remove("smooth")
    else:
        workspace.add("smooth", np.arange(10.0) * 7, overwrite=True)
    workspace.save()
    assert kinds(reopened(path), "final") == [
        "Reference",
        "moving_average",
        "normalize",
    ]


def test_that_a_rename_leaves_the_references_to_an_object(tmp_path: Path) -> None:
    path = family()[0].save(tmp_path / "a.h5")
    workspace = reopened(path)
    workspace.rename("smooth", "smoother")
    workspace.save()
    again = reopened(path)
    assert kinds(again, "final") == ["Reference", "normalize"]
    assert kinds(again, "smoother") == ["Reference", "moving_average"]


@SUFFIXES
def test_that_an_edit_since_the_last_step_is_a_step(
    tmp_path: Path, suffix: str
) -> None:
    workspace = family()[0]
    workspace.edit("final", xlabel="Time", xunit="s")
    again = reopened(workspace.save(tmp_path / f"a{suffix}"))
    edit = actions(again, "final")[-1]
    assert isinstance(edit, Edit)
    assert dict(edit.fields) == {"xlabel": "Time", "xunit": "s"}
    again.edit("final", ylabel="Voltage")
    path = again.save(tmp_path / f"b{suffix}")
    edit = actions(reopened(path), "final")[-1]
    assert isinstance(edit, Edit)
    assert edit.fields["ylabel"] == "Voltage"


def test_that_a_reference_says_how_often_the_object_had_been_edited(
    tmp_path: Path,
) -> None:
    workspace, _, smooth, _ = family()
    edited = give(workspace, "smooth", Step(Edit({"xlabel": "t"}), (smooth,)))
    again = reopened(workspace.save(tmp_path / "a.h5"))
    assert kinds(again, "smooth") == ["Reference", "moving_average", "Edit"]
    assert kinds(again, "final") == ["Reference", "normalize"]
    assert actions(again, "final")[0].edits == 0
    give(workspace, "final", call("fft", edited))
    again = reopened(workspace.save(tmp_path / "b.h5"))
    assert kinds(again, "final") == ["Reference", "fft"]
    assert actions(again, "final")[0].edits == 1


def test_that_a_history_that_becomes_known_later_is_saved(tmp_path: Path) -> None:
    workspace, raw, _, _ = family()
    path = workspace.save(tmp_path / "a.h5")
    before = path.read_bytes()
    workspace.save()
    assert path.read_bytes() == before
    give(workspace, "final", Step(Code(None, "fit.py:3"), (raw,)))
    workspace.save()
    assert kinds(reopened(path), "final") == ["Reference", "Code"]


def test_that_the_history_does_not_belong_to_the_content(tmp_path: Path) -> None:
    workspace = family()[0]
    again = reopened(workspace.save(tmp_path / "a.h5"))
    names = ["raw", "smooth", "final"]
    assert again.load(tmp_path / "a.h5") == names  # equal objects do not conflict
    assert not held(again, "final").metadata
    assert sidecar.KEY not in again.record("final").metadata


def test_that_copies_and_pickles_keep_histories(tmp_path: Path) -> None:
    again = reopened(family()[0].save(tmp_path / "a.h5"))
    for copied in (copy.copy(again), pickle.loads(pickle.dumps(again))):
        assert kinds(copied, "final") == ["Reference", "normalize"]
        copied.remove("smooth")
        path = copied.save(tmp_path / "b.h5", overwrite=True)
        expected = ["Reference", "moving_average", "normalize"]
        assert kinds(reopened(path), "final") == expected


@pytest.mark.parametrize("lazy", [False, True])
def test_that_an_entry_on_another_object_does_not_count(
    tmp_path: Path, lazy: bool
) -> None:
    """DataLab copies the metadata of an object to those that it computes from it."""
    path = drop_manifest(family()[0].save(tmp_path / "a.h5"))
    again = reopened(path, lazy=lazy)
    assert kinds(again, "final") == ["Reference", "normalize"]
    with h5py.File(path, "r+") as file:
        raw, final = (metadata_of(file, name).attrs for name in ("raw", "final"))
        final[sidecar.KEY] = raw[sidecar.KEY]
    again = reopened(path, lazy=lazy)
    assert kinds(again, "final") == []
    assert kinds(again, "raw") == ["FileRead"]
    again.save(tmp_path / "b.h5")
    names = {
        getattr(a, "name", "") for a in actions(reopened(tmp_path / "b.h5"), "final")
    }
    assert "raw.csv" not in names


@pytest.mark.parametrize("lazy", [False, True])
def test_that_an_entry_does_not_count_for_other_data(
    tmp_path: Path, lazy: bool
) -> None:
    """DataLab keeps the metadata of an object that it computes again."""
    path = drop_manifest(family()[0].save(tmp_path / "a.h5"))
    with h5py.File(path, "r+") as file:
        metadata_of(file, "smooth").parent["xydata"][1, 3] = -1.0
    again = reopened(path, lazy=lazy)
    assert kinds(again, "smooth") == []
    # What was made from it before still was.
    assert kinds(again, "final") == ["Reference", "normalize"]
    again.save(tmp_path / "b.h5")
    written = reopened(tmp_path / "b.h5")
    assert kinds(written, "smooth")[-2:] == ["moving_average", "Unknown"]
    assert kinds(written, "final") == ["Reference", "moving_average", "normalize"]


def test_that_what_datalab_sets_by_itself_is_no_edit(tmp_path: Path) -> None:
    path = drop_manifest(family()[0].save(tmp_path / "a.h5"))
    with h5py.File(path, "r+") as file:
        attributes = metadata_of(file, "final").parent.attrs
        attributes["xscalemin"], attributes["xscalemax"] = 0.0, 9.0
        attributes["autoscale"] = False
        attributes["ylabel"] = "Voltage"
    edit = actions(reopened(path), "final")[-1]
    assert isinstance(edit, Edit)
    assert dict(edit.fields) == {"ylabel": "Voltage"}


@pytest.mark.parametrize(
    ("key", "value"),
    [("steps", {"rows": [[1]]}), ("set", ["xunit"]), ("set", 5), ("of", [1, 2])],
)
def test_that_a_damaged_entry_costs_a_warning(
    tmp_path: Path, key: str, value: object
) -> None:
    path = drop_manifest(family()[0].save(tmp_path / "a.h5"))
    with h5py.File(path, "r+") as file:
        attributes = metadata_of(file, "final").attrs
        content = json.loads(attributes[sidecar.KEY])
        content["made"][key] = value
        attributes[sidecar.KEY] = json.dumps(content)
    again = reopened(path)
    with pytest.warns(UserWarning, match="the history of 'final' cannot be read"):
        assert kinds(again, "final") == []


def test_that_the_entry_of_a_newer_version_is_kept_and_not_read(tmp_path: Path) -> None:
    path = drop_manifest(family()[0].save(tmp_path / "a.h5"))
    with h5py.File(path, "r+") as file:
        attributes = metadata_of(file, "raw").attrs
        content = json.loads(attributes[sidecar.KEY])
        content["made"]["format"] = 2
        attributes[sidecar.KEY] = json.dumps(content)
    path = reopened(path).save(tmp_path / "b.h5")
    with pytest.warns(UserWarning, match="install a newer version"):
        assert kinds(reopened(path), "raw") == []


def metadata_of(file: h5py.File, title: str) -> h5py.Group:
    """Return the group of the metadata of an object in an open file."""
    found: list[h5py.Group] = []

    def visit(_name: str, group: object) -> None:
        if isinstance(group, h5py.Group) and group.attrs.get("title") == title:
            found.append(group["metadata"])

    file.visititems(visit)
    return found[0]


def test_that_a_new_session_is_opened_with_histories(tmp_path: Path) -> None:
    path = family()[0].save(tmp_path / "a.h5")
    assert kinds(dlw.open(path), "final") == ["Reference", "normalize"]


def with_code(number: int = 1) -> Workspace:
    """Return a workspace whose object a cell has made from a file."""
    workspace = Workspace()
    workspace.add("raw", np.arange(10.0) * number)
    read = FileRead("raw.csv", "sigima", path="/data/anna/raw.csv")
    cell = Cell(4, f"clip(raw, {number})", (Cell(3, "from helpers import clip"),))
    give(workspace, "raw", Step(Code(cell), (Step(read),), cell))
    return workspace


@SUFFIXES
def test_that_the_first_save_with_texts_says_so(
    tmp_path: Path, suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = with_code()
    path = workspace.save(tmp_path / f"a{suffix}")
    assert 'call save(history="calls")' in capsys.readouterr().out
    workspace.save(tmp_path / f"b{suffix}")
    assert capsys.readouterr().out == ""
    read, code = actions(reopened(path), "raw")
    assert isinstance(read, FileRead)
    assert read.path == "/data/anna/raw.csv"
    assert isinstance(code, Code)
    assert code.cell is not None
    assert code.cell.text == "clip(raw, 1)"
    assert code.cell.needs is not None
    assert [cell.text for cell in code.cell.needs] == ["from helpers import clip"]


@SUFFIXES
@pytest.mark.parametrize("again", [False, True])
def test_that_calls_leave_out_texts_and_folders(
    tmp_path: Path, suffix: str, again: bool
) -> None:
    workspace = with_code()
    workspace.edit("raw", metadata={"source": "/data/anna/raw.csv", "other": 1})
    if again:
        workspace = reopened(workspace.save(tmp_path / f"full{suffix}"))
    path = workspace.save(tmp_path / f"a{suffix}", history="calls")
    content = path.read_bytes()
    assert not any(word in content for word in (b"clip", b"helpers", b"anna"))
    assert b"raw.csv" in content
    loaded = reopened(path)
    assert loaded.record("raw").metadata == {"source": "raw.csv", "other": 1}
    read, code = actions(loaded, "raw")
    assert isinstance(read, FileRead)
    assert read.path is None
    assert isinstance(code, Code)
    assert code.cell is not None
    assert (code.cell.number, code.cell.text) == (4, None)
    # Nothing changes in memory.
    assert workspace.record("raw").metadata["source"] == "/data/anna/raw.csv"


@SUFFIXES
def test_that_a_file_stays_without_texts(
    tmp_path: Path, suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = with_code()
    path = workspace.save(tmp_path / f"a{suffix}", history="calls")
    workspace.add("other", np.arange(3.0))
    workspace.save()
    assert b"clip" not in path.read_bytes()
    assert capsys.readouterr().out == ""
    workspace.save(history="full")
    workspace.save(history="full")
    assert capsys.readouterr().out.count("with the text of cells") == 1
    assert [type(one) for one in actions(reopened(path), "raw")] == [FileRead, Code]
    assert b"clip" in path.read_bytes()


@SUFFIXES
def test_that_a_file_can_have_no_histories(tmp_path: Path, suffix: str) -> None:
    workspace = with_code()
    path = workspace.save(tmp_path / f"a{suffix}")
    workspace.save(history=None)
    assert kinds(reopened(path), "raw") == []
    assert b"made" not in path.read_bytes()


def test_that_another_history_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not one of 'full', 'calls'"):
        Workspace().save(tmp_path / "a.h5", history="all")  # type: ignore[call-overload]  # the test


@SUFFIXES
def test_options_of_the_display_are_edits_neither_before_nor_after_a_save(
    tmp_path: Path, suffix: str
) -> None:
    workspace, *_ = family()
    workspace.edit("final", xscalelog=True, annotations="[]")
    path = workspace.save(tmp_path / f"a{suffix}")

    assert "Edit" not in kinds(workspace, "final")
    assert "Edit" not in kinds(reopened(path), "final")
