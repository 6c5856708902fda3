"""Saving and loading from the user's side: paths, names, conflicts, what comes back."""

from __future__ import annotations

import os
from pathlib import Path

import h5py
import numpy as np
import pytest

from datalab_workspace import Workspace
from datalab_workspace import open as open_project
from datalab_workspace.errors import NameConflictError, UnsupportedMetadataError
from datalab_workspace.formats.h5.reader import read_project
from datalab_workspace.formats.h5.writer import write_project
from datalab_workspace.model.project import Group, Project
from datalab_workspace.model.record import Record
from datalab_workspace.testing.comparison import as_stored, assert_same
from datalab_workspace.testing.samples import KEYS, NAMES, OBJECTS, VALUES
from support.project_files import drop_manifest

DATALAB = Path(__file__).parents[1] / "data" / "datalab"
A, B, C = (np.full((2, 3), number, "u1") for number in range(3))


def workspace_of(**objects):
    workspace = Workspace()
    for name, obj in objects.items():
        workspace.add(name, obj)
    return workspace


def pixels(workspace):
    return {n: int(workspace.record(n).array("data")[0, 0]) for n in workspace}


# -- what comes back ------------------------------------------------------------------


@pytest.fixture(scope="module")
def samples():
    """Every sample object, and a signal for every sample of metadata."""
    made = {f"object {name}": make() for name, make in OBJECTS.items()}
    for name, value in VALUES.items():
        made[f"value {name}"] = (A, {"value": value(), "inner": {"list": [value()]}})
    for name, key in KEYS.items():
        made[f"key {name}"] = (A, {key: 1, "inner": {key: [None]}})
    return made


@pytest.fixture(scope="module")
def records(samples):
    """The same as a workspace."""
    workspace = Workspace()
    for name, sample in samples.items():
        obj, metadata = sample if isinstance(sample, tuple) else (sample, {})
        workspace.add(name, obj)
        workspace.edit(name, metadata=metadata)
    return workspace


@pytest.mark.filterwarnings(
    "ignore::guidata.dataset.datatypes.DataItemValidationWarning"
)
@pytest.mark.parametrize("lazy", [False, True], ids=["eager", "lazy"])
def test_every_sample_comes_back_when_datalab_dropped_our_index(
    lazy, samples, records, tmp_path
):
    path = records.save(tmp_path / "samples.h5")
    drop_manifest(path)
    loaded = Workspace()
    loaded.load(path, lazy=lazy)
    assert loaded.list() == records.list()
    for name, sample in samples.items():
        found = loaded.get(name)
        if isinstance(sample, tuple):
            assert_same(records.get(name), found, what=name)
        else:
            assert_same(as_stored(sample, name), found, what=name)


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_any_name_goes_through_a_file(name, tmp_path):
    workspace = workspace_of(**{"first": A, name: B})
    path = workspace.save(tmp_path / "a.h5")
    assert open_project(path).list() == ["first", name]
    drop_manifest(path)
    assert pixels(open_project(path)) == {"first": 0, name: 1}


def test_objects_of_one_title_keep_their_names_and_order(tmp_path):
    for order in (["same", "same", "same (2)"], ["same (2)", "same", "same"]):
        group = Group("image", "", [Record("image", {"title": t}) for t in order])
        path = tmp_path / "a.h5"
        write_project(path, Project([group]))
        names = open_project(path).list()
        assert len(set(names)) == 3
        drop_manifest(path)
        assert open_project(path).list() == names


def test_groups_come_back_in_order_with_their_titles(tmp_path):
    workspace = Workspace()
    for title in ("b", "a", "", "\U0001f9ea", "a/b"):
        workspace.add(f"in {title}", A, group=title)
    loaded = open_project(workspace.save(tmp_path / "a.h5"))
    assert loaded.groups() == workspace.groups()
    assert [group.title for group in loaded.groups()][-1] == "a/b"


def test_empty_workspace_is_a_project(tmp_path):
    assert open_project(Workspace().save(tmp_path / "empty.h5")).list() == []


@pytest.mark.parametrize("compression", ["lzf", "gzip", ("gzip", 0), ("gzip", 9)])
def test_compressed_data_comes_back_smaller(compression, tmp_path):
    large = np.zeros((500, 600))
    large[::50] = 1.5
    workspace = workspace_of(large=large, small=A, empty=np.empty((0, 3)))
    path = workspace.save(tmp_path / "a.h5", compression=compression)
    plain = workspace.save(tmp_path / "b.h5", compression="none").stat().st_size
    assert (path.stat().st_size < plain) is (compression != ("gzip", 0))
    for _ in ("by our index", "by the layout"):
        loaded = Workspace()
        loaded.load(path)
        np.testing.assert_array_equal(loaded.record("large").data, large)
        os.utime(path, (0, 0))


# -- paths ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [str, Path])
def test_home_is_understood_and_no_suffix_is_invented(kind, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    workspace = workspace_of(a=A)
    assert workspace.save(kind("~/project")) == tmp_path / "project"
    assert [p.name for p in tmp_path.iterdir()] == ["project"]
    loaded = Workspace()
    loaded.load(kind("~/project"))
    assert loaded.path == tmp_path / "project"


def test_path_stays_where_it_was_when_the_working_folder_changes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    workspace = workspace_of(a=A)
    workspace.save("a.h5")
    monkeypatch.chdir("/")
    workspace.add("b", B)
    assert workspace.save() == tmp_path / "a.h5"


def test_save_without_a_path_goes_to_the_last_one(tmp_path):
    workspace = workspace_of(a=A)
    with pytest.raises(ValueError, match=r"no file to save to yet; call save\(path\)"):
        workspace.save()
    path = workspace.save(tmp_path / "a.h5")
    assert not workspace.modified
    workspace.add("b", B)
    assert workspace.modified
    assert workspace.save() == path
    assert not workspace.modified
    assert open_project(path).list() == ["a", "b"]


# -- some of the objects --------------------------------------------------------------


def test_names_save_only_what_they_name(tmp_path):
    workspace = workspace_of(a=A, b=B, c=C)
    assert open_project(workspace.save(tmp_path / "one", names="i002")).list() == ["b"]
    two = workspace.save(tmp_path / "two.h5", names=["c", "a"])
    assert open_project(two).list() == ["a", "c"]
    assert workspace.path is None  # what was saved is not the workspace
    assert workspace.modified


def test_unknown_name_is_refused_before_anything_happens(tmp_path):
    workspace = workspace_of(a=A)
    with pytest.raises(KeyError, match="no object 'b'"):
        workspace.save(tmp_path / "a.h5", names=["a", "b"])
    assert list(tmp_path.iterdir()) == []
    path = workspace.save(tmp_path / "a.h5")
    empty = Workspace()
    with pytest.raises(KeyError, match=r"no object 'b' in .*a\.h5"):
        empty.load(path, names=["a", "b"])
    assert empty.list() == []


def test_saving_some_over_the_file_of_unread_others_is_refused(tmp_path):
    path = workspace_of(a=A, b=np.zeros((100, 100))).save(tmp_path / "a.h5")
    workspace = open_project(path)
    workspace.record("b")
    content = path.read_bytes()
    with pytest.raises(ValueError, match="would destroy the data of 'b'"):
        workspace.save(path, names="a")
    assert path.read_bytes() == content


# -- conflicts ------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path):
    return workspace_of(same=A, other=B, new=C).save(tmp_path / "file.h5")


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize(
    ("on_conflict", "loaded", "after"),
    [
        ("replace", ["same", "other", "new"], {"same": 0, "other": 1, "new": 2}),
        ("skip", ["same", "new"], {"same": 0, "other": 2, "new": 2}),
        (
            "rename",
            ["same", "other (2)", "new"],
            {"same": 0, "other": 2, "other (2)": 1, "new": 2},
        ),
    ],
)
def test_different_object_under_a_name_in_use(file, lazy, on_conflict, loaded, after):
    workspace = workspace_of(same=A, other=C)
    assert workspace.load(file, on_conflict=on_conflict, lazy=lazy) == loaded
    assert pixels(workspace) == after


@pytest.mark.parametrize("lazy", [False, True])
def test_conflicts_are_all_listed_and_nothing_is_loaded(file, lazy):
    workspace = workspace_of(same=B, other=C)
    with pytest.raises(NameConflictError, match=r"'same', 'other'; .*on_conflict="):
        workspace.load(file, lazy=lazy)
    assert pixels(workspace) == {"same": 1, "other": 2}
    assert workspace.path is None


def test_loading_a_file_twice_changes_nothing(file):
    workspace = Workspace()
    assert workspace.load(file) == workspace.load(file) == ["same", "other", "new"]
    assert workspace.list() == ["same", "other", "new"]


def test_unknown_choice_is_refused(file):
    with pytest.raises(ValueError, match="'overwrite'"):
        Workspace().load(file, on_conflict="overwrite")


# -- refused before the file is touched -----------------------------------------------


def test_metadata_that_cannot_be_kept_is_refused_naming_object_and_key(tmp_path):
    from sigima import SignalObj

    workspace = workspace_of(a=A)
    path = workspace.save(tmp_path / "a.h5")
    content = path.read_bytes()
    obj = SignalObj()
    obj.title, obj.xydata = "odd", np.zeros((2, 3))
    obj.metadata["device"] = {"handle": object()}
    where = r"'odd'.*\['device'\]\['handle'\]"
    with pytest.raises(UnsupportedMetadataError, match=where):
        workspace.add(obj)
    assert workspace.list() == ["a"]
    assert path.read_bytes() == content


def test_two_objects_of_one_uuid_are_refused_before_the_file_is_touched(tmp_path):
    twins = [Record("image", {"title": title}, uuid="u") for title in ("a", "b")]
    with pytest.raises(ValueError, match="'a' and 'b' have the same UUID u"):
        write_project(tmp_path / "a.h5", Project([Group("image", "", twins)]))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["full", "history", "datalab_1_0"])
def test_every_object_of_datalab_is_read(name):
    project, _ = read_project(DATALAB / f"{name}.h5")
    with h5py.File(DATALAB / f"{name}.h5") as file:
        titles = [
            obj.attrs["title"]
            for panel in ("DataLab_Sig", "DataLab_Ima")
            for group in file.get(panel, {}).values()
            for obj in group.values()
        ]
    assert [item.title for item in project.items()] == titles
    assert titles


def test_histories_of_two_projects_are_merged(tmp_path):
    workspace = Workspace()
    workspace.add("raw", np.arange(9.0))
    name = workspace.calc("normalize", on="raw")
    first = workspace.save(tmp_path / "first.h5", datalab_history=True)
    workspace.load(DATALAB / "history.h5", on_conflict="rename")
    second = workspace.save(tmp_path / "second.h5")
    assert (titles(first), titles(second)) == (
        ["Notebook"],
        ["Notebook", "Processing", "Processing"],
    )
    workspace.remove(name)
    workspace.save(
        datalab_history=True
    )  # what DataLab has computed can be changed, too
    assert sorted(titles(second)) == ["Notebook", "Processing", "Processing"]


def titles(path):
    """Return the titles of the sessions of DataLab's History panel, in order."""
    with h5py.File(path) as file:
        section = file["DataLab_His"]
        return [section[name].attrs["title"] for name in section.attrs["IDs"]]
