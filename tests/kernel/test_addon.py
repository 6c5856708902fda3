"""The add-on: `python -m datalab_kernel install --desktop`, and what it installs."""

from __future__ import annotations

import ast
import io
import json
import os
import subprocess
import sys
import zipfile
from importlib.util import MAGIC_NUMBER
from pathlib import Path

import pytest

import datalab_kernel
from datalab_kernel.desktop.addon import archive, folder
from datalab_kernel.desktop.addon.loader import BUNDLE

VERSION = datalab_kernel.__version__
#: A module that needs most of the package, so that there is much to pack.
LARGE = "datalab_workspace.workspace"
IMPORT_ALL = """
import sys, zipfile
class Blocker:
    def find_spec(self, name, path=None, target=None):
        assert not name.startswith("datalab_"), name
sys.meta_path.insert(0, Blocker())
path = sys.argv[1]
with zipfile.ZipFile(path) as file:
    files = {name: file.read(name) for name in file.namelist()}
loader = {"__name__": "loader"}
exec(files["loader.py"], loader)
loader["companion"](path, files)
import importlib
for name in files:
    if "/" in name and name.endswith(".py"):
        module = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        print(importlib.import_module("_datalab_kernel_bundle." + module).__name__)
assert not [name for name in sys.modules if name.startswith("datalab_")]
"""


def run(*arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "datalab_kernel", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **variables},
    )


def changed(path: Path, **about: str) -> None:
    """Change what an archive says about itself."""
    with zipfile.ZipFile(path) as file:
        files = {name: file.read(name) for name in file.namelist()}
    known = json.loads(files["about.json"])
    files["about.json"] = json.dumps({**known, **about}).encode()
    with zipfile.ZipFile(path, "w") as file:
        for name, content in files.items():
            file.writestr(name, content)


def test_install_list_and_uninstall(tmp_path: Path) -> None:
    done = run("install", "--desktop", "--folder", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        f"Installed the add-on {VERSION} in {tmp_path}\nRestart DataLab to use it\n"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "datalab_kernel_companion.py",
        "datalab_kernel_companion.zip",
    ]
    listed = run("list", "--desktop", "--folder", tmp_path)
    assert listed.stdout == f"{VERSION}  {tmp_path}  (current)\n"

    (tmp_path / "mine.py").touch()
    removed = run("uninstall", "--desktop", "--folder", tmp_path)
    assert removed.stdout == f"Removed the add-on from {tmp_path}\n"
    assert [path.name for path in tmp_path.iterdir()] == ["mine.py"]
    again = run("uninstall", "--desktop", "--folder", tmp_path)
    assert (again.returncode, again.stdout) == (1, "")
    assert f"there is no add-on in {tmp_path}" in again.stderr
    assert "No add-on" in run("list", "--desktop", "--folder", tmp_path).stderr


@pytest.mark.skipif(sys.platform != "linux", reason="DataLab's rule for Linux")
def test_the_folder_is_that_of_the_users_datalab(tmp_path: Path) -> None:
    variables = {"XDG_CONFIG_HOME": str(tmp_path)}
    assert run("install", "--desktop", **variables).returncode == 0
    plugins = tmp_path / ".DataLab_v1" / "plugins"
    assert len([*plugins.iterdir()]) == 2
    assert str(plugins) in run("list", "--desktop", **variables).stdout
    assert run("uninstall", "--desktop", **variables).returncode == 0
    assert [*plugins.iterdir()] == []


def test_a_folder_that_does_not_exist_is_not_created(tmp_path: Path) -> None:
    done = run("install", "--desktop", "--folder", tmp_path / "typo")
    assert done.returncode == 1
    assert "typo" in done.stderr
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("command", ["install", "uninstall", "list"])
def test_a_folder_is_only_for_the_add_on(command: str, tmp_path: Path) -> None:
    done = run(command, "--folder", tmp_path)
    assert done.returncode == 2
    assert "--folder needs --desktop" in done.stderr


@pytest.mark.parametrize("name", [folder.PLUGIN, folder.ARCHIVE])
@pytest.mark.parametrize("command", ["install", "uninstall", "list"])
def test_files_of_others_are_left_alone(
    name: str, command: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text("mine")
    done = run(command, "--desktop", "--folder", tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{name} is not a file of datalab-kernel" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "mine"


def test_another_version_is_replaced(tmp_path: Path) -> None:
    folder.install(tmp_path)
    new = archive.about(tmp_path / folder.ARCHIVE)
    changed(tmp_path / folder.ARCHIVE, version="0.2.99", digest="other")
    found = folder.installed(tmp_path)
    assert found is not None
    assert found.state == f"this Python has {VERSION}; install it again"
    folder.install(tmp_path)
    assert archive.about(tmp_path / folder.ARCHIVE) == new


def test_other_sources_of_the_same_version_are_noticed(tmp_path: Path) -> None:
    folder.install(tmp_path)
    changed(tmp_path / folder.ARCHIVE, digest="other")
    found = folder.installed(tmp_path)
    assert found is not None
    assert (found.version, found.current) == (VERSION, False)
    assert "sources differ" in found.state


@pytest.mark.parametrize("missing", [folder.PLUGIN, folder.ARCHIVE])
def test_half_an_add_on_is_completed_or_removed(missing: str, tmp_path: Path) -> None:
    folder.install(tmp_path)
    (tmp_path / missing).unlink()
    found = folder.installed(tmp_path)
    assert found is not None
    assert (found.version, found.current) == ("", False)
    assert "not complete" in found.state
    folder.install(tmp_path)
    assert folder.installed(tmp_path) == folder.Installed(tmp_path, VERSION, True)
    (tmp_path / missing).unlink()
    folder.uninstall(tmp_path)
    assert [*tmp_path.iterdir()] == []


def test_the_plugin_can_be_read_by_any_python_of_datalab(tmp_path: Path) -> None:
    folder.install(tmp_path)
    source = (tmp_path / folder.PLUGIN).read_text("utf-8")
    ast.parse(source, feature_version=(3, 8))
    assert f'VERSION = "{VERSION}"' in source
    assert len(source) < 2500
    assert len((tmp_path / folder.ARCHIVE).read_bytes()) < 700_000


@pytest.mark.parametrize("magic", [MAGIC_NUMBER, b"other"])
def test_the_modules_import_each_other_by_private_names(
    magic: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As nothing else is installed: an import of the public name fails.

    A Python of another version compiles the modules itself.
    """
    path = tmp_path / "addon.zip"
    monkeypatch.setattr(archive, "MAGIC_NUMBER", magic)
    path.write_bytes(archive.build(LARGE))
    done = subprocess.run(
        [sys.executable, "-I", "-c", IMPORT_ALL, str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{BUNDLE}.{LARGE}" in done.stdout.splitlines()


def test_the_archive_has_only_what_is_needed() -> None:
    with zipfile.ZipFile(io.BytesIO(archive.build())) as file:
        names = file.namelist()
    assert "datalab_kernel/desktop/companion/__init__.py" in names
    assert not [name for name in names if "testing" in name or "jupyter" in name]
    assert [name for name in names if "/" not in name] == [
        "about.json",
        "compiled",
        "loader.py",
        "root",
    ]


def test_imports_for_type_checkers_do_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "datalab_workspace"
    package.mkdir()
    (package / "__init__.py").write_text("from typing import TYPE_CHECKING\n")
    (package / "a.py").write_text(
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from datalab_workspace import never\n"
        "def late():\n    import datalab_workspace.b as b\n    return b.x\n"
    )
    (package / "b.py").write_text("x = 'datalab_workspace'\n")
    (package / "never.py").write_text("")
    monkeypatch.setattr(archive, "_folder", lambda name: tmp_path / name)
    files = archive.sources("datalab_workspace.a")
    assert sorted(files) == [
        f"datalab_workspace/{n}.py" for n in ("__init__", "a", "b")
    ]
    assert f"import {BUNDLE}.datalab_workspace.b as b" in str(files)
    assert files["datalab_workspace/b.py"] == b"x = 'datalab_workspace'\n"


def test_an_import_that_binds_a_public_name_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "datalab_workspace"
    package.mkdir()
    (package / "__init__.py").write_text("import datalab_workspace.b\n")
    monkeypatch.setattr(archive, "_folder", lambda name: tmp_path / name)
    with pytest.raises(
        ValueError, match=r"'import datalab_workspace\.b'.*'from' or 'as'"
    ):
        archive.sources("datalab_workspace")
