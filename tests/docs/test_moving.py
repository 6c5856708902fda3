"""Every row of the tables in "Moving from datalab-kernel 0.2" is true."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from sigima.objects import GeometryResult, KindShape, TableResult
from traitlets.config import Config

from datalab_workspace import Workspace
from support import documentation
from support.moving import GONE, OLD, Row

SETUP = """
import datalab_workspace as dlw
workspace = dlw.Workspace()
workspace.add("noise", np.random.default_rng(0).random(100))
workspace.select("noise")
obj = workspace.get("noise")
obj.y[0] = 7.0
"""


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The shell of a notebook, which is the one that `get_ipython` returns."""
    monkeypatch.setenv("DATALAB_KERNEL_MODE", "standalone")
    monkeypatch.chdir(tmp_path)
    documentation.fill(tmp_path)
    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=config)
    shell.extension_manager.load_extension("datalab_kernel")
    run(shell, SETUP)
    shell.user_ns["table"] = TableResult("counts", headers=["a"], data=[[1.25]])
    point = GeometryResult("found", KindShape.POINT, np.array([[1.0, 2.0]]))
    shell.user_ns["geometry"] = point
    shell.user_ns["Workspace"] = Workspace
    shell.user_ns["backend"] = Workspace().backend
    yield shell
    shell.extension_manager.unload_extension("datalab_kernel")
    InteractiveShell.clear_instance()


def run(shell: Any, *lines: str) -> None:
    """Run the lines of a cell, which is the file "cell"."""
    code = shell.transform_cell("\n".join(lines))
    exec(compile(code, "cell", "exec"), shell.user_ns)


def run_without_warning(shell: Any, lines: tuple[str, ...]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(shell, *lines)


@pytest.mark.parametrize("row", [pytest.param(row, id=row.id) for row in OLD])
def test_an_old_call_works_and_warns_at_the_line_of_the_user(
    shell: Any, row: Row
) -> None:
    with pytest.warns(DeprecationWarning, match="is deprecated; use .* inst") as warned:
        run(shell, *row.old)
    assert {(warning.filename, warning.lineno) for warning in warned} == {("cell", 1)}


@pytest.mark.parametrize("row", [pytest.param(row, id=row.id) for row in GONE])
def test_a_call_that_is_gone_raises(shell: Any, row: Row) -> None:
    with pytest.raises((TypeError, ValueError, AttributeError, ImportError)):
        run(shell, *row.old)


@pytest.mark.parametrize(
    "row", [pytest.param(row, id=row.id) for row in (*OLD, *GONE) if row.new]
)
def test_the_new_spelling_works_without_a_warning(shell: Any, row: Row) -> None:
    run_without_warning(shell, row.new)


def test_old_and_new_spelling_do_the_same(shell: Any) -> None:
    """Compare what can be compared: the rest is in the tests of each function."""
    with pytest.deprecated_call():
        run(
            shell,
            "names, panel = workspace.select_objects(['noise'], 'signal')",
            "old = dict(workspace.status())",
        )
    names = shell.user_ns
    assert (names["names"], names["panel"]) == (["noise"], "signal")
    assert names["workspace"].selection == ["noise"]
    assert names["old"] == {
        "mode": "standalone",
        "backend": "StandaloneBackend",
        "object_count": 1,
    }
