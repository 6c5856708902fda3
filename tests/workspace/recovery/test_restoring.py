"""What comes back after a crash: every bit of every object, its group and its place."""

from __future__ import annotations

import numpy as np
import pytest

from datalab_workspace import Workspace
from datalab_workspace import open as open_project
from datalab_workspace.errors import (
    DamagedFileError,
    NameConflictError,
    ObjectNotFoundError,
)
from datalab_workspace.recovery.folder import expire
from datalab_workspace.testing.comparison import as_stored, assert_same
from datalab_workspace.testing.samples import KEYS, NAMES, OBJECTS, UNKEEPABLE, VALUES

A = np.arange(6.0).reshape(2, 3)
LARGE = np.arange(1 << 18, dtype="f8").reshape(512, 512)


@pytest.fixture
def workspace():
    return Workspace()


def restored():
    """A new workspace with everything that can be recovered from the last crash."""
    workspace = Workspace()
    workspace.recover(1)
    return workspace


@pytest.mark.filterwarnings(
    "ignore::guidata.dataset.datatypes.DataItemValidationWarning"
)
def test_every_sample_comes_back(workspace, record, crash):
    samples = {f"object {n}": make() for n, make in (OBJECTS | UNKEEPABLE).items()}
    for name, value in VALUES.items():
        samples[f"value {name}"] = (A, {"v": value(), "inner": {"list": [value()]}})
    for name, key in KEYS.items():
        samples[f"key {name}"] = (A, {key: 1, "inner": {key: [None]}})
    for name in NAMES.values():
        samples[name] = A
    recorder = record(workspace)
    for name, sample in samples.items():
        obj, metadata = sample if isinstance(sample, tuple) else (sample, {})
        workspace.add(name, obj)
        workspace.edit(name, metadata=metadata)

    crash(recorder)

    found = restored()
    assert found.list() == workspace.list()
    for name, sample in samples.items():
        assert_same(workspace.get(name), found.get(name), what=name)
        assert found.describe(name).uuid == workspace.describe(name).uuid
        if not isinstance(sample, tuple | np.ndarray):
            assert_same(as_stored(sample, name), found.get(name), what=name)


def test_groups_order_and_names_come_back(workspace, record, crash):
    recorder = record(workspace)
    workspace.update({name: np.ones(3) for name in "abcdef"})
    recorder.flush()
    workspace.move(["c", "a"], "G")
    workspace.remove("e")
    workspace.undo()  # it is where it was, not at the end
    workspace.rename("f", "z")
    workspace.rename_group("G", "H")
    workspace.add("picture", A, group="P")

    crash(recorder)

    found = restored()
    assert found.groups() == workspace.groups()
    assert found.list() == ["b", "d", "e", "z", "c", "a", "picture"]


def test_what_was_removed_does_not_come_back(workspace, record, crash):
    recorder = record(workspace)
    workspace.update({"kept": A, "gone": A, "large": LARGE})
    recorder.flush()
    workspace.remove("gone", "large")

    crash(recorder)

    assert restored().list() == ["kept"]


def test_nothing_is_left_of_a_workspace_that_was_cleared(workspace, record, crash):
    recorder = record(workspace)
    workspace.add("x", A)
    recorder.flush()
    workspace.clear()

    crash(recorder)

    assert not Workspace().recover()


def test_a_change_of_the_labels_of_a_large_object_comes_back(workspace, record, crash):
    recorder = record(workspace)
    workspace.add("large", LARGE)
    recorder.flush()
    workspace.edit("large", xunit="mm", metadata={"n": 1})
    recorder.flush()
    size = sum(path.stat().st_size for path in recorder.folder.iterdir())
    workspace.rename("large", "larger")

    crash(recorder)

    assert size < 1.1 * LARGE.nbytes, "the pixels were written once"
    found = restored().get("larger")
    assert_same(workspace.get("larger"), found)
    assert found.xunit == "mm"


def test_objects_that_were_there_before_are_recorded(workspace, record, crash):
    workspace.add("early", A)

    crash(record(workspace))

    assert restored().list() == ["early"]


@pytest.mark.parametrize("edited", [False, True])
def test_objects_of_a_file_that_were_not_read_stay_in_it(
    edited, workspace, record, crash, folder, tmp_path
):
    workspace.update({"large": LARGE, "small": A})
    path = workspace.save(tmp_path / "project.h5")
    opened = open_project(path)
    recorder = record(opened)
    opened.add("new", A + 1)
    if edited:
        opened.edit("large", xunit="mm")

    crash(recorder)

    assert sum(file.stat().st_size for file in folder.glob("*/*")) < 10_000
    found = restored()
    assert found.list() == ["large", "small", "new"]
    assert not isinstance(found.record("large").arrays["data"], np.ndarray)
    for name in opened:
        assert_same(opened.get(name), found.get(name))


def test_objects_that_were_loaded_stay_in_their_file_until_they_change(
    workspace, record, crash, folder, tmp_path
):
    workspace.update({"large": LARGE, "small": A})
    path = workspace.save(tmp_path / "project.h5")
    loaded = Workspace()
    recorder = record(loaded)
    loaded.load(path)
    recorder.flush()
    loaded.edit("small", xunit="mm")

    crash(recorder)

    assert sum(file.stat().st_size for file in folder.glob("*/*")) < 10_000
    found = restored()
    assert found.list() == ["large", "small"]
    for name in loaded:
        assert_same(loaded.get(name), found.get(name))


def test_objects_of_a_file_that_has_changed_are_named(
    workspace, record, crash, tmp_path
):
    workspace.update({"stored": LARGE})
    path = workspace.save(tmp_path / "project.h5")
    opened = open_project(path)
    recorder = record(opened)
    opened.add("new", A)
    crash(recorder)
    path.unlink()

    found = Workspace()
    lost = "these cannot be read: 'stored'; changed or removed since: .*project.h5"
    with pytest.warns(UserWarning, match=lost):
        found.recover(1)

    assert found.list() == ["new"]


@pytest.mark.parametrize("target", ["project.h5", "other.h5"])
def test_objects_that_were_not_read_are_found_in_the_file_that_was_saved_last(
    target, workspace, record, crash, tmp_path
):
    workspace.update({"stored": LARGE, "edited": A})
    path = workspace.save(tmp_path / "project.h5")
    opened = open_project(path)
    opened.edit("edited", xunit="mm")
    recorder = record(opened)
    recorder.flush()
    opened.add("new", A)
    opened.save(tmp_path / target)
    if target != path.name:
        path.unlink()

    crash(recorder)

    found = restored()
    assert found.list() == opened.list()
    for name in opened:
        assert_same(opened.get(name), found.get(name))


def test_the_last_crash_is_kept_whatever_its_size(
    workspace, record, crash, folder, monkeypatch
):
    monkeypatch.setattr("datalab_workspace.recovery.folder.KEPT_BYTES", 1)
    for name in ("first", "last"):
        workspace.add(name, A)
        crash(record(workspace))

    expire(folder)

    assert [found.names for found in workspace.recover()] == [("first", "last")]


# -- what the user asks for -----------------------------------------------------------


@pytest.fixture
def crashed(workspace, record, crash):
    workspace.update({"a": A, "b": 2 * A, "signal": np.arange(4.0)})
    crash(record(workspace, notebook="/home/ada/analysis.ipynb"))


@pytest.mark.parametrize("what", [1, "analysis.ipynb", "/home/ada/analysis.ipynb"])
@pytest.mark.usefixtures("crashed")
def test_all_objects_are_restored_by_number_or_notebook(what):
    found = Workspace()
    assert found.recover(what) == ["signal", "a", "b"]
    assert found.list() == ["signal", "a", "b"]


@pytest.mark.parametrize(("what", "names"), [("b", ["b"]), (["a", "b"], ["a", "b"])])
@pytest.mark.usefixtures("crashed")
def test_objects_are_restored_by_name(what, names):
    found = Workspace()
    assert found.recover(what) == names
    assert found.list() == names
    assert Workspace().recover()[0].restored is False


@pytest.mark.usefixtures("crashed")
def test_all_objects_may_be_restored_by_their_names():
    Workspace().recover(["a", "b", "signal"])

    assert Workspace().recover()[0].restored is True


@pytest.mark.usefixtures("crashed")
def test_the_list_says_when_which_notebook_and_which_objects():
    workspace = Workspace()
    (entry,) = found = workspace.recover()

    assert len(workspace) == 0, "nothing is restored without being asked for"
    assert repr(found) == (
        f"1  analysis.ipynb  {entry.when:%H:%M}  3 objects: 'signal', 'a', 'b'"
    )
    assert entry.source == "/home/ada/analysis.ipynb"
    assert [(d.name, d.kind, d.shape, str(d.dtype)) for d in entry.objects] == [
        ("signal", "signal", (4,), "float64"),
        ("a", "image", (2, 3), "float64"),
        ("b", "image", (2, 3), "float64"),
    ]


@pytest.mark.usefixtures("crashed")
def test_what_was_restored_is_marked_and_can_be_discarded(folder):
    workspace = Workspace()
    workspace.recover(1)

    (entry,) = workspace.recover()
    assert repr(entry).endswith("(restored)")
    entry.discard()

    assert repr(workspace.recover()) == "nothing to recover"
    assert not list(folder.iterdir())


@pytest.mark.usefixtures("crashed")
def test_a_conflict_restores_nothing_unless_the_user_chooses():
    workspace = Workspace()
    workspace.add("b", A)

    with pytest.raises(NameConflictError, match=r"'analysis\.ipynb'.*'b'"):
        workspace.recover(1)
    assert workspace.list() == ["b"]

    names = workspace.recover(1, on_conflict="rename")
    assert names == ["signal", "a", "b (2)"]
    workspace.undo()
    assert workspace.list() == ["b"]


@pytest.mark.usefixtures("crashed")
def test_what_does_not_exist_is_refused():
    workspace = Workspace()
    with pytest.raises(IndexError, match=r"no entry 2 in the list of recover\(\)"):
        workspace.recover(2)
    with pytest.raises(ObjectNotFoundError, match=r"'analysi\.ipynb'.*analysis"):
        workspace.recover("analysi.ipynb")
    with pytest.raises(ObjectNotFoundError, match="'c'"):
        workspace.recover()[0].restore("c")


def test_an_object_that_the_disk_has_lost_is_named(workspace, record, crash, folder):
    workspace.update({"a": A, "large": LARGE})
    crash(record(workspace))
    segment = max(folder.glob("*/*.segment"), key=lambda path: path.stat().st_size)
    content = bytearray(segment.read_bytes())
    content[content.index(LARGE.tobytes()) + 8] ^= 1
    segment.write_bytes(content)

    found = Workspace()
    with pytest.raises(DamagedFileError, match="'large' cannot be read"):
        found.recover("large")
    with pytest.warns(UserWarning, match="these cannot be read: 'large'$"):
        assert found.recover(1) == ["a"]


def test_histories_come_back(workspace, record, crash):
    recorder = record(workspace)
    workspace.add("raw", np.arange(9.0))
    name = workspace.calc("normalize", on="raw")

    crash(recorder)

    found = restored()
    assert [step.what for step in found.history(name).steps] == ["normalize"]
    assert found.history(name).inputs[0].name == "raw"
