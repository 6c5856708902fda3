"""What is said of the add-on in DataLab's plugin folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from datalab_kernel import __version__
from datalab_kernel.desktop.addon import folder
from datalab_kernel.doctor import addon


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The plugin folder of the user's DataLab, empty."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    made = folder.plugin_folder()
    made.mkdir(parents=True)
    assert tmp_path in made.parents
    return made


def test_nothing_is_said_of_an_add_on_that_nobody_installed(plugins: Path) -> None:
    assert list(addon.check()) == []


def test_the_add_on_of_this_package(plugins: Path) -> None:
    folder.install()
    (finding,) = addon.check()
    assert finding.level == "ok"
    assert finding.text == f"the add-on {__version__} is in {plugins}"


def test_an_add_on_that_is_not_complete(plugins: Path) -> None:
    folder.install()
    (plugins / folder.ARCHIVE).unlink()
    (finding,) = addon.check()
    assert finding.level == "warn"
    assert "not complete" in finding.text
    assert "install --desktop" in str(finding.remedy)
    assert "restart DataLab" in str(finding.remedy)


def test_a_file_of_somebody_else(plugins: Path) -> None:
    (plugins / folder.PLUGIN).write_text("mine")
    (finding,) = addon.check()
    assert finding.level == "warn"
    assert "is not a file of datalab-kernel" in finding.text
