"""The command `history`: text, JSON, cells and exports, without sigima."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from datalab_workspace import Workspace
from datalab_workspace.backends import MemoryBackend
from datalab_workspace.cli.commands import main
from datalab_workspace.cli.history import text
from support.made_histories import chain, history_of

#: A Python in which sigima is not found.
WITHOUT_SIGIMA = """
import sys
from importlib.machinery import PathFinder
find_spec = PathFinder.find_spec
def without_sigima(name, path=None, target=None):
    return None if name == "sigima" else find_spec(name, path, target)
PathFinder.find_spec = without_sigima
from datalab_workspace.cli.commands import main
code = main(sys.argv[1:])
assert not {"scipy", "matplotlib", "pandas"} & set(sys.modules)
sys.exit(code)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    workspace = Workspace(backend=MemoryBackend())
    workspace.add("raw", np.arange(20.0))
    name = workspace.calc("moving_average", on="raw", n=3)
    workspace.rename(name, "smooth")
    return workspace.save(tmp_path / "analysis.h5")


def test_histories_are_shown_without_sigima(project: Path):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", WITHOUT_SIGIMA, "history", str(project)],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    raw, smooth = done.stdout.strip().split("\n\n")
    assert raw.startswith("raw: 0 steps from 1 input")
    assert smooth.startswith("smooth: 1 step from 1 input; sigima 1.")
    assert "moving_average  of raw, n=3" in smooth


def test_an_export_without_sigima_names_the_other_forms(project: Path, tmp_path: Path):
    arguments = ["history", str(project), "smooth", "--export"]
    command = [sys.executable, "-c", WITHOUT_SIGIMA, *arguments]
    crate = tmp_path / "x.crate.json"
    subprocess.run([*command, str(crate)], check=True, timeout=60, capture_output=True)
    assert crate.exists()
    done = subprocess.run(
        [*command, str(tmp_path / "x.py")],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "needs sigima" in done.stderr
    assert ".crate.json" in done.stderr


def test_json_has_every_part(project: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["history", str(project), "smooth", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["name"] == "smooth"
    assert found["steps"][0]["operation"] == "sigima.signal.moving_average"
    assert found["steps"][0]["inputs"] == ["raw"]
    assert found["steps"][0]["settings"]["n"] == "3"
    assert found["inputs"][0]["shape"] == [20]


def test_a_history_is_exported(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    arguments = ["history", str(project), "smooth", "--export", f"{tmp_path}/x.txt"]
    assert main(arguments) == 0
    assert capsys.readouterr().out.strip() == f"{tmp_path}/x.txt"
    assert main(arguments) == 1
    assert "overwrite" in capsys.readouterr().err or sys.version_info >= (3, 11)
    assert main([*arguments, "--overwrite"]) == 0


def test_only_one_history_is_exported(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert main(["history", str(project), "--export", f"{tmp_path}/x.txt"]) == 1
    assert "give one NAME" in capsys.readouterr().err


def test_a_missing_name_is_an_error(project: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["history", str(project), "smoth"]) == 1
    assert "did you mean 'smooth'" in capsys.readouterr().err


def test_the_code_of_cells_is_shown_on_request():
    history = history_of(chain())
    assert "import numpy" not in text([history])
    shown = text([history, history], cells=True)
    assert shown.count("[2]\n    import numpy as np\n    raw = np.arange(3.0)\n") == 1
    assert "[6]\n    n.y = np.clip(n.y, 0.0)" in shown


def test_no_objects_are_no_error():
    assert text([]) == "no objects"
