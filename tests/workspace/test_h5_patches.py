"""A save that changes a copy of the old file gives what a complete save gives."""

from __future__ import annotations

import itertools
import os
import pickle
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datalab_workspace import Workspace
from datalab_workspace import open as open_project
from datalab_workspace.formats.h5 import native, patch, writer
from datalab_workspace.formats.h5.guard import Limits
from datalab_workspace.formats.h5.open_file import opened
from datalab_workspace.formats.h5.reader import read_project
from datalab_workspace.formats.h5.verify import verify
from datalab_workspace.formats.h5.writer import write_project
from datalab_workspace.model.metadata_values import values_equal
from datalab_workspace.model.project import Project
from datalab_workspace.model.record import PendingRecord
from support import project_reader

DATA = Path(__file__).parents[1] / "data" / "datalab"
TITLES = ("a", "b/c", "", "λ \N{TEST TUBE}", "a", "s002: x")
SHAPES = ((3, 4), (200, 300), (1, 1))
DTYPES = ("u2", "i8", "f4")


def pixels(number):
    shape, dtype = SHAPES[number % 3], DTYPES[number % 2 + number % 3 // 2]
    return (np.arange(np.prod(shape)).reshape(shape) * (number + 1)).astype(dtype)


def points(number):
    x = np.arange(5.0 + number % 2 * 9000)
    return x, x * number


@pytest.fixture
def patched(monkeypatch):
    """A list that says of each save whether it changed a copy."""
    seen = []
    complete = patch.patch_project

    def note(*args):
        result = complete(*args)
        seen.append(result is not None)
        return result

    monkeypatch.setattr(writer, "patch_project", note)
    return seen


# -- what is compared -----------------------------------------------------------------


def resolved(item):
    return item.resolve() if isinstance(item, PendingRecord) else item


def groups_of(groups):
    """The groups as plain values; arrays are read."""
    found = []
    for group in groups:
        items = [
            i.resolve() if isinstance(i, PendingRecord) else i for i in group.items
        ]
        for item in items:
            for name in item.arrays:
                item.arrays[name] = item.array(name)
        found.append((group.kind, group.title, items))
    return found


def assert_equal(one, other):
    assert [g[:2] for g in one] == [g[:2] for g in other]
    for (*_, items), (*_, others) in zip(one, other, strict=True):
        assert [i.uuid for i in items] == [o.uuid for o in others]
        for item, twin in zip(items, others, strict=True):
            assert item.fields == twin.fields
            assert values_equal(item.metadata, twin.metadata)
            assert values_equal(item.arrays, twin.arrays)


def by_layout(path):
    with opened(path, Limits()) as file:
        return groups_of(native.read_groups(file))


def as_datalab_lists(path):
    """Titles in the order in which DataLab, which follows HDF5, lists them."""
    with h5py.File(path) as file:
        return [
            (group.attrs["title"], [item.attrs["title"] for item in group.values()])
            for section in ("DataLab_Sig", "DataLab_Ima")
            for group in file.get(section, {}).values()
        ]


def assert_same_as_complete(workspace, path, folder):
    """Compare a file with one that is written as a whole, by all readers."""
    complete = folder / "complete.h5"
    session = workspace._session
    groups = session.backend.content()
    write_project(complete, Project(groups, session.project.foreign))
    read = read_project(path).project
    assert_equal(
        groups_of(read.groups), groups_of(read_project(complete).project.groups)
    )
    assert read.foreign == read_project(complete).project.foreign
    assert_equal(by_layout(path), by_layout(complete))
    assert as_datalab_lists(path) == as_datalab_lists(complete)
    pairs = zip(project_reader.read(path), project_reader.read(complete), strict=True)
    for item, twin in pairs:
        assert item[:3] == twin[:3]
        assert values_equal(item.metadata, twin.metadata)
    verdict = verify(path)
    assert (verdict.problems, verdict.obstacles) == ([], [])
    assert verdict.covers_all
    assert path.stat().st_size < 2 * complete.stat().st_size + (1 << 18)


# -- any sequence of changes ----------------------------------------------------------


def fresh_name(number):
    return f"{TITLES[number % len(TITLES)]} {number}"


def reopen(workspace, *, lazy):
    if workspace.path is None:
        return workspace
    path = workspace.save()
    if lazy:
        return open_project(path)
    workspace = Workspace()
    workspace.load(path)
    return workspace


def undo(workspace):
    if workspace._session.journal.last() is not None:
        workspace.undo()


ANYTIME = {
    "add signal": lambda ws, n: ws.add(
        fresh_name(n), points(n), overwrite=True, group="ab"[n % 2]
    ),
    "add image": lambda ws, n: ws.add(fresh_name(n), pixels(n), overwrite=True),
    "undo": lambda ws, _: undo(ws),
}


def rename(workspace, name, number):
    if fresh_name(number) not in workspace.list():
        workspace.rename(name, fresh_name(number))


def replace(workspace, name, number):
    data = pixels if workspace.record(name).kind == "image" else points
    workspace.add(name, data(number), overwrite=True)


def rename_group(workspace, name, number):
    kind = workspace.record(name).kind
    groups = [group.title for group in workspace.groups(kind)]
    title = f"group {number}"
    if title not in groups:
        workspace.rename_group(groups[number % len(groups)], title, kind=kind)


OF_AN_OBJECT = {
    "rename": rename,
    "edit": lambda ws, name, n: ws.edit(name, xlabel=f"x{n}"),
    "metadata": lambda ws, name, n: ws.edit(
        name, metadata={"n": n, "t": (1, None), "curve": np.arange(n * 100.0)}
    ),
    "replace": replace,
    "remove": lambda ws, name, _: ws.remove(name),
    "move": lambda ws, name, n: ws.move(name, "abc"[n % 3]),
    "rename group": rename_group,
}


def change(workspace, step, number):
    """Carry out a step; return the workspace to continue with."""
    if step in ("reopen", "open"):
        return reopen(workspace, lazy=step == "open")
    names = workspace.list()
    if step in ANYTIME:
        ANYTIME[step](workspace, number)
    elif step in OF_AN_OBJECT and names:
        OF_AN_OBJECT[step](workspace, names[number % len(names)], number)
    return workspace


STEPS = st.tuples(
    st.sampled_from([*ANYTIME, *OF_AN_OBJECT, "save", "reopen", "open"]),
    st.integers(0, 30),
)


def play(steps, folder, compression):
    path = folder / "project.h5"
    workspace = Workspace()
    for number in range(5):
        workspace.add(f"signal {number}", points(number))
        workspace.add(f"image {number}", pixels(number))
    workspace.save(path, compression=compression)
    for step, number in [*steps, ("save", 0)]:
        workspace = change(workspace, step, number)
        if step == "save":
            workspace.save(path)
            assert_same_as_complete(workspace, path, folder)


@settings(max_examples=12, deadline=None)
@given(
    steps=st.lists(STEPS, max_size=8),
    compression=st.sampled_from([None, None, "gzip", "lzf"]),
)
def test_any_changes_are_saved_as_by_a_complete_save(
    steps, compression, tmp_path_factory
):
    play(steps, tmp_path_factory.mktemp("steps"), compression)


@pytest.mark.slow
@pytest.mark.timeout(900)
@settings(max_examples=200, deadline=None)
@given(
    steps=st.lists(STEPS, min_size=5, max_size=40),
    compression=st.sampled_from([None, None, "gzip", "lzf"]),
)
def test_many_changes_are_saved_as_by_a_complete_save(
    steps, compression, tmp_path_factory
):
    play(steps, tmp_path_factory.mktemp("steps"), compression)


# -- what is patched ------------------------------------------------------------------


@pytest.fixture
def path(tmp_path):
    workspace = Workspace()
    for number in range(20):
        workspace.add(f"signal {number}", points(number))
    workspace.add("image", pixels(1))
    workspace.add("other", pixels(3), group="frames")
    return workspace.save(tmp_path / "project.h5")


def loaded(path):
    workspace = Workspace()
    workspace.load(path)
    return workspace


OPENERS = pytest.mark.parametrize(
    "opener", [loaded, open_project], ids=["read", "lazy"]
)
CHANGES = {
    "title": lambda ws: ws.rename("signal 3", "another"),
    "field": lambda ws: ws.edit("image", zlabel="counts"),
    "metadata": lambda ws: ws.edit("image", metadata={"a": {"b": [1, None]}}),
    "data": lambda ws: ws.add("image", pixels(1) + 1, overwrite=True),
    "shape": lambda ws: ws.add("image", np.ones((2, 2)), overwrite=True),
    "kind": lambda ws: ws.add("image", points(2), overwrite=True),
    "new object": lambda ws: ws.add("new", points(3)),
    "new group": lambda ws: ws.add("new", pixels(3), group="new"),
    "removed object": lambda ws: ws.remove("signal 8"),
    "emptied panel": lambda ws: ws.remove("image", "other"),
    "moved object": lambda ws: ws.move("signal 0", "elsewhere"),
    "group title": lambda ws: ws.rename_group("frames", "pictures"),
}


@OPENERS
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_is_saved_in_a_copy(change, opener, path, patched, tmp_path):
    workspace = opener(path)
    change(workspace)
    workspace.save()
    assert patched == [True]
    assert_same_as_complete(workspace, path, tmp_path)
    before = path.read_bytes()
    workspace.save()
    assert path.read_bytes() == before
    for name in workspace.list():
        workspace.get(name)  # also what was not read before


def test_names_in_the_file_follow_the_titles_and_keep_the_order(path):
    workspace = loaded(path)
    workspace.rename("signal 0", "first")
    workspace.remove("signal 1")
    workspace.add("last", points(1))
    with h5py.File(workspace.save()) as file:
        (group,) = file["DataLab_Sig"].values()
        names = list(group)
    assert names == sorted(names)
    assert names[:2] == ["s001: first", "s003: signal 2"]
    assert names[-1] == "s021: last"


def test_first_of_many_keeps_its_name_because_all_others_would_move(tmp_path, patched):
    workspace = Workspace()
    for number in range(300):
        workspace.add(f"signal {number}", points(0))
    path = workspace.save(tmp_path / "many.h5")
    workspace.rename("signal 0", "first")
    workspace.rename("signal 250", "near the end")
    with h5py.File(workspace.save()) as file:
        (group,) = file["DataLab_Sig"].values()
        assert next(iter(group)) == "s001: signal 0"
        assert next(iter(group.values())).attrs["title"] == "first"
    assert patched == [True]
    assert_same_as_complete(workspace, path, tmp_path)


def test_number_with_more_digits_is_written_with_all_others(tmp_path, patched):
    workspace = Workspace()
    for number in range(999):
        workspace.add(f"signal {number}", points(0))
    path = workspace.save(tmp_path / "many.h5")
    workspace.add("one more", points(0))
    workspace.save()
    assert patched == [False]
    assert as_datalab_lists(path)[0][1][-1] == "one more"


def test_copy_of_a_project_is_patched_too(path, patched, tmp_path):
    workspace = open_project(path)
    before = path.read_bytes()
    workspace.rename("signal 3", "another")
    workspace.save(tmp_path / "copy.h5")
    assert patched == [True]
    assert path.read_bytes() == before
    assert_same_as_complete(workspace, tmp_path / "copy.h5", tmp_path)


def test_removed_data_is_not_in_the_file(path, patched, tmp_path):
    secret = np.random.default_rng(0).random((50, 60))
    workspace = loaded(path)
    workspace.add("secret", secret)
    assert secret.tobytes() in workspace.save().read_bytes()
    workspace.remove("secret")
    assert secret.tobytes() not in workspace.save().read_bytes()
    assert patched == [True, True]
    workspace.remove("image")
    workspace.save(tmp_path / "for others.h5")
    assert patched == [True, True, False]


def test_compression_writes_the_whole_file_where_something_was_removed(path):
    workspace = loaded(path)
    workspace.rename("signal 3", "secret title")
    workspace.save()
    workspace.remove("secret title")
    workspace.save()
    content = workspace.save(compression="none").read_bytes()
    assert b"secret title" not in content
    assert workspace.save(compression="none").read_bytes() == content


def test_file_with_much_waste_is_written_as_a_whole(path, patched):
    workspace = loaded(path)
    sizes = []
    for number in range(12):
        workspace.add("image", np.ones((100 + number, 300)), overwrite=True)
        sizes.append(workspace.save().stat().st_size)
    assert {True, False} == set(patched)
    assert max(sizes) < 2 * min(sizes)


def test_file_that_loses_most_of_its_data_is_written_as_a_whole(path, patched):
    workspace = loaded(path)
    workspace.add("large", np.ones((500, 500)))
    workspace.save()
    workspace.add("large", np.ones((2, 2)), overwrite=True)
    workspace.save()
    workspace.add("large", np.ones((500, 500)), overwrite=True)
    workspace.save()
    workspace.remove("large")
    workspace.save()
    assert patched == [True, False, True, False]


def test_macros_and_history_stay(tmp_path, patched):
    path = tmp_path / "project.h5"
    shutil.copy(DATA / "history.h5", path)
    workspace = loaded(path)
    for number in itertools.count():
        workspace.add(f"signal {number}", points(0))
        workspace.save()
        assert_same_as_complete(workspace, path, tmp_path)
        if number == 2:
            break
    # A file of DataLab has no manifest: it is written as a whole once.
    assert patched == [False, True, True]


# -- what is not ----------------------------------------------------------------------


def test_damaged_structure_is_repaired_and_not_copied(path, patched, tmp_path):
    content = bytearray(path.read_bytes())
    status = path.stat()
    content[content.index(b"signal 13") + 8] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    workspace = open_project(path)
    workspace.rename("signal 3", "another")
    workspace.save()
    assert patched == [False]
    assert_same_as_complete(workspace, path, tmp_path)


def test_copied_file_is_verified_at_its_first_save(path, patched, tmp_path):
    copied = tmp_path / "copied.h5"
    shutil.copyfile(path, copied)
    workspace = open_project(copied)
    workspace.rename("signal 3", "another")
    workspace.save()
    workspace.rename("signal 4", "yet another")
    workspace.save()
    assert patched == [False, True]
    assert_same_as_complete(workspace, copied, tmp_path)


@pytest.mark.parametrize("save", ["patched", "complete"])
def test_workspace_can_be_pickled_after_a_save(save, path):
    workspace = open_project(path)
    workspace.rename("signal 3", "another")
    workspace.save(compression=None if save == "patched" else "gzip")
    copied = pickle.loads(pickle.dumps(workspace))
    assert copied.list() == workspace.list()
    for name in workspace.list():
        one, other = copied.record(name), workspace.record(name)
        assert values_equal(arrays_of(one), arrays_of(other))
    copied.rename("another", "a third")
    copied.save()
    assert "a third" in loaded(path)


def arrays_of(record):
    return {name: record.array(name) for name in record.arrays}
