"""The menu paths of the features are those of DataLab's window."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from datalab_workspace.model.record import KINDS
from datalab_workspace.processing.features import features
from datalab_workspace.processing.menus import SEPARATOR, menu_paths
from support.documentation import DOCS, script_of
from support.real_datalab.process import SETTINGS, environment_in, write_settings

# It may have to make DataLab's environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def shown(python_of_datalab: Path, tmp_path_factory: pytest.TempPathFactory):
    """The paths of the menu entries that the window shows, by kind and feature."""
    folder = tmp_path_factory.mktemp("menus")
    write_settings(folder, SETTINGS)
    done = subprocess.run(
        [python_of_datalab, "-m", "support.real_datalab.menus"],
        env=environment_in(folder),
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("kind", KINDS)
def test_the_paths_are_those_of_the_window(shown, kind) -> None:
    theirs = {
        name: SEPARATOR.join(path)
        for name, path in shown[kind].items()
        if name in features(kind)
    }

    ours = {name: path for name, path in menu_paths(kind).items() if path}
    assert ours == theirs
    assert [*ours] == [*theirs], "the order is that of the menus"


def test_the_page_of_the_menus_names_entries_of_the_window(shown) -> None:
    page = script_of(DOCS / "menus_page.py")
    entries = {tuple(path) for path in shown["entries"]}

    lines = page.window_lines() + page.feature_lines()
    paths = [line.path for line in lines if line.path[0] != page.ELSEWHERE]
    assert [path for path in paths if path not in entries] == []
