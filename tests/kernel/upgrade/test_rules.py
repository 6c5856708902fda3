"""Each rule finds what has changed, and what it writes instead works."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest
import sigima.objects
from sigima import create_image, create_signal

from datalab_kernel.upgrade.checker import Checker
from datalab_kernel.upgrade.findings import Finding, Level, apply
from datalab_kernel_core import Plotter
from datalab_workspace import Workspace
from support.moving import GONE, LIVE, OLD, Row
from support.upgrade_cases import CASES, KEPT, SETUP, Case


def check(*cells: str) -> list[Finding]:
    return [finding for found in Checker().notebook(cells) for finding in found]


def to_change(*cells: str) -> list[Finding]:
    return [finding for finding in check(*cells) if finding.level is not Level.NOTE]


def notes(*cells: str) -> list[str]:
    return [f.message for f in check(*cells) if f.level is Level.NOTE]


def rewritten(cell: str) -> str:
    return apply(cell, [edit for finding in check(cell) for edit in finding.edits])


def ids(cases: list[Case]) -> list[str]:
    return [case.old.replace("\n", "; ") for case in cases]


@pytest.fixture
def namespace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The names of a notebook, after the setup."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATALAB_KERNEL_MODE", "standalone")
    monkeypatch.delenv("DATALAB_PLOTTER_BACKEND", raising=False)
    workspace = Workspace()
    names = {
        "workspace": workspace,
        "plotter": Plotter(workspace),
        "create_signal": create_signal,
        "create_image": create_image,
        **{
            name: getattr(sigima.objects, name)
            for name in ("TableResult", "GeometryResult", "KindShape")
        },
    }
    exec(SETUP, names)
    return names


CHANGED = [case for case in CASES if case.old != case.new]
CERTAIN = [case for case in CHANGED if case.is_certain]
UNCERTAIN = [case for case in CHANGED if not case.is_certain]


@pytest.mark.parametrize("case", CERTAIN, ids=ids(CERTAIN))
def test_what_is_certain_is_rewritten_and_needs_no_other_change(case: Case) -> None:
    assert rewritten(case.old) == case.new
    assert to_change(case.old)
    assert not to_change(case.new)


@pytest.mark.parametrize("case", UNCERTAIN, ids=ids(UNCERTAIN))
def test_what_is_not_certain_is_found_and_left_to_the_author(case: Case) -> None:
    assert to_change(case.old)
    assert to_change(rewritten(case.old))
    assert not to_change(case.new)


@pytest.mark.parametrize("case", CASES, ids=ids(CASES))
def test_what_is_written_instead_runs_without_a_warning(
    namespace: dict[str, Any], case: Case
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)
        exec(case.new, namespace)


@pytest.mark.parametrize("cell", KEPT)
def test_nothing_is_said_about_what_still_works(cell: str) -> None:
    assert check(cell) == []


@pytest.mark.parametrize("cell", [k for k in KEPT if not k.startswith("%")])
def test_what_still_works_runs_without_a_warning(
    namespace: dict[str, Any], cell: str
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)
        exec(cell, namespace)


#: Rows of the page that only notes are about.
_NOTED = ("workspace.resync()",)


@pytest.mark.parametrize(
    "row", [pytest.param(r, id=r.id) for r in (*OLD, *LIVE, *GONE)]
)
def test_the_rows_of_the_page_are_found(row: Row) -> None:
    found = check("from datalab_workspace import Workspace", "\n".join(row.old))
    assert found
    if row.id not in _NOTED:
        assert any(finding.level is not Level.NOTE for finding in found)


@pytest.mark.parametrize(
    "row", [pytest.param(r, id=r.id) for r in (*OLD, *LIVE, *GONE)]
)
def test_the_new_spelling_of_the_page_is_not_found(row: Row) -> None:
    assert to_change("\n".join(row.new)) == []


# -- what a name means ----------------------------------------------------------------

OLD_CALL = '{}.rename(old_name="a", new_name="b")'


@pytest.mark.parametrize(
    "cells",
    [
        ["ws = workspace", OLD_CALL.format("ws")],
        ["ws = other = workspace", OLD_CALL.format("other")],
        [
            "import datalab_workspace as dlw",
            "ws = dlw.Workspace()",
            OLD_CALL.format("ws"),
        ],
        ["from datalab_workspace import connect", OLD_CALL.format("connect()")],
        ["ws: object = workspace\n" + OLD_CALL.format("ws")],
        ["if (ws := workspace):\n    " + OLD_CALL.format("ws")],
        [f"def f(workspace):\n    {OLD_CALL.format('workspace')}"],
        [
            "from datalab_workspace import Workspace",
            f"def f(w: Workspace):\n    {OLD_CALL.format('w')}",
        ],
        [f"f = lambda: {OLD_CALL.format('workspace')}"],
        [f"async def f():\n    {OLD_CALL.format('workspace')}"],
        [f"class A:\n    def f(self):\n        {OLD_CALL.format('workspace')}"],
        [f"%time {OLD_CALL.format('workspace')}"],
        [f"%%time\n{OLD_CALL.format('workspace')}"],
        [f"    {OLD_CALL.format('workspace')}"],
        [f">>> {OLD_CALL.format('workspace')}"],
        [f"await g({OLD_CALL.format('workspace')})"],
    ],
)
def test_a_workspace_is_known_by_any_name(cells: list[str]) -> None:
    assert len(to_change(*cells)) == 1


@pytest.mark.parametrize(
    "cells",
    [
        ["workspace = {}", OLD_CALL.format("workspace")],
        ["from elsewhere import workspace", OLD_CALL.format("workspace")],
        ["import elsewhere as workspace", OLD_CALL.format("workspace")],
        ["for workspace in []:\n    " + OLD_CALL.format("workspace")],
        ["with open('a') as workspace:\n    " + OLD_CALL.format("workspace")],
        ["del workspace", OLD_CALL.format("workspace")],
        ["def workspace(): ...", OLD_CALL.format("workspace")],
        ["def f(ws): ...\nws = 1\n" + OLD_CALL.format("ws")],
        [f"def f(ws):\n    {OLD_CALL.format('ws')}"],
        ["try: ...\nexcept Exception as workspace:\n  " + OLD_CALL.format("workspace")],
        ["%%bash\n" + OLD_CALL.format("workspace")],
        ["# " + OLD_CALL.format("workspace")],
        ["'" + OLD_CALL.format("workspace") + "'"],
        ["a.workspace", OLD_CALL.format("a.workspace")],
    ],
)
def test_another_object_is_not_checked(cells: list[str]) -> None:
    assert check(*cells) == []


def test_a_function_does_not_change_the_names_outside_of_it() -> None:
    cells = ("def f():\n    workspace = 1", OLD_CALL.format("workspace"))
    assert len(to_change(*cells)) == 1


@pytest.mark.parametrize("cell", ["dk.workspace.rename(old_name='a', new_name='b')"])
def test_a_name_of_the_package_is_that_of_the_notebook(cell: str) -> None:
    found = check("import datalab_kernel as dk", cell)
    edits = [edit for finding in found for edit in finding.edits]
    assert apply(cell, edits) == "workspace.rename(name='a', new_name='b')"


# -- notes ----------------------------------------------------------------------------


def test_a_changed_copy_is_noted_unless_it_is_added_again() -> None:
    changed = 'obj = workspace.get("a")', "obj.y[0] = 1"
    assert len(notes(*changed)) == 1
    assert notes(*changed, 'workspace.add("a", obj, overwrite=True)') == []
    assert notes(*changed, 'workspace["a"] = obj') == []
    assert len(notes('workspace.get("a").title += "b"')) == 1
    assert notes('obj = workspace.get("a")', "obj = 1", "obj.y = 2") == []


def test_a_note_is_given_once_and_asks_for_no_change() -> None:
    load = 'workspace.load("a.h5")'
    assert len(notes(load, load)) == 1
    assert to_change(load) == []
    assert notes('workspace.load("a.h5", on_conflict="replace")') == []


def test_a_connection_that_may_fail_is_noted_unless_it_is_tried() -> None:
    tried = "try:\n    workspace.connect()\nexcept ConnectionError:\n    pass"
    assert len(notes("if workspace.connect():\n    pass")) == 1
    assert notes(tried) == []


# -- commands -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "instead"),
    [
        ("!datalab-kernel-install install", "python -m datalab_kernel install"),
        ("%pip install datalab-kernel[plotly]", "datalab-kernel[interactive]"),
        ("%%bash\nset -e\npip install 'datalab-kernel[cli, plotly]'", "interactive"),
        ("!python -m datalab_kernel install --system", "--prefix"),
        ("%env DATALAB_PLOTTER_BACKEND=plotly", ""),
        ("%env DATALAB_KERNEL_MODE LIVE", "DATALAB_KERNEL_MODE live"),
    ],
)
def test_a_command_is_checked(cell: str, instead: str) -> None:
    (finding,) = to_change(cell)
    assert instead in finding.instead
    assert finding.line == cell.count("\n") + 1


@pytest.mark.parametrize(
    "cell",
    [
        "!pip install datalab-kernel[cli]",
        "!python -m datalab_kernel install --user",
        "%env DATALAB_KERNEL_MODE=live",
        "%matplotlib inline",
    ],
)
def test_a_command_that_still_works_is_not_found(cell: str) -> None:
    assert check(cell) == []


# -- code that is not certain ---------------------------------------------------------


@pytest.mark.parametrize(
    "cell",
    [
        'plotter.plot("a", (None), (True))',
        'plotter.plot(("a"), bogus=1)',
        'plotter.plot("a",  # first\n    bogus=1)',
        'workspace.add(*args, **kwargs) ; workspace.save(r"a\\b")',
        'workspace.save("a" ".b")',
    ],
)
def test_code_that_is_hard_to_change_is_kept(cell: str) -> None:
    assert rewritten(cell) == cell


def test_a_cell_that_is_not_python_is_noted() -> None:
    (note,) = notes("x = (", "workspace.list()")
    assert "because it is not Python: line 1" in note


def test_lines_are_those_of_the_cell() -> None:
    cell = "\n!ls \\\n  -l\n\nworkspace.remove(name='é')"
    (finding,) = check(cell)
    assert finding.line == 5
