"""The add-on inside a DataLab whose environment has none of our packages."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from datalab_kernel.desktop.addon import archive, folder
from support.real_datalab.process import environment_in, write_settings

# The first of them may have to make DataLab's environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]

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
