"""Exported histories: scripts, notebooks, text. The code is run."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
import sigima
import sigima.proc.signal as sips

from datalab_workspace import Workspace
from datalab_workspace.backends import MemoryBackend
from datalab_workspace.errors import ExportError
from datalab_workspace.history.export.literals import Identifiers, literal
from datalab_workspace.processing.features import features
from datalab_workspace.testing.samples.operands import sources
from support.every_feature import EVERY, FAILING, arguments
from support.made_histories import chain, history_of

X = np.linspace(0.0, 10.0, 101)
REGION = [1.0, 3.0]


@pytest.fixture
def saved(tmp_path: Path) -> Workspace:
    """A saved workspace whose object "final" has steps of every kind but code."""
    made = Workspace(backend=MemoryBackend())
    made.add("raw", (X, np.sin(X)))
    made.add("background", (X[:50], np.cos(X[:50])))
    smooth = made.calc("moving_average", on="raw", n=7)
    with pytest.warns(UserWarning, match="different x"):
        difference = made.calc("difference", on=smooth, with_="background")
    made.add("mid", sips.normalize(sips.derivative(made[difference]), method="energy"))
    roi = sigima.objects.create_signal_roi(REGION)
    made.edit("mid", xlabel="Time", roi=roi)
    for _ in range(5):
        made["mid"] = sips.moving_average(made["mid"], n=3)
    made.add("final", sips.power(made["mid"], power=2.0))
    made.save(tmp_path / "analysis.h5")
    return made


def run(script: Path, *arguments: str) -> str:
    """Return what a script prints in a new Python."""
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script), *arguments],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | {"DATALAB_KERNEL_MODE": "standalone"},
    )
    return done.stdout


def test_a_script_makes_the_object_again(saved: Workspace, tmp_path: Path):
    script = saved.history("final").export(tmp_path / "final.py")
    text = script.read_text("utf-8")
    assert "sigima.proc.signal.moving_average(raw, n=7, mode='reflect')" in text
    assert "for _ in range(5):" in text
    assert run(script).startswith("final: identical (11 steps")


def test_a_script_finds_a_project_that_was_moved(saved: Workspace, tmp_path: Path):
    script = saved.history("final").export(tmp_path / "final.py")
    (tmp_path / "sub").mkdir()
    moved = (tmp_path / "analysis.h5").rename(tmp_path / "sub" / "other.h5")
    assert run(script, str(moved)).startswith("final: identical")


def test_a_script_reports_an_object_that_is_different(saved: Workspace, tmp_path: Path):
    script = saved.history("final").export(tmp_path / "final.py")
    text = script.read_text("utf-8").replace("power=2.0", "power=3.0")
    script.write_text(text, "utf-8")
    assert run(script).startswith("final: DIFFERENT, by up to")


def test_an_input_is_used_as_it_was_before_it_was_edited(
    saved: Workspace, tmp_path: Path
):
    saved.edit("raw", xlabel="edited later")
    saved.save()
    script = saved.history("final").export(tmp_path / "final.py")
    assert "raw = exported.edit(raw, {'xlabel': ''})" in script.read_text("utf-8")
    assert run(script).startswith("final: identical")


def test_a_notebook_makes_the_object_again(
    saved: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
):
    path = saved.history("final").export(tmp_path / "final.ipynb")
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.cells[0].source.startswith("# final\n")
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            exec(cell.source, namespace)
    assert capsys.readouterr().out.startswith("final: identical (11 steps")


def test_the_text_has_a_line_for_each_input_and_step(tmp_path: Path):
    path = history_of(chain()).export(tmp_path / "final.txt")
    lines = path.read_text("utf-8").replace(", mode='reflect'", "").splitlines()
    versions = "(sigima 1.3.0, NumPy 2.4.6)"
    assert lines == [
        "raw: raw = np.arange(3.0) … [2]",
        "wave: read from 'wave.csv' [2]",
        f"1: sigima.signal.moving_average of raw, n=7 [2] {versions} -> 'sm'",
        f"2: sigima.signal.difference of step 1 and wave, x aligned {versions}",
        "3: code of step 2: n.y = np.clip(n.y, 0.0) [6]",
        "4: edit of step 3, xlabel='Time', regions=1",
        f"5: sigima.signal.power of step 4, power=2.0 [6] {versions} -> 'final'",
    ]


# -- what cannot be exported ----------------------------------------------------------


def test_a_file_is_not_replaced_unasked(saved: Workspace, tmp_path: Path):
    history = saved.history("final")
    path = history.export(tmp_path / "final.txt")
    with pytest.raises(FileExistsError, match=r"final\.txt") as caught:
        history.export(path)
    assert "overwrite=True" in "".join(getattr(caught.value, "__notes__", [])) or (
        sys.version_info < (3, 11)
    )
    assert history.export(path, overwrite=True) == path


def test_an_unknown_suffix_lists_the_known_ones(saved: Workspace, tmp_path: Path):
    with pytest.raises(ExportError, match=r"\.crate\.json, \.txt, \.py, \.ipynb or"):
        saved.history("final").export(tmp_path / "final.docx")


def test_a_script_needs_a_saved_project(saved: Workspace, tmp_path: Path):
    saved.edit("raw", ylabel="changed")
    for suffix in (".py", ".ipynb"):
        with pytest.raises(ExportError, match=r"save\(\) it first"):
            saved.history("final").export(tmp_path / f"final{suffix}")
    assert not list(tmp_path.glob("final*"))


def test_an_object_that_only_code_made_has_no_script(tmp_path: Path):
    made = Workspace(backend=MemoryBackend())
    made.add("raw", np.arange(5.0))
    made.save(tmp_path / "raw.h5")
    with pytest.raises(ExportError, match="cannot be made again by a script"):
        made.history("raw").export(tmp_path / "raw.py")


def test_a_history_of_no_workspace_has_text_and_no_script(tmp_path: Path):
    history = history_of(chain())
    assert history.export(tmp_path / "final.crate.json").exists()
    with pytest.raises(ExportError, match="does not belong to a workspace"):
        history.export(tmp_path / "final.py")


def test_the_folders_of_the_home_are_not_in_a_script(
    saved: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    (tmp_path / "secret project").mkdir()
    (tmp_path / "scripts").mkdir()
    saved.save(tmp_path / "secret project" / "analysis.h5")
    script = saved.history("final").export(tmp_path / "scripts" / "final.py")
    text = script.read_text("utf-8")
    assert "PROJECT = 'analysis.h5'" in text
    assert "secret" not in text


# -- every feature --------------------------------------------------------------------


def _scripts(tmp_path: Path, cases: list[tuple[str, str]]) -> dict[str, str]:
    """Return the script for the result of each feature that makes an object."""
    made = Workspace(backend=MemoryBackend())
    made.update(sources("signal") | sources("image"))
    results = {}
    for kind, name in cases:
        if features(kind)[name].analysis or (kind, name) in FAILING:
            continue
        found = made.calc(name, **arguments(kind, name))
        results[f"{kind} {name}"] = found[0] if isinstance(found, list) else found
    made.save(tmp_path / "all.h5")
    return {
        case: made.history(name)
        .export(tmp_path / f"{case.replace(' ', '_')}.py")
        .as_posix()
        for case, name in results.items()
    }


def _verdicts(scripts: dict[str, str], capsys, monkeypatch) -> dict[str, str]:
    found = {}
    for case, script in scripts.items():
        monkeypatch.setattr(sys, "argv", [script])
        runpy.run_path(script, run_name="__main__")
        found[case] = capsys.readouterr().out
    return found


@pytest.mark.parametrize(
    "cases",
    [EVERY[::12], pytest.param(EVERY, marks=pytest.mark.slow)],
    ids=["some", "every"],
)
@pytest.mark.filterwarnings("ignore")
def test_the_script_of_a_feature_says_identical(
    cases, tmp_path: Path, capsys, monkeypatch
):
    scripts = _scripts(tmp_path, cases)
    wrong = {
        case: text
        for case, text in _verdicts(scripts, capsys, monkeypatch).items()
        if ": identical (" not in text
    }
    assert scripts
    assert not wrong


# -- names and literals ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("raw", "raw"),
        ("moving_average(s001)|n=7", "moving_average_s001_n_7"),
        ("print", "step_1"),
        ("class", "step_1"),
        ("dlw", "step_1"),
        ("2 peaks", "step_1"),
        ("", "step_1"),
        ("é", "step_1"),
        (None, "step_1"),
    ],
)
def test_a_variable_is_named_after_its_object(name: str | None, variable: str):
    made = Identifiers()
    assert made.make(name, "step_1") == variable
    assert made.make(name, "step_1") == f"{variable}_2"


@pytest.mark.parametrize(
    "value",
    [None, True, 3, 2.5, "a'b\"\n", [1, [2]], {"a": {"b": None}}, float("inf")],
)
def test_a_literal_is_the_value(value: object):
    assert eval(literal(value)) == value


def test_a_literal_of_an_array():
    made = eval(literal({"a": np.array([1.0, np.nan])}), {"np": np, "float": float})
    np.testing.assert_array_equal(made["a"], [1.0, np.nan])


@pytest.mark.parametrize("value", [object(), b"x", 1 << 9999, np.zeros(20_000)])
def test_other_values_are_refused(value: object):
    with pytest.raises(ExportError):
        literal(value)


def test_the_workspace_of_a_script_does_not_attach(saved: Workspace, tmp_path: Path):
    script = saved.history("final").export(tmp_path / "final.py")
    text = script.read_text("utf-8")
    assert "dlw.open(path)" in text
    assert "Workspace()" not in text
