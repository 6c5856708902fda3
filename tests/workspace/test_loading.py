"""Loading into a workspace that knows some of the file's objects already."""

from __future__ import annotations

import numpy as np
import pytest

from datalab_workspace import Workspace
from datalab_workspace.errors import NameConflictError
from datalab_workspace.model.record import Record


def points(number):
    return np.array([number, 0.0, 1.0])


def numbers(workspace):
    return {
        name: int(workspace.record(name).array("xydata")[1, 0]) for name in workspace
    }


@pytest.fixture
def duplicates(tmp_path):
    """A workspace with two objects of the title "A", and the file that holds them."""
    workspace = Workspace()
    workspace.add("first", points(1))
    workspace.add("A", points(2))
    first = workspace.describe("first").uuid
    workspace.backend.edit(first, {"title": "A"}, {})
    path = workspace.save(tmp_path / "duplicates.h5")
    return workspace, path


@pytest.mark.parametrize("choice", ["error", "replace", "rename", "skip"])
@pytest.mark.parametrize("lazy", [False, True])
def test_an_object_of_the_same_uuid_is_not_taken_for_another_of_its_name(
    duplicates, choice, lazy
):
    # In the file the second is called "A (2)"; here, where the first is gone, "A".
    workspace, path = duplicates
    workspace.remove("first")
    names = workspace.load(path, on_conflict=choice, lazy=lazy)
    assert names == ["A (2)", "A"]
    assert numbers(workspace) == {"A": 2, "A (2)": 1}


def test_an_object_of_the_same_uuid_that_changed_is_a_conflict(duplicates):
    workspace, path = duplicates
    workspace.add("A", points(3), overwrite=True)
    with pytest.raises(NameConflictError, match="different objects: 'A'; pass"):
        workspace.load(path)
    assert workspace.load(path, on_conflict="replace") == ["first", "A"]
    assert numbers(workspace) == {"first": 1, "A": 2}


def test_a_renamed_object_is_another_one(tmp_path):
    workspace = Workspace()
    workspace.add("a", points(1))
    path = workspace.save(tmp_path / "a.h5")
    workspace.rename("a", "b")
    assert workspace.load(path) == ["a"]
    assert numbers(workspace) == {"b": 1, "a": 1}
    uuids = [item.uuid for item in workspace.describe()]
    assert len(set(uuids)) == 2


def test_moving_to_another_group_keeps_the_object_if_memory_is_short(monkeypatch):
    workspace = Workspace()
    workspace.add("a", points(1), group="one")

    def fail(_record, **_options):
        raise MemoryError

    monkeypatch.setattr(Record, "copy", fail)
    with pytest.raises(MemoryError):
        workspace.add("a", points(2), overwrite=True, group="two")
    monkeypatch.undo()
    assert numbers(workspace) == {"a": 1}
    assert workspace.describe("a").group == "one"


def test_only_groups_that_are_needed_are_loaded(tmp_path):
    source = Workspace()
    source.add("a", points(1), group="with one that is here")
    source.add("b", points(2), group="empty")
    source.add("c", points(3), group="with a new one")
    source.remove("b")
    path = source.save(tmp_path / "x.h5")
    workspace = Workspace()
    workspace.add("a", points(1), group="mine")
    workspace.load(path)
    groups = [(group.title, group.names) for group in workspace.groups()]
    assert groups == [("mine", ("a",)), ("empty", ()), ("with a new one", ("c",))]


def test_a_name_that_a_file_does_not_have_is_missing_from_the_file(duplicates):
    _, path = duplicates
    with pytest.raises(KeyError) as error:
        Workspace().load(path, names=["A", "b"])
    assert f"no object 'b' in {str(path)!r}" in str(error.value)


def test_the_home_of_a_user_that_does_not_exist_is_no_folder():
    with pytest.raises(FileNotFoundError, match="~nobody-of-this-name"):
        Workspace().save("~nobody-of-this-name/a.h5")
