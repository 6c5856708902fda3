"""Files become objects of a workspace: which files, under which names, all or none."""

from __future__ import annotations

import signal
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import datalab_workspace as dlw
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.measured_files import reader
from datalab_workspace.measured_files.paths import natural


def write(path: str, values: Any = (1.5, 2.5, 4.0)) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    rows = "".join(f"{x},{y}\n" for x, y in enumerate(values))
    Path(path).write_text(f"t (s),U (V)\n{rows}")


def groups(workspace: dlw.Workspace) -> dict[str, list[str]]:
    return {group.title: list(group.names) for group in workspace.groups()}


# -- which files ----------------------------------------------------------------------


def test_natural_order() -> None:
    names = ["run10", "run2", "Run3", "run1b", "a", "2", "10"]
    assert sorted(names, key=natural) == [
        "2",
        "10",
        "a",
        "run1b",
        "run2",
        "Run3",
        "run10",
    ]


def test_a_pattern(workspace: dlw.Workspace, folder: Path) -> None:
    for name in ("run10.csv", "run2.csv", "sub/run1.csv", "run3.txt"):
        write(name)
    assert workspace.read("*.csv") == ["run2.csv", "run10.csv"]
    names = dlw.Workspace(backend=MemoryBackend()).read("**/*.csv")
    assert names == ["run2.csv", "run10.csv", "run1.csv"]


@pytest.mark.parametrize(
    "kind", [str, Path, lambda path: [path], lambda path: [[path]]]
)
def test_the_ways_to_name_a_file(
    kind: Callable[[str], Any], workspace: dlw.Workspace, folder: Path
) -> None:
    write("run.csv")
    assert workspace.read(kind("run.csv")) == ["run.csv"]


def test_the_home_folder(
    workspace: dlw.Workspace, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    write("run.csv")
    assert workspace.read("~/run.csv") == ["run.csv"]
    assert workspace.read("~/*.csv") == ["run.csv"]


def test_files_keep_the_order_in_which_they_are_named(
    workspace: dlw.Workspace, folder: Path
) -> None:
    for name in ("b.csv", "a.csv"):
        write(name)
    assert workspace.read(["b.csv", "a.csv", "b.csv", "*.csv"]) == ["b.csv", "a.csv"]


def test_a_name_that_looks_like_a_pattern(
    workspace: dlw.Workspace, folder: Path
) -> None:
    write("run[1].csv")
    assert workspace.read("run[1].csv") == ["run[1].csv"]


def test_a_folder_gives_its_measured_files(
    workspace: dlw.Workspace, folder: Path
) -> None:
    for name in ("a.csv", "sub/b.csv", ".hidden/c.csv", ".d.csv"):
        write(name)
    np.save("e.npy", np.zeros((4, 5)))
    Path("Thumbs.db").write_bytes(b"\0")
    Path("paper.docx").write_bytes(b"PK")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        names = workspace.read(folder)
    assert names == ["a.csv", "e.npy", "b.csv"]
    assert names.failed == {}


def test_a_folder_says_what_it_leaves_out(
    workspace: dlw.Workspace, folder: Path
) -> None:
    write("a.csv")
    Path("notes.txt").write_text("The laser was warm.\n")
    Path("b.spc").write_bytes(b"\0")
    with pytest.warns(UserWarning, match="2 of the files were not read"):
        names = workspace.read(folder)
    assert names == ["a.csv"]
    assert {Path(path).name for path in names.failed} == {"notes.txt", "b.spc"}


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("none.csv", "there is no file '.*none.csv'"),
        ("*.foo", r"no file matches '.*\*\.foo'"),
        ("empty", "has no files"),
        ("others", r"no file that can be read: it has 'a\.docx'"),
    ],
)
def test_files_that_do_not_exist(
    path: str, reason: str, workspace: dlw.Workspace, folder: Path
) -> None:
    Path("empty").mkdir()
    Path("others").mkdir()
    Path("others/a.docx").write_bytes(b"PK")
    with pytest.raises(FileNotFoundError, match=reason):
        workspace.read(path)


# -- all, or those that can be read ---------------------------------------------------


def test_all_or_nothing(workspace: dlw.Workspace, folder: Path) -> None:
    for name in ("a.csv", "c.csv"):
        write(name)
    Path("b.csv").write_text("nothing\n")
    with pytest.raises(dlw.UnreadableFileError, match=r"b\.csv"):
        workspace.read("*.csv")
    assert workspace.list() == []
    with pytest.warns(UserWarning, match=r"one file was not read: .*b\.csv.*no table"):
        names = workspace.read(["*.csv", "none.csv", "a.csv"][0], errors="skip")
    assert names == ["a.csv", "c.csv"]
    assert list(names.failed) == [str(folder / "b.csv")]
    assert "no table of numbers" in names.failed[str(folder / "b.csv")]


def test_a_missing_file_is_skipped(workspace: dlw.Workspace, folder: Path) -> None:
    write("a.csv")
    with pytest.warns(UserWarning, match="there is no file"):
        names = workspace.read(["none.csv", "a.csv"], errors="skip")
    assert names == ["a.csv"]
    assert list(names.failed) == ["none.csv"]


def test_one_undo_takes_all_files_back(workspace: dlw.Workspace, folder: Path) -> None:
    workspace.add("before", np.zeros(3))
    for name in ("a.csv", "b.csv"):
        write(name)
    events = []
    workspace.on_change(events.append)
    workspace.read("*.csv")
    assert [[change.after for change in event.changes] for event in events] == [
        ["a.csv", "b.csv"]
    ]
    workspace.undo()
    assert workspace.list() == ["before"]


def test_an_interrupt_leaves_nothing(
    workspace: dlw.Workspace, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.csv", "b.csv", "c.csv"):
        write(name)
    read_file = reader.read_file

    def interrupted(path: Path, *arguments: Any) -> Any:
        if path.name == "b.csv":
            signal.raise_signal(signal.SIGINT)
        return read_file(path, *arguments)

    monkeypatch.setattr("datalab_workspace.operations.read.read_file", interrupted)
    with pytest.raises(KeyboardInterrupt):
        workspace.read("*.csv")
    assert workspace.list() == []
    monkeypatch.undo()
    monkeypatch.chdir(folder)
    assert len(workspace.read("*.csv")) == 3


def test_a_file_without_permission_is_an_os_error(
    workspace: dlw.Workspace, folder: Path
) -> None:
    Path("a.csv").mkdir()
    Path("a.csv/b.npy").symlink_to("missing.npy")
    with pytest.raises(FileNotFoundError, match=r"b\.npy"):
        workspace.read("a.csv")


# -- names ----------------------------------------------------------------------------


@pytest.mark.parametrize("on_conflict", ["error", "rename", "replace", "skip"])
def test_a_notebook_runs_twice(
    on_conflict: Any, workspace: dlw.Workspace, folder: Path
) -> None:
    for name in ("day1/run.csv", "day2/run.csv"):
        write(name)
    first = workspace.read("day*/*.csv", on_conflict=on_conflict)
    assert first == ["run.csv", "run.csv (2)"]
    again = workspace.read("day*/*.csv", on_conflict=on_conflict)
    assert again == first == workspace.list()


def test_conflicts_are_all_listed(workspace: dlw.Workspace, folder: Path) -> None:
    for name in ("a.csv", "b.csv", "c.csv"):
        write(name)
    workspace.read(["a.csv", "b.csv"])
    for name in ("a.csv", "b.csv"):
        write(name, [9, 8])
    with pytest.raises(dlw.NameConflictError, match=r"'a\.csv', 'b\.csv'; pass on_con"):
        workspace.read("*.csv")
    assert workspace.list() == ["a.csv", "b.csv"]


@pytest.mark.parametrize(
    ("on_conflict", "returned", "held"),
    [
        ("rename", ["a.csv (2)", "b.csv"], {"a.csv": 3, "a.csv (2)": 2, "b.csv": 3}),
        ("replace", ["a.csv", "b.csv"], {"a.csv": 2, "b.csv": 3}),
        ("skip", ["b.csv"], {"a.csv": 3, "b.csv": 3}),
    ],
)
def test_conflicts_are_settled(
    on_conflict: Any,
    returned: list[str],
    held: dict[str, int],
    workspace: dlw.Workspace,
    folder: Path,
) -> None:
    write("a.csv")
    workspace.read("a.csv")
    uuid = workspace.describe("a.csv").uuid
    write("a.csv", [9, 8])
    write("b.csv")
    for _ in range(2):
        names = workspace.read(["a.csv", "b.csv"], on_conflict=on_conflict)
        assert names == returned
        assert {name: len(obj.x) for name, obj in workspace.items()} == held
    assert workspace.describe("a.csv").uuid == uuid


def test_an_equal_object_under_another_name_is_found_again(
    workspace: dlw.Workspace, folder: Path
) -> None:
    write("a.csv")
    workspace.add("a.csv", np.zeros(3))
    for _ in range(2):
        assert workspace.read("a.csv", on_conflict="rename") == ["a.csv (2)"]


@pytest.mark.parametrize("name", ["a\nb.csv", "é ü 😀.csv"])
def test_an_unusual_name_of_a_file(
    name: str, workspace: dlw.Workspace, folder: Path
) -> None:
    write(name)
    (title,) = workspace.read(name)
    assert title == name.replace("\n", "\ufffd")
    workspace.save("all.h5")


# -- groups ---------------------------------------------------------------------------


def test_a_group(workspace: dlw.Workspace, folder: Path) -> None:
    write("a.csv")
    np.save("b.npy", np.zeros((4, 5)))
    workspace.read(["a.csv", "b.npy"], group="monday")
    assert workspace.list(group="monday") == ["a.csv", "b.npy"]


def test_a_group_for_each_folder(workspace: dlw.Workspace, folder: Path) -> None:
    for name in (
        "data/a.csv",
        "data/day1/b.csv",
        "data/day1/x/c.csv",
        "data/day2/d.csv",
    ):
        write(name)
    workspace.read("data", group="folder")
    for title, name in {
        "data": "a.csv",
        "day1": "b.csv",
        "day1/x": "c.csv",
        "day2": "d.csv",
    }.items():
        assert workspace.list(group=title) == [name]


def test_groups_of_folders_with_the_same_name(
    workspace: dlw.Workspace, folder: Path
) -> None:
    for name in ("a/run/1.csv", "b/run/2.csv", "c/3.csv"):
        write(name)
    workspace.read(["a/run/1.csv", "b/run/2.csv", "c/3.csv"], group="folder")
    assert workspace.list(group="a/run") == ["1.csv"]
    assert workspace.list(group="b/run") == ["2.csv"]
    assert workspace.list(group="c") == ["3.csv"]


def test_an_option_for_other_files_is_refused(
    workspace: dlw.Workspace, folder: Path
) -> None:
    np.save("b.npy", np.zeros((4, 5)))
    with pytest.raises(ValueError, match="decimal: for text files, and there is none"):
        workspace.read("b.npy", decimal=",")
    with pytest.raises(ValueError, match="width: for images without a header"):
        workspace.read("b.npy", width=3)
    write("a.csv")
    assert workspace.read(["a.csv", "b.npy"], decimal=".") == ["a.csv", "b.npy"]


# -- the errors of other calls name read ----------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        lambda ws: ws.load("a.csv"),
        lambda ws: ws.load("."),
        lambda ws: ws.load("*.csv"),
        lambda ws: dlw.open("a.csv"),
        lambda ws: ws.add("a", "a.csv"),
        lambda ws: ws.add("a", Path("a.csv")),
        lambda ws: ws.add("a.csv"),
        lambda ws: ws.add(Path("a.csv")),
    ],
)
def test_the_errors_of_other_calls_name_read(
    call: Callable[[dlw.Workspace], object], workspace: dlw.Workspace, folder: Path
) -> None:
    write("a.csv")
    with pytest.raises((ValueError, TypeError, OSError)) as caught:
        call(workspace)
    assert "workspace.read(" in str(caught.value)


@pytest.mark.parametrize(
    "options",
    [
        {"errors": "skip"},
        {"on_conflict": "rename"},
        {"stack": "images"},
        {"group": "folder"},
        {"decimal": ","},
    ],
)
def test_datalab_takes_no_other_options(
    options: dict[str, Any], workspace: dlw.Workspace
) -> None:
    with pytest.raises(ValueError, match="own readers do not take"):
        workspace.read("a.csv", where="datalab", **options)
