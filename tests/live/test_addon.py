"""The add-on inside a DataLab whose environment has none of our packages."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datalab_kernel import __version__
from datalab_kernel.desktop.addon import archive, folder
from datalab_kernel.desktop.addon.loader import BUNDLE
from datalab_kernel.doctor import addon as doctor
from support.real_datalab import beside
from support.real_datalab.application import START, Application
from support.real_datalab.environment import REQUIREMENTS
from support.real_datalab.process import environment_in, write_settings
from support.real_datalab.window_client import WindowClient, signal

# The first of them may have to make DataLab's environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]

INSIDE = Path(beside.__file__).with_name("inside")
OUR_PACKAGES = {"datalab_kernel", "datalab_kernel_core", "datalab_workspace"}
MARKER = "_datalab_kernel_companion"
#: Run in DataLab's environment, after the plugin folder is known to it.
IMPORT_PLUGIN = """
import logging, sys
from datalab.plugins import PluginRegistry
logging.basicConfig(format="%(levelname)s %(message)s")
sys.path.insert(0, sys.argv[1])
{prepare}
import datalab_kernel_companion as plugin
print([c.__name__ for c in PluginRegistry.get_plugin_classes()])
{then}
"""
ALL_MODULES = """
import importlib, zipfile
names = zipfile.ZipFile(plugin.ARCHIVE).namelist()
for name in names:
    if "/" in name and name.endswith(".py"):
        module = name[:-3].removesuffix("/__init__").replace("/", ".")
        importlib.import_module("_datalab_kernel_bundle." + module)
assert not [n for n in sys.modules if n.startswith("datalab_") and n != plugin.__name__]
print("all imported")
"""
LOAD = """
with plugin.zipfile.ZipFile(plugin.ARCHIVE) as file:
    files = {name: file.read(name) for name in file.namelist()}
loader = {"__name__": "loader"}
exec(files["loader.py"], loader)
loader["companion"](plugin.ARCHIVE, files)
"""


def plugins(user: Path) -> Path:
    """Return the plugin folder of a DataLab that has its settings in a folder."""
    made = user / "config" / ".DataLab_v1" / "plugins"
    made.mkdir(parents=True, exist_ok=True)
    return made


def run(python: Path, user: Path, *, prepare: str = "", then: str = "") -> Any:
    """Import the plugin in DataLab's environment."""
    write_settings(user, "")
    return subprocess.run(
        [python, "-c", IMPORT_PLUGIN.format(prepare=prepare, then=then), plugins(user)],
        env=environment_in(user) | {"PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("root", [archive.COMPANION, "datalab_workspace.workspace"])
def test_every_module_of_the_archive_can_be_imported(
    python_of_datalab: Path, tmp_path: Path, root: str
) -> None:
    target = folder.install(plugins(tmp_path))
    (target / folder.ARCHIVE).write_bytes(archive.build(root))
    done = run(python_of_datalab, tmp_path, then=LOAD + ALL_MODULES)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "['CompanionPlugin']\nall imported\n"


def test_a_python_that_is_too_old_is_declined_in_a_line(
    python_of_datalab: Path, tmp_path: Path
) -> None:
    folder.install(plugins(tmp_path))
    done = run(
        python_of_datalab, tmp_path, prepare="sys.version_info = (3, 9, 18, 'final', 0)"
    )
    assert (done.returncode, done.stdout) == (0, "[]\n")
    assert done.stderr == (
        "WARNING The add-on of datalab-kernel needs Python 3.10 or later: not started\n"
    )


def test_a_damaged_archive_is_a_line_in_the_log(
    python_of_datalab: Path, tmp_path: Path
) -> None:
    target = folder.install(plugins(tmp_path))
    (target / folder.ARCHIVE).write_bytes(b"damaged")
    done = run(
        python_of_datalab,
        tmp_path,
        then="class Main: pass\nplugin._start(Main())",
    )
    assert (done.returncode, len(done.stderr.splitlines())) == (0, 1)
    assert done.stderr.startswith(
        "WARNING The add-on of datalab-kernel does not start: BadZipFile("
    )


@pytest.fixture
def equipped(new_datalab: Callable[..., Application], tmp_path: Path) -> Application:
    """The application with the add-on, whose environment has none of our packages."""
    folder.install(plugins(tmp_path))
    return new_datalab(tmp_path, modules=(INSIDE,))


def modules(datalab: Application) -> list[str]:
    """Return the modules that are imported in the window's process."""
    return datalab.evaluate("sorted(__import__('sys').modules)")


def test_the_companion_serves(equipped: Application) -> None:
    assert equipped.companion.ask("GET", "hello")["companion"] == __version__
    assert not [n for n in modules(equipped) if n.partition(".")[0] in OUR_PACKAGES]
    assert equipped.boxes() == []
    assert "add-on" not in equipped.log()


def test_objects_go_there_and_come_back(equipped: Application) -> None:
    """The archive has all the code that this needs."""
    client = WindowClient(equipped)
    sent = signal("peak", xlabel="t", xunit="s")
    sent.metadata["operator"] = "Ada"
    client.do({"op": "add", "record": 0, "name": "peak"}, records=[sent])
    (found,) = client.records(sent.uuid)
    np.testing.assert_array_equal(found.data, sent.data)
    assert (found.fields, found.metadata["operator"]) == (sent.fields, "Ada")
    assert not [n for n in modules(equipped) if n.partition(".")[0] in OUR_PACKAGES]
    assert equipped.boxes() == []


def test_the_companion_survives_a_reload_and_a_replacement(
    equipped: Application,
) -> None:
    boot = equipped.companion.ask("GET", "hello")["boot"]
    before = equipped.evaluate(f"id(main.{MARKER})")
    (plugins(equipped.folder) / folder.ARCHIVE).write_bytes(b"another version")
    equipped.evaluate("main.reload_plugins()")
    assert equipped.evaluate(f"id(main.{MARKER})") == before
    assert equipped.companion.ask("GET", "hello")["boot"] == boot
    assert "add-on" not in equipped.log()


def test_the_second_companion_of_a_window_stands_back(
    new_datalab: Callable[..., Application], tmp_path: Path
) -> None:
    """The window has the companion of packages that pip installed."""
    folder.install(plugins(tmp_path))
    datalab = new_datalab(tmp_path, companion=True)
    assert datalab.companion.ask("GET", "hello")["companion"] == __version__
    names = modules(datalab)
    assert "datalab_kernel.desktop.companion" in names
    assert "datalab_kernel_companion" in names
    assert not [name for name in names if name.startswith(BUNDLE)]
    assert "add-on" not in datalab.log()


@pytest.mark.slow
@pytest.mark.parametrize("version", ["1_0", "1_1", "1_2"])
def test_earlier_versions_of_datalab(
    version: str, python_of: Callable[[Path], Path], tmp_path: Path
) -> None:
    folder.install(plugins(tmp_path))
    python = python_of(REQUIREMENTS.with_name(f"datalab_{version}.txt"))
    datalab = Application(
        python,
        tmp_path,
        modules=(INSIDE,),
        variables={"DATALAB_DO_NOT_QUIT": "1"},
        web_api=False,  # the companion is all that is needed
    )
    try:
        datalab.wait_until(datalab.companion_file.exists, START)
        said = datalab.companion.ask("GET", "hello")
        assert said["datalab"].startswith(version.replace("_", "."))
        assert said["companion"] == __version__
    finally:
        datalab.kill()


def test_doctor_says_when_datalab_must_be_restarted(
    equipped: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(equipped.folder / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(equipped.folder / "config"))
    assert [finding.level for finding in doctor.check()] == ["ok", "ok"]
    installed = plugins(equipped.folder) / folder.ARCHIVE
    monkeypatch.setattr(archive, "__version__", "99.0")
    installed.write_bytes(archive.build())
    (finding,) = (f for f in doctor.check() if "process" in f.text)
    assert finding.level == "warn"
    assert finding.text == (
        f"the DataLab with process {equipped.process.pid} runs version {__version__} "
        "of the companion, and the add-on has 99.0"
    )
    assert "restart DataLab" in str(finding.remedy)
    equipped.freeze()
    (finding,) = (f for f in doctor.check() if "process" in f.text)
    equipped.thaw()
    assert finding.level == "warn"
    assert "does not serve notebooks" in finding.text
