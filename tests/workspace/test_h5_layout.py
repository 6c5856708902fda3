"""What we write is what DataLab writes: names, types and order, item by item."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from datalab_workspace import Workspace
from datalab_workspace.encoding import sidecar
from support.project_files import drop_manifest

DATA = Path(__file__).parents[1] / "data" / "datalab"
WINDOW_FILES = ["full", "history", "empty"]
OURS = "/datalab_workspace"
#: Dates are texts in our files, with their timezone; and where DataLab made an ASCII
#: text of bytes (`by`), it is a text like any other.
OTHER = {"dt", "dt__type__", "date", "date__type__", "by"}
PIXELS = np.arange(12, dtype="u2").reshape(3, 4)


def type_of(attribute):
    """The HDF5 type and shape of a low-level attribute or dataset, as a text."""
    stored = attribute.get_type()
    if isinstance(stored, h5py.h5t.TypeStringID):
        name = f"text {stored.is_variable_str()} {stored.get_cset()}"
    elif isinstance(stored, h5py.h5t.TypeEnumID):
        name = "bool"
    else:
        name = stored.dtype.str
    return f"{name} {attribute.shape}"


def value_of(value):
    if isinstance(value, np.ndarray) and value.dtype == object:
        return value.tolist()
    return value.tobytes() if isinstance(value, np.ndarray | np.generic) else value


def content(path):
    """Everything in a file, by path: types and bytes of attributes and datasets."""
    found = {}

    def add(where, item):
        where = f"/{where}"
        if isinstance(item, h5py.Dataset):
            found[where] = type_of(item.id), value_of(item[()])
        else:
            found[where] = "group", None
        for name in item.attrs:
            found[f"{where}@{name}"] = (
                type_of(item.attrs.get_id(name)),
                value_of(item.attrs[name]),
            )

    with h5py.File(path) as file:
        file.visititems(add)
    return found


def theirs(path):
    """Everything in a file that is DataLab's layout."""
    return {k: v for k, v in content(path).items() if not k.startswith(OURS)}


def resaved(name, tmp_path, **how):
    workspace = Workspace()
    workspace.load(DATA / f"{name}.h5", **how)
    return workspace.save(tmp_path / "resaved.h5")


def changeable(where):
    owner, _, name = where.partition("@")
    return name in OTHER or (owner.endswith("/metadata") and name == "__dict")


@pytest.mark.parametrize("lazy", [False, True], ids=["eager", "lazy"])
@pytest.mark.parametrize("name", WINDOW_FILES)
def test_project_of_datalab_is_written_back_as_it_was(name, lazy, tmp_path):
    expected = content(DATA / f"{name}.h5")
    found = theirs(resaved(name, tmp_path, lazy=lazy))
    ours = {k for k in found if k.endswith(f"@{sidecar.KEY}")}
    for where in [*filter(changeable, expected.keys() | found.keys()), *ours]:
        expected.pop(where, None)
        found.pop(where, None)
    assert found.keys() == expected.keys()
    different = {k: (expected[k], found[k]) for k in found if found[k] != expected[k]}
    assert not different


def test_project_of_datalab_1_0_is_brought_to_the_current_layout(tmp_path):
    expected = {
        where.replace("/g0", "/gs0"): value
        for where, value in content(DATA / "datalab_1_0.h5").items()
    }
    found = theirs(resaved("datalab_1_0", tmp_path))
    assert found.pop("/DataLab_Version") == ("text True 1 ()", b"1.3.0")
    assert expected.pop("/DataLab_Version") == ("text True 1 ()", b"1.0.0a1")
    assert found.pop("/DataLab_His") == ("group", None)
    assert found.pop("/DataLab_His@IDs") == ("<f8 (0,)", b"")
    assert found.keys() == expected.keys()
    # What was saved on Windows has integers of 32 bits.
    different = {k for k in found if found[k] != expected[k]}
    assert {where.rpartition("@")[2] for where in different} == {"__dict", "__number"}


@pytest.mark.parametrize(
    ("kind", "title", "reference"),
    [
        ("signal", "s", "/DataLab_Sig/gs001: /s002: complex"),
        ("image", "i", "/DataLab_Ima/gi001: /i002: NonUni"),
    ],
)
def test_new_object_has_every_attribute_that_datalab_writes(
    kind, title, reference, tmp_path
):
    workspace = Workspace()
    workspace.add(title, PIXELS if kind == "image" else PIXELS[0])
    panel = "Sig" if kind == "signal" else "Ima"
    here = f"/DataLab_{panel}/g{title}001: /{title}001: {title}"
    expected, found = content(DATA / "full.h5"), theirs(workspace.save(tmp_path / "a"))
    bounds = {f"{axis}scale{end}" for axis in "xyz" for end in ("min", "max")}

    def attributes(of, where):
        start = f"{where}@"
        types = {k.removeprefix(start): v[0] for k, v in of.items() if start in k}
        return {k: v for k, v in types.items() if k not in bounds}

    wanted = attributes(expected, reference)
    assert attributes(found, here) == wanted
    assert wanted  # the reference is there
    names = {k.removeprefix(f"{here}@") for k in found if k.startswith(f"{here}@")}
    assert bounds & names == {b for b in bounds if kind == "image" or b[0] != "z"}


def test_objects_stay_in_order_beyond_a_thousand(tmp_path):
    workspace = Workspace()
    for number in range(1001):
        workspace.add(f"a{number}", PIXELS[0])
    with h5py.File(workspace.save(tmp_path / "many.h5")) as file:
        group = file["DataLab_Sig/gs001: "]
        assert sorted(group) == list(group)
        assert list(group)[::1000] == ["s0001: a0", "s1001: a1000"]
        assert [o.attrs["title"] for o in group.values()] == workspace.list()


def test_order_of_short_numbers_written_by_datalab_is_that_of_the_numbers(tmp_path):
    workspace = Workspace()
    for number in range(1, 4):
        workspace.add(f"a{number}", PIXELS[0])
    path = workspace.save(tmp_path / "a.h5")
    with h5py.File(path, "r+") as file:
        group = file["DataLab_Sig/gs001: "]
        group.move("s002: a2", "s1000: a2")
        group.move("s003: a3", "s999: a3")
    drop_manifest(path)
    again = Workspace()
    again.load(path)
    assert again.list() == ["a1", "a3", "a2"]


def test_titles_are_in_the_names_of_groups_as_datalab_puts_them(tmp_path):
    workspace = Workspace()
    workspace.add("a/b: \u00e9 [1] (x)", PIXELS, group="d\u00e9p\u00f4t/1")
    with h5py.File(workspace.save(tmp_path / "a.h5")) as file:
        assert list(file["DataLab_Ima"]) == ["gi001: dpt_1"]
        assert list(file["DataLab_Ima/gi001: dpt_1"]) == ["i001: a_b  1 (x)"]


def macros_and_history(path):
    found = theirs(path)
    return {k: v for k, v in found.items() if "DataLab_Mac" in k or "DataLab_His" in k}


def test_macros_and_history_of_several_projects_are_put_together(tmp_path):
    workspace = Workspace()
    for name in ("full", "history", "full"):
        workspace.load(DATA / f"{name}.h5", on_conflict="rename")
    together = macros_and_history(workspace.save(tmp_path / "both.h5"))
    titles = [v[1] for k, v in together.items() if k.endswith("@title") and "Mac" in k]
    assert len(titles) == 3
    history = {
        k: v
        for k, v in macros_and_history(DATA / "history.h5").items()
        if k.startswith("/DataLab_His")
    }
    assert {k: v for k, v in together.items() if "DataLab_His" in k} == history


def test_part_that_a_later_datalab_may_add_is_carried_along(tmp_path):
    path = tmp_path / "later.h5"
    path.write_bytes((DATA / "full.h5").read_bytes())
    with h5py.File(path, "r+") as file:
        file.create_group("DataLab_Tab/t001").attrs["title"] = "table"
        file["other"] = "not DataLab's"
    workspace = Workspace()
    workspace.load(path)
    with h5py.File(workspace.save(tmp_path / "copy.h5")) as file:
        assert file["DataLab_Tab/t001"].attrs["title"] == "table"
        assert "other" not in file


def test_clear_forgets_macros_and_history(tmp_path):
    workspace = Workspace()
    workspace.load(DATA / "history.h5")
    workspace.clear()
    found = macros_and_history(workspace.save(tmp_path / "cleared.h5"))
    assert found.keys() == {"/DataLab_His", "/DataLab_His@IDs"}


def test_manifest_needs_no_heap(tmp_path):
    """HDF5 may search a damaged heap forever; it holds strings of variable length."""
    path = tmp_path / "one.h5"
    workspace = Workspace()
    workspace.add("one", np.arange(3.0))
    workspace.save(path)
    with h5py.File(path) as file:
        kinds = {name: file[OURS].attrs[name].dtype.kind for name in file[OURS].attrs}
    assert kinds == {"format": "S", "version": "i", "writer": "S"}
