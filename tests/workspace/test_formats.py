"""File formats: another package brings one, and a broken one harms nobody."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import datalab_workspace as dlw
from datalab_workspace import Workspace, formats
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.cli.check import check
from datalab_workspace.formats import (
    FileFormat,
    FileStamp,
    Group,
    Project,
    ReadResult,
    WriteResult,
    registry,
)
from datalab_workspace.formats.base import check_contents
from datalab_workspace.formats.registry import Registry

LEGACY = Path(__file__).parents[1] / "data" / "legacy" / "standalone-0.2.11.h5"
BUILT_IN = ["datalab-project", "datalab-kernel-0.2", "datalab-workspace-npz"]
NUMBERS = np.arange(3.0)

#: A package with one format: files that begin with "numbers" and hold one signal.
NUMBERS_PACKAGE = """
import numpy as np
from datalab_workspace import Record
from datalab_workspace.formats import (
    FileFormat, FileStamp, Group, Project, ReadResult, WriteResult, replacing
)

class Numbers(FileFormat):
    name = "numbers"
    description = "file of numbers"
    suffixes = (".num",)
    kinds = frozenset({"signal"})

    def sniff(self, path):
        return path.is_file() and path.read_bytes()[:7] == b"numbers"

    def read(self, path, *, lazy=False):
        assert not lazy
        values = np.array(path.read_text().split()[1:], float)
        data = np.array([np.arange(len(values)), values])
        record = Record("signal", {"title": path.stem}, {"xydata": data})
        project = Project([Group("signal", "", [record])])
        return ReadResult(project, FileStamp.of(path))

    def write(self, path, project, *, compression=None, expected=None):
        with replacing(path, expected=expected) as new:
            new.write(b"numbers")
            for record in project.items():
                for value in record.array("xydata")[1]:
                    new.write(f" {value}".encode())
        return WriteResult(new.stamp)
"""

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Install a package with entry points: its modules and what pip notes of it."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(site)
    made: set[str] = set()

    def install(package: str, source: str, **entry_points: str) -> None:
        (site / f"{package}.py").write_text(source, "utf-8")
        notes = site / f"{package}-1.0.dist-info"
        notes.mkdir()
        metadata = f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n"
        (notes / "METADATA").write_text(metadata, "utf-8")
        lines = [f"{name} = {package}:{what}" for name, what in entry_points.items()]
        content = "\n".join([f"[{registry.GROUP}]", *lines, ""])
        (notes / "entry_points.txt").write_text(content, "utf-8")
        made.add(package)

    yield install
    for package in made:
        sys.modules.pop(package, None)


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> Registry:
    """A registry that has not looked for entry points yet, used by every workspace."""
    fresh = Registry()
    for name in ("register", "formats", "identify", "format_for", "read", "write"):
        monkeypatch.setattr(registry, name, getattr(fresh, name))
    return fresh


@pytest.fixture
def workspace() -> Workspace:
    workspace = Workspace(backend=MemoryBackend())
    workspace.add("a", NUMBERS)
    return workspace


class Plain(FileFormat):
    """A format for tests: every file that begins with its name."""

    name = "plain"
    description = "plain file"

    def sniff(self, path: Path) -> bool:
        return path.is_file() and path.read_bytes().startswith(self.name.encode())

    def read(self, path: Path, *, lazy: bool = False) -> ReadResult:
        return ReadResult(Project())


def names_of(found: Registry) -> list[str]:
    return [file_format.name for file_format in found.formats()]


# -- entry points ---------------------------------------------------------------------


def test_an_installed_format_is_read_and_written(
    install: Install, shared: Registry, workspace: Workspace, tmp_path: Path
) -> None:
    install("numbers_package", NUMBERS_PACKAGE, numbers="Numbers")
    assert "numbers_package" not in sys.modules

    path = workspace.save(tmp_path / "a.num")

    assert path.read_text() == "numbers 0.0 1.0 2.0"
    assert (workspace.path, workspace.modified) == (path, False)
    for lazy in (False, True):
        loaded = Workspace(backend=MemoryBackend())
        assert loaded.load(path, lazy=lazy) == ["a"]
        assert loaded.record("a").array("xydata").tolist() == [[0, 1, 2], [0, 1, 2]]
        assert loaded.path == path
    assert names_of(shared) == [*BUILT_IN, "numbers"]


def test_saving_again_goes_to_the_same_file_unless_it_changed(
    install: Install, shared: Registry, tmp_path: Path
) -> None:
    install("numbers_package", NUMBERS_PACKAGE, numbers="Numbers")
    path = tmp_path / "a.num"
    path.write_text("numbers 5")
    workspace = dlw.open(path)
    workspace.rename("a", "b")
    workspace.save()
    assert path.read_text() == "numbers 5.0"

    path.write_text("numbers 1 2 3")
    with pytest.raises(dlw.FileChangedError):
        workspace.save()
    assert path.read_text() == "numbers 1 2 3"


def test_check_says_that_datalab_does_not_open_it(
    install: Install, shared: Registry, tmp_path: Path
) -> None:
    install("numbers_package", NUMBERS_PACKAGE, numbers="Numbers")
    (tmp_path / "a.num").write_text("numbers 5")

    report = check(str(tmp_path / "a.num"))

    assert report.facts == (
        "1 object",
        "a file of numbers, which DataLab cannot open; 'copy' converts it to a project",
    )
    assert (report.opens, report.problems) == (False, ())


def test_what_a_format_can_not_hold_is_refused_before_anything_is_written(
    install: Install, shared: Registry, workspace: Workspace, tmp_path: Path
) -> None:
    install("numbers_package", NUMBERS_PACKAGE, numbers="Numbers")
    workspace.add("spot", np.ones((2, 2)))

    with pytest.raises(
        dlw.UnsupportedObjectError, match=r"cannot hold the image 'spot'; .*\.h5"
    ):
        workspace.save(tmp_path / "a.num")
    assert not (tmp_path / "a.num").exists()
    workspace.save(tmp_path / "a.num", names=["a"])
    assert (tmp_path / "a.num").read_text() == "numbers 0.0 1.0 2.0"


def test_datalab_projects_need_no_entry_point(
    install: Install, shared: Registry, workspace: Workspace, tmp_path: Path
) -> None:
    install("broken_package", "raise SystemError('broken')", broken="Missing")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        path = workspace.save(tmp_path / "a.h5")
        workspace.save(tmp_path / "without_suffix")
        assert dlw.open(path).list() == ["a"]
        dlw.open(tmp_path / "without_suffix").save()
        assert len(dlw.open(LEGACY)) == 7
    assert "broken_package" not in sys.modules


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("raise SystemError('no such library')", "SystemError: no such library"),
        ("import no_such_module", "No module named 'no_such_module'"),
        ("", "has no attribute 'Broken'"),
        ("Broken = 3", "expected a subclass of FileFormat, got 3"),
        (
            """
from datalab_workspace.formats import FileFormat
class Broken(FileFormat):
    name = description = 'broken'
""",
            "abstract method",
        ),
        (
            NUMBERS_PACKAGE.replace('"numbers"\n', '"datalab-project"\n')
            + "Broken = Numbers",
            "the name 'datalab-project' is already used",
        ),
        (
            NUMBERS_PACKAGE.replace('".num"', '"num"') + "Broken = Numbers",
            "the suffix 'num' of the format 'numbers' must begin with a dot",
        ),
    ],
)
def test_a_broken_package_is_named_once_and_harms_no_other(
    install: Install, shared: Registry, tmp_path: Path, source: str, said: str
) -> None:
    install("broken_package", source, broken="Broken")
    install("sound_package", NUMBERS_PACKAGE, sound="Numbers")
    path = tmp_path / "a.num"
    path.write_text("numbers 1 2")

    with pytest.warns(RuntimeWarning) as caught:
        assert dlw.open(path).list() == ["a"]
    (warning,) = caught
    message = str(warning.message)
    assert "the file format 'broken' of the package 'broken_package'" in message
    assert said in message
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert names_of(shared) == [*BUILT_IN, "numbers"]
        assert dlw.open(path).list() == ["a"]


def test_a_format_that_fails_to_sniff_is_named_once(
    shared: Registry, tmp_path: Path
) -> None:
    class Failing(Plain):
        name = "failing"

        def sniff(self, path: Path) -> bool:
            raise ZeroDivisionError("of the test")

    shared.register(Failing)
    shared.register(Plain)
    (tmp_path / "x").write_bytes(b"plain")

    with pytest.warns(RuntimeWarning, match="'failing' .*ZeroDivisionError"):
        assert shared.identify(tmp_path / "x").name == "plain"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert shared.identify(tmp_path / "x").name == "plain"


# -- which format ---------------------------------------------------------------------


def test_the_content_decides_what_is_read(
    shared: Registry, workspace: Workspace, tmp_path: Path
) -> None:
    shared.register(Plain)
    workspace.save(tmp_path / "a.h5")
    (tmp_path / "a.h5").rename(tmp_path / "a.plain")
    (tmp_path / "b.h5").write_bytes(b"plain")
    with h5py.File(tmp_path / "c.h5", "w", userblock_size=2048) as file:
        file["DataLab_Version"] = "1.3.0"
    (tmp_path / "damaged").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))

    found = {
        path.name: shared.identify(path).name
        for path in tmp_path.iterdir()
        if path.is_file()
    }

    assert found == {
        "a.plain": "datalab-project",
        "b.h5": "plain",
        "c.h5": "datalab-project",
        "damaged": "datalab-project",
    }
    assert shared.identify(LEGACY).name == "datalab-kernel-0.2"


def test_a_format_may_read_hdf5_files_that_are_no_projects(
    shared: Registry, workspace: Workspace, tmp_path: Path
) -> None:
    @shared.register
    class Greedy(Plain):
        name = "greedy"

        def sniff(self, path: Path) -> bool:
            return True

    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["entry"] = 1
    project = workspace.save(tmp_path / "project.h5")

    assert shared.identify(tmp_path / "other.h5").name == "greedy"
    assert shared.identify(tmp_path).name == "greedy"  # a folder can be a store
    # It takes no project, and no file of the earlier version, from those who can read.
    assert shared.identify(project).name == "datalab-project"
    assert shared.identify(LEGACY).name == "datalab-kernel-0.2"


class Writable(Plain):
    name = "writable"
    suffixes = (".wri", ".tar.gz")

    def write(self, path: Path, project: Project, **options: Any) -> WriteResult:
        path.write_bytes(b"writable")
        return WriteResult()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.h5", "datalab-project"),
        ("a.HDF5", "datalab-project"),
        ("a", "datalab-project"),
        ("a.txt", "datalab-project"),
        ("a.wri", "writable"),
        ("a.WRI", "writable"),
        ("a.tar.gz", "writable"),
        ("a.gz", "datalab-project"),
        (".wri", "datalab-project"),
        ("a.plain", "datalab-project"),  # a format that is only read
    ],
)
def test_the_suffix_decides_what_is_written(
    shared: Registry, tmp_path: Path, name: str, expected: str
) -> None:
    shared.register(Writable)
    shared.register(Plain)

    assert shared.format_for(tmp_path / name).name == expected


def test_a_project_stays_one_under_any_suffix(
    shared: Registry, workspace: Workspace, tmp_path: Path
) -> None:
    workspace.save(tmp_path / "a.wri")
    shared.register(Writable)

    opened = dlw.open(tmp_path / "a.wri")
    opened.rename("a", "b")
    opened.save()

    assert dlw.open(tmp_path / "a.wri").list() == ["b"]
    assert shared.format_for(tmp_path / "b.wri").name == "writable"


def test_an_export_leaves_the_workspace_modified(
    shared: Registry, workspace: Workspace, tmp_path: Path
) -> None:
    shared.register(Writable)
    project = workspace.save(tmp_path / "a.h5")
    workspace.rename("a", "b")

    workspace.save(tmp_path / "a.wri")
    workspace.save(tmp_path / "a.wri")

    assert (workspace.path, workspace.modified) == (project, True)


def test_a_file_is_never_saved_in_another_format_without_being_asked_for(
    shared: Registry, workspace: Workspace, tmp_path: Path
) -> None:
    @shared.register
    class Stamped(Plain):
        def read(self, path: Path, *, lazy: bool = False) -> ReadResult:
            group = Group("signal", "", [workspace.record("a")])
            return ReadResult(Project([group]), FileStamp.of(path))

    (tmp_path / "a.txt").write_bytes(b"plain")

    loaded = dlw.open(tmp_path / "a.txt")

    assert loaded.path is None
    with pytest.raises(ValueError, match="no file to save to"):
        loaded.save()


# -- errors ---------------------------------------------------------------------------


@pytest.mark.parametrize("lazy", [False, True])
def test_an_unknown_file_is_described(
    shared: Registry, tmp_path: Path, lazy: bool
) -> None:
    shared.register(Plain)
    (tmp_path / "a.csv").write_bytes(b"x,y\n1,2\n")

    with pytest.raises(dlw.NotAProjectError) as caught:
        Workspace(backend=MemoryBackend()).load(tmp_path / "a.csv", lazy=lazy)

    message = str(caught.value)
    assert str(tmp_path / "a.csv") in message
    assert r"begins with b'x,y\n1,2" in message
    assert message.endswith(
        "(known formats: DataLab project, file of datalab-kernel 0.2, "
        "project in a .npz archive, plain file)"
    )


def test_a_missing_file_is_missing(shared: Registry, tmp_path: Path) -> None:
    for of_it in (shared.identify, shared.read):
        with pytest.raises(FileNotFoundError):
            of_it(tmp_path / "a.h5")
        with pytest.raises(IsADirectoryError):
            of_it(tmp_path)


def test_a_number_of_objects_that_does_not_fit_is_refused(workspace: Workspace) -> None:
    class One(Plain):
        max_objects = 1

    record = workspace.record("a")
    for count in (0, 2):
        project = Project([Group("signal", "", [record] * count)])
        with pytest.raises(
            dlw.UnsupportedObjectError, match=f"holds 1 object, not {count}"
        ):
            check_contents(One(), project)
    check_contents(One(), Project([Group("signal", "", [record])]))


def test_a_format_without_write_can_not_be_written(tmp_path: Path) -> None:
    assert not Plain().can_write
    assert Writable().can_write
    with pytest.raises(NotImplementedError, match="'plain' cannot be written"):
        Plain().write(tmp_path / "a", Project())


# -- register -------------------------------------------------------------------------


def test_a_class_that_is_defined_again_replaces_the_former(shared: Registry) -> None:
    def define() -> type[FileFormat]:
        @shared.register
        class InACell(Plain):
            name = "in-a-cell"

        return InACell

    define()
    latest = define()
    shared.register(latest)

    assert names_of(shared) == [*BUILT_IN, "in-a-cell"]
    assert type(shared.formats()[-1]) is latest


def test_a_class_that_is_known_is_not_added_again(
    install: Install, shared: Registry
) -> None:
    install("numbers_package", NUMBERS_PACKAGE, numbers="Numbers")
    for file_format in shared.formats():
        shared.register(type(file_format))
    assert names_of(shared) == [*BUILT_IN, "numbers"]

    other = Registry()
    other.register(type(shared.formats()[-1]))
    assert names_of(other) == [*BUILT_IN, "numbers"]


def test_a_name_in_use_is_refused(shared: Registry) -> None:
    shared.register(Plain)

    class Other(Plain):
        pass

    with pytest.raises(ValueError, match="'plain' is already used by the format of"):
        shared.register(Other)


def test_what_is_no_format_is_refused(shared: Registry) -> None:
    class Nameless(Plain):
        description = ""

    with pytest.raises(TypeError, match="expected a subclass of FileFormat"):
        shared.register(Plain())
    with pytest.raises(ValueError, match="Nameless has no description"):
        shared.register(Nameless)
    assert names_of(shared) == BUILT_IN


# -- imports --------------------------------------------------------------------------


def test_every_public_name_is_there() -> None:
    assert set(formats.__all__) <= set(dir(formats))
    for name in formats.__all__:
        assert getattr(formats, name) is not None
    with pytest.raises(AttributeError, match="'FileFrmat'"):
        formats.FileFrmat  # noqa: B018


def printed_by(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_neither_h5py_nor_the_entry_points_are_needed_to_begin() -> None:
    code = """
import sys
before = "importlib.metadata" in sys.modules
import datalab_workspace
assert before or "importlib.metadata" not in sys.modules
from datalab_workspace.formats import *
datalab_workspace.Workspace
print(sorted({"h5py", "sigima"} & set(sys.modules)))
"""
    assert printed_by(code) == "[]"


def test_without_h5py_other_formats_are_read_and_its_absence_is_said(
    install: Install, workspace: Workspace, tmp_path: Path
) -> None:
    install("numbers_package", NUMBERS_PACKAGE, numbers="Numbers")
    project = workspace.save(tmp_path / "project.h5")
    (tmp_path / "b.num").write_text("numbers 1")
    code = f"""
import sys
sys.path.insert(0, {str(tmp_path / "site")!r})
from importlib.util import find_spec
from datalab_workspace import runtime
runtime.find_spec = lambda name: None if name == "h5py" else find_spec(name)
import datalab_workspace as dlw
print(dlw.open({str(tmp_path / "b.num")!r}).list(), "h5py" in sys.modules)
try:
    dlw.open({str(project)!r})
except ModuleNotFoundError as error:
    print(error)
"""
    first, second = printed_by(code).splitlines()
    assert first == "['b'] False"
    assert second.startswith("a project file needs h5py, which is not installed here")
