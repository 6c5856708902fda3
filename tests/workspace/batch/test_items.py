"""The items of a run: what stands for them, and what is sent to a worker."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import sigima
import tifffile

import datalab_workspace as dlw
from datalab_workspace import batch
from datalab_workspace.backends import MemoryBackend
from datalab_workspace.batch.items.item import Item, MeasuredFile
from datalab_workspace.batch.items.item_arguments import make_items
from datalab_workspace.batch.worker.item_reader import read_item
from datalab_workspace.formats.h5.lazy import FileArray
from datalab_workspace.model.record import Record


def new_workspace(**objects: Any) -> dlw.Workspace:
    workspace = dlw.Workspace(backend=MemoryBackend())
    for name, obj in objects.items():
        workspace.add(name, obj)
    return workspace


def write(path: Path, values: Any = (1.5, 2.5, 4.0)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{x},{y}\n" for x, y in enumerate(values)))


def names(items: Any, **options: Any) -> list[str]:
    return list(make_items(items, **options).names())


def sent(item: Item) -> Item:
    """The item as another process receives it."""
    received: Item = pickle.loads(pickle.dumps(item))
    return received


def data(item: Item) -> list[Any]:
    """The data of each object of an item, as another process reads it."""
    found = []
    for record in read_item(sent(item)):
        array = record.array("xydata" if record.kind == "signal" else "data")
        assert array is not None
        found.append(array[1].tolist() if record.kind == "signal" else array.tolist())
    return found


# -- files ----------------------------------------------------------------------------


def test_files_of_a_pattern_are_in_natural_order(tmp_path: Path) -> None:
    for name in ("scan10.csv", "scan2.csv", "sub/scan1.csv", "notes.md"):
        write(tmp_path / name)
    items = make_items(tmp_path / "*.csv")
    assert list(items.names()) == ["scan2", "scan10"]
    assert [items.name(i) for i in range(len(items))] == list(items.names())
    assert data(items[1]) == [[1.5, 2.5, 4.0]]
    assert items[0].group == tmp_path.name
    assert names(str(tmp_path / "**/*.csv")) == ["scan2", "scan10", "scan1"]


def test_files_of_a_folder_are_in_groups(tmp_path: Path) -> None:
    for name in ("day1/a.csv", "day2/b.csv", "day2/notes.md"):
        write(tmp_path / name)
    items = make_items(tmp_path)
    assert list(items.names()) == ["a", "b"]
    assert [items[0].group, items[1].group] == ["day1", "day2"]
    assert items.group(1) == "day2"


def test_files_take_the_options_of_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("1;1,5\n2;2,5\n")
    assert data(make_items(tmp_path / "a.csv", read_options={"decimal": ","})[0]) == [
        [1.5, 2.5]
    ]
    with pytest.raises(TypeError, match="did you mean 'decimal'"):
        make_items(tmp_path / "a.csv", read_options={"decimals": ","})
    with pytest.raises(ValueError, match="images without a header"):
        make_items(tmp_path / "a.csv", read_options={"width": 3})
    with pytest.raises(ValueError, match="is not one of"):
        make_items(tmp_path / "a.csv", kind="curve")  # type: ignore[arg-type]


def test_paths_without_files_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "notes.md")
    with pytest.raises(FileNotFoundError, match="there is no file"):
        make_items([tmp_path / "a.csv"])
    with pytest.raises(FileNotFoundError, match="no file matches"):
        make_items(tmp_path / "*.csv")
    with pytest.raises(FileNotFoundError, match="no file that can be read"):
        make_items(tmp_path)


def test_files_of_other_programs_in_a_folder_are_named(tmp_path: Path) -> None:
    write(tmp_path / "a.csv")
    write(tmp_path / "table.xlsx")
    with pytest.warns(
        UserWarning, match=r"a file .* is not an item: .*table\.xlsx.*workbook of Excel"
    ):
        assert names(tmp_path) == ["a"]


def test_a_file_with_several_objects_has_a_row_for_each(tmp_path: Path) -> None:
    frames = np.arange(60, dtype=np.uint16).reshape(2, 5, 6)
    tifffile.imwrite(tmp_path / "stack.tif", frames)
    item = make_items(tmp_path / "stack.tif")[0]
    assert [record.title for record in read_item(item)] == [
        "stack.tif 00",
        "stack.tif 01",
    ]
    assert data(item) == frames.tolist()


def test_a_changed_file_is_stale(tmp_path: Path) -> None:
    write(tmp_path / "a.csv")
    write(tmp_path / "b.csv")
    items = make_items(tmp_path)
    before = items.fingerprint(0)
    write(tmp_path / "a.csv", (1, 2, 3, 4))
    (tmp_path / "b.csv").unlink()
    with pytest.raises(dlw.StaleFileError, match="was changed since the run began"):
        read_item(items[0])
    with pytest.raises(dlw.StaleFileError, match="was removed since the run began"):
        read_item(items[1])
    assert items.fingerprint(0) == before
    assert make_items(tmp_path).fingerprint(0) != before


def test_an_unreadable_file_is_the_error_of_its_item(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_text("not an image")
    with pytest.raises(dlw.UnreadableFileError, match=r"a\.tif"):
        read_item(make_items(tmp_path)[0])


def test_a_function_may_write_to_what_was_read(tmp_path: Path) -> None:
    image = np.ones((4, 5), dtype=np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", image)
    array = read_item(make_items(tmp_path)[0])[0].arrays["data"]
    assert isinstance(array, np.ndarray)
    assert array.flags.writeable


def test_remarks_on_files_become_one_warning(tmp_path: Path) -> None:
    for number in range(4):
        colors = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
        tifffile.imwrite(tmp_path / f"a{number}.tif", colors, photometric="rgb")
    pattern = r"'a0\.tif': .*color.* \(the same for 'a1', 'a2', 'a3'\)"
    with pytest.warns(UserWarning, match=pattern) as warned:
        run = batch.map("centroid", tmp_path, out=tmp_path / "r.h5", on="serial")
    assert run.done == 4
    assert len(warned) == 1


def test_files_that_a_run_has_written_are_not_items(tmp_path: Path) -> None:
    write(tmp_path / "a.csv")
    write(tmp_path / "widths.csv")
    run = tmp_path / "widths.h5.run"
    write(run / "parts" / "b.csv")
    assert names(tmp_path) == ["a", "widths", "b"]
    (run / "run.json").write_text("{}")
    assert names(tmp_path) == ["a"]
    assert names(tmp_path / "*.csv") == ["a"]
    workspace = new_workspace(wave=np.arange(4.0))
    workspace.save(tmp_path / "widths.h5")
    workspace.save(tmp_path / "widths-objects-001.h5")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert names(tmp_path) == ["a"]
    assert names(tmp_path / "*-objects-*.h5") == ["wave"]


# -- names ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["a.csv", "b.csv"], ["a", "b"]),
        (["a.csv", "a.txt"], ["a.csv", "a.txt"]),
        (["x/a.csv", "y/a.csv", "y/b.csv"], ["x/a", "y/a", "b"]),
        (["x/a.csv", "x/a.txt", "y/a.csv", "y/a.txt"],
         ["x/a.csv", "x/a.txt", "y/a.csv", "y/a.txt"]),
        (["p/x/a.csv", "q/x/a.csv", "q/y/a.csv"], ["p/x/a", "q/x/a", "y/a"]),
        (["a.csv", "a.txt", "z/a.csv.dat"], ["a.csv", "a.txt", "a.csv.dat"]),
    ],
)  # fmt: skip
def test_names_are_as_short_as_they_can_be(
    tmp_path: Path, files: list[str], expected: list[str]
) -> None:
    for name in files:
        write(tmp_path / name)
    found = names([tmp_path / name for name in files])
    assert len(set(found)) == len(found)
    assert found == expected


def test_more_files_leave_the_others_as_they_are(tmp_path: Path) -> None:
    write(tmp_path / "day1/a.csv")
    before = make_items(tmp_path)
    write(tmp_path / "day1/b.csv")
    write(tmp_path / "day2/c.csv")
    after = make_items(tmp_path)
    assert after[0] == before[0]
    assert after.fingerprint(0) == before.fingerprint(0) == before[0].fingerprint


def test_a_new_name_makes_a_new_fingerprint(tmp_path: Path) -> None:
    write(tmp_path / "x/a.csv")
    before = make_items(tmp_path).fingerprint(0)
    write(tmp_path / "y/a.csv")
    assert make_items(tmp_path).fingerprint(0) != before


# -- workspaces and projects ----------------------------------------------------------


def test_names_stand_for_objects_of_the_workspace() -> None:
    workspace = new_workspace(wave=np.arange(5.0), spot=np.eye(3), line=np.ones(4))
    assert names(workspace) == ["wave", "line", "spot"]
    assert names(workspace, kind="image") == ["spot"]
    assert names(["line", "wave", "s002"], workspace=workspace) == ["line", "wave"]
    assert names("spot", workspace=workspace) == ["spot"]
    assert names(None, workspace=workspace) == ["wave", "line", "spot"]
    with pytest.raises(KeyError, match="wave"):
        make_items(["waves"], workspace=workspace)
    with pytest.raises(ValueError, match="there are no items"):
        make_items(new_workspace(wave=np.arange(5.0)), kind="image")


def test_a_workspace_is_taken_as_it_is_when_the_run_begins() -> None:
    workspace = new_workspace(wave=np.arange(5.0))
    items = make_items(workspace)
    workspace["wave"] = np.zeros(3)
    workspace.remove("wave")
    assert data(items[0]) == [[0, 1, 2, 3, 4]]


def test_a_project_is_sent_by_reference(tmp_path: Path) -> None:
    workspace = new_workspace(**{f"wave{n}": np.arange(1e4) + n for n in range(3)})
    workspace.save(tmp_path / "waves.h5")
    opened = dlw.open(tmp_path / "waves.h5")
    for items in (make_items(opened), make_items(tmp_path / "waves.h5")):
        assert list(items.names()) == ["wave0", "wave1", "wave2"]
        assert len(pickle.dumps([items[0], items[1], items[2]])) < 4000
        assert data(items[2]) == [(np.arange(1e4) + 2).tolist()]
        assert isinstance(opened.record("wave1").data, FileArray)


def test_a_project_that_another_program_wrote_is_sent_by_reference(
    tmp_path: Path,
) -> None:
    workspace = new_workspace(wave=np.arange(1e4))
    workspace.save(tmp_path / "waves.h5")
    with h5py.File(tmp_path / "waves.h5", "r+") as file:
        for name in [name for name in file if name not in _sections()]:
            del file[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        items = make_items(tmp_path / "waves.h5")
        assert len(pickle.dumps(items[0])) < 2000
        assert data(items[0]) == [np.arange(1e4).tolist()]


def _sections() -> set[str]:
    return {"DataLab_Version", "DataLab_Sig", "DataLab_Ima"}


def test_projects_files_and_objects_may_be_mixed(tmp_path: Path) -> None:
    for name in ("monday", "tuesday"):
        new_workspace(wave=np.arange(4.0)).save(tmp_path / f"{name}.h5")
    write(tmp_path / "scan.csv")
    found = names([tmp_path / "*.h5", tmp_path / "scan.csv", np.arange(3.0)])
    assert found == ["monday/wave", "tuesday/wave", "scan", "item 1"]


def test_copies_of_a_project_are_different_items(tmp_path: Path) -> None:
    new_workspace(wave=np.arange(4.0)).save(tmp_path / "a.h5")
    (tmp_path / "b.h5").write_bytes((tmp_path / "a.h5").read_bytes())
    items = make_items(tmp_path / "*.h5")
    assert items[0].identity != items[1].identity
    assert make_items(tmp_path / "a.h5")[0].identity in items[0].identity


def test_an_hdf5_file_that_is_not_a_project_is_the_error_of_its_item(
    tmp_path: Path,
) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["counts"] = np.arange(3)
    item = make_items(tmp_path / "a.h5")[0]
    with pytest.raises(dlw.UnreadableFileError, match="it is an HDF5 file that holds"):
        read_item(item)


def test_a_project_that_was_removed_is_the_error_of_its_items(tmp_path: Path) -> None:
    new_workspace(wave=np.arange(4.0)).save(tmp_path / "a.h5")
    items = make_items(tmp_path / "a.h5")
    item = sent(items[0])
    (tmp_path / "a.h5").unlink()
    with pytest.raises(dlw.StaleFileError, match=r"a\.h5"):
        data(item)


def test_a_project_in_a_shared_folder_is_read_on_another_computer(
    tmp_path: Path,
) -> None:
    """There, the same file has other numbers of inode and device."""
    new_workspace(wave=np.arange(4.0)).save(tmp_path / "a.h5")
    pickled = pickle.dumps(make_items(tmp_path / "a.h5")[0])
    copied = tmp_path / "copied.h5"
    copied.write_bytes((tmp_path / "a.h5").read_bytes())
    status = (tmp_path / "a.h5").stat()
    os.utime(copied, ns=(status.st_atime_ns, status.st_mtime_ns))
    copied.replace(tmp_path / "a.h5")
    item = pickle.loads(pickled)
    assert isinstance(item.source, Record)
    array = item.source.data
    assert isinstance(array, FileArray)
    assert array.stamp.inode == (tmp_path / "a.h5").stat().st_ino != status.st_ino
    assert data(item) == [[0, 1, 2, 3]]


# -- objects --------------------------------------------------------------------------


def test_objects_of_a_list_or_dict_have_unique_names() -> None:
    peak = sigima.create_signal("peak", np.arange(3.0), np.arange(3.0))
    assert names([peak, peak, np.eye(3)]) == ["peak", "peak (2)", "item 3"]
    assert names({"a": peak, "b": (np.arange(3), np.arange(3))}) == ["a", "b"]
    assert names(peak) == ["peak"]
    assert names(np.zeros((2, 3, 4))) == ["item 1", "item 2"]
    assert names([peak, np.eye(3)], kind="image") == ["item 2"]
    items = make_items([peak, peak])
    assert items[0].identity != items[1].identity


def test_a_value_that_is_not_an_item_is_refused() -> None:
    with pytest.raises(TypeError, match=r"pass \[\(x, y\)\] for one signal"):
        make_items((np.arange(3), np.arange(3)))
    with pytest.raises(TypeError, match="item 2: cannot add"):
        make_items([np.arange(3), {}])
    with pytest.raises(TypeError, match="got int"):
        make_items(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="pass a workspace, files or objects"):
        make_items(None)


def test_an_object_that_a_script_makes_again_is_the_same_item() -> None:
    first, again = (make_items(new_workspace(a=np.arange(9.0)))[0] for _ in range(2))
    assert (first.identity, first.fingerprint) == (again.identity, again.fingerprint)
    assert isinstance(first.source, Record)
    assert isinstance(again.source, Record)
    assert first.source.uuid == again.source.uuid
    assert pickle.dumps(first.source.arrays) == pickle.dumps(again.source.arrays)


def change_data(workspace: dlw.Workspace) -> None:
    obj = workspace.get("a")
    obj.y[3] = 77
    workspace["a"] = obj


@pytest.mark.parametrize(
    "change",
    [
        change_data,
        lambda workspace: workspace.edit("a", xlabel="time"),
        lambda workspace: workspace.edit("a", metadata={"gain": 3}),
        lambda workspace: workspace.edit("a", metadata={"dark": np.arange(3)}),
        lambda workspace: workspace.rename("a", "b"),
    ],
)
def test_a_changed_object_has_another_fingerprint(change: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    workspace = new_workspace(a=np.arange(9.0))
    in_memory = make_items(workspace).fingerprint(0)
    workspace.save(path)
    in_file = make_items(path).fingerprint(0)
    workspace.save(tmp_path / "b.h5")
    assert make_items(tmp_path / "b.h5").fingerprint(0) == in_file
    change(workspace)
    workspace.save(path)
    assert make_items(workspace).fingerprint(0) != in_memory
    assert make_items(path).fingerprint(0) != in_file


def test_the_driver_imports_no_sigima(tmp_path: Path) -> None:
    write(tmp_path / "day1/a.csv")
    write(tmp_path / "day1/notes.md")
    workspace = new_workspace(wave=np.arange(4.0))
    workspace.save(tmp_path / "a.h5")
    program = (
        "import sys, datalab_workspace as dlw\n"
        "from datalab_workspace.batch.items.item_arguments import make_items\n"
        f"folder = {str(tmp_path)!r}\n"
        "items = make_items([folder + '/day1', folder + '/a.h5'])\n"
        "print([items[i].name for i in range(len(items))])\n"
        "print([m for m in ('sigima', 'pandas', 'scipy') if m in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[:2] == ["['a', 'wave']", "[]"]


def test_a_measured_file_is_sent_as_its_path(tmp_path: Path) -> None:
    write(tmp_path / "a.csv")
    item = make_items(tmp_path)[0]
    assert isinstance(item.source, MeasuredFile)
    assert item.source.path == tmp_path / "a.csv"
    assert len(pickle.dumps(item)) < 1500


def test_files_among_the_names_of_a_workspace_are_refused_with_the_way_out() -> None:
    workspace = dlw.Workspace()
    workspace.add("ramp", np.arange(3.0))

    for names, hint in (("scans/*.csv", True), ("scan", False)):
        with pytest.raises(dlw.ObjectNotFoundError) as caught:
            workspace.map("fwhm", names, on="serial")
        assert ("names of files are items of batch.map" in str(caught.value)) is hint
