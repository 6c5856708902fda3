"""Objects that are made again by the cells that made them."""

from __future__ import annotations

import json
import random
from itertools import count
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
import sigima.objects

import datalab_workspace as dlw
from datalab_workspace import Workspace
from datalab_workspace.cli.commands import main
from datalab_workspace.history import environment
from datalab_workspace.history.replay import replay
from datalab_workspace.history.replay.verdict import Replay
from datalab_workspace.history.steps import Environment
from support.notebook_cells import Notebook

# The first save with the texts of cells warns, which other tests are about.
pytestmark = pytest.mark.filterwarnings("ignore:.*how its objects were made")

# An object with the same data as one that is known counts as its copy, so that each
# notebook has numbers of its own.
SEEDS = count()
RAW = (
    "rng = np.random.default_rng({})\n"
    "x = np.linspace(0, 1, 200)\n"
    "raw = create_signal('raw', x, np.sin(9 * x) + 0.1 * rng.standard_normal(200))\n"
    "workspace['raw'] = raw"
)


@pytest.fixture
def notebook() -> Notebook:
    """A notebook with the object "raw", which its first cell made."""
    notebook = Notebook()
    notebook.run(RAW.format(next(SEEDS)))
    return notebook


def replayed(notebook: Notebook, name: str = "final") -> Replay:
    return notebook.workspace.replay(name, code=True)


def test_numpy_between_features_is_done_again(
    notebook: Notebook, tmp_path: Path
) -> None:
    notebook.run(
        "avg = workspace.calc('moving_average', on='raw', n=7)",
        "n = workspace[avg]",
        "unused = 5",
        "n.y = np.clip(n.y, 0.0, None)",
        "import sigima.proc.signal as sps\n"
        "q = sps.power(n, sps.PowerParam.create(power=2.0))",
        "workspace['final'] = q",
    )
    before = notebook.workspace.list()

    assert notebook.workspace.replay("final").verdict == "not replayable"
    result = replayed(notebook)
    assert result.verdict == "identical"
    assert result.inputs == ("raw",)
    assert len(result.cells) == 5
    assert not any("unused" in text for text in result.cells)
    assert notebook.workspace.list() == before

    path = notebook.workspace.save(tmp_path / "shared.h5")
    assert dlw.open(path).replay("final", code=True).verdict == "identical"


def test_cells_of_a_file_are_shown_before_they_run(
    notebook: Notebook, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hiding = "# \x1b[2K"  # a terminal would erase the line
    notebook.run(
        f"n = workspace['raw']; n.y = n.y * 2; workspace['final'] = n {hiding}"
    )
    path = notebook.workspace.save(tmp_path / "shared.h5")
    capsys.readouterr()

    shared = dlw.open(path)
    shared.replay("final")
    assert not capsys.readouterr().out
    shared.replay("final", code=True)
    shown = capsys.readouterr().out
    assert shown.startswith("[2]\n    n = workspace['raw']; n.y = n.y * 2")
    assert "\x1b" not in shown


def test_the_command_prints_the_cells_and_a_verdict(
    notebook: Notebook, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook.run("n = workspace['raw']; n.y = n.y * 2; workspace['final'] = n")
    path = str(notebook.workspace.save(tmp_path / "shared.h5"))
    capsys.readouterr()

    assert main(["replay", path, "final", "--code"]) == 0
    assert capsys.readouterr().out.count("n.y * 2") == 1
    assert main(["replay", path, "final", "--code", "--json"]) == 0
    out, error = capsys.readouterr()
    assert json.loads(out)[0]["verdict"] == "identical"
    assert "n.y * 2" in error
    assert main(["replay", path, "final"]) == 2


def test_an_edit_of_a_copy_begins_with_the_original(tmp_path: Path) -> None:
    notebook = Notebook()
    notebook.run(
        "workspace['measured'] = np.random.default_rng().random(200)",
        "workspace['copy'] = workspace['measured']",
        "workspace.edit('copy', ylabel='Light')",
    )
    path = notebook.workspace.save(tmp_path / "edited.h5")
    for workspace in (notebook.workspace, dlw.open(path)):
        found = workspace.replay("copy", code=True)
        assert (found.verdict, found.inputs) == ("identical", ("measured",))
        assert workspace.replay("measured", code=True).verdict == "random"


def test_cells_make_an_input_again_that_was_replaced(
    notebook: Notebook, tmp_path: Path
) -> None:
    notebook.run(
        "import sigima.proc.signal as sps\n"
        "workspace['final'] = sps.derivative(workspace['raw'])",
        "workspace['raw'] = (x, x)",
    )
    path = notebook.workspace.save(tmp_path / "replaced.h5")
    for workspace in (notebook.workspace, dlw.open(path)):
        assert workspace.replay("final").verdict == "not replayable"
    reason = notebook.workspace.replay("final").reason
    assert "code=True or --code runs the cells" in reason
    assert replayed(notebook).verdict == "identical"


def test_calls_are_replayed_if_a_file_has_not_all_cells(
    notebook: Notebook, tmp_path: Path
) -> None:
    notebook.run(
        "n = workspace['raw']; n.y = n.y * 2; workspace['scaled'] = n",
        "final = workspace.calc('derivative', on='scaled')",
        "workspace.rename(final, 'final')",
    )
    path = notebook.workspace.save(tmp_path / "calls.h5")
    found = dlw.open(path).replay("final", code=True)
    assert found.verdict == "identical"


def test_a_file_that_sigima_read_in_a_cell_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "data.csv"
    np.savetxt(file, np.column_stack([np.arange(9.0), np.arange(9.0) ** 2]))
    notebook = Notebook()
    notebook.run(
        f"import sigima.io\nraw = sigima.io.read_signal({str(file)!r})",
        "raw.y = raw.y - raw.y.mean()",
        "workspace['raw'] = raw",
    )
    path = notebook.workspace.save(tmp_path / "read.h5")
    assert replayed(notebook, "raw").verdict == "identical"
    assert dlw.open(path).replay("raw", code=True).verdict == "identical"

    file.unlink()
    found = replayed(notebook, "raw")
    assert found.verdict == "not replayable"
    assert "FileNotFoundError" in found.reason


def test_code_says_with_which_versions_it_ran(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook.run("n = workspace['raw']; n.y = n.y * 2; workspace['final'] = n")
    versions = notebook.workspace.history("final").versions
    assert versions["numpy"] == (np.__version__,)
    assert "as recorded" in str(replayed(notebook))
    elsewhere = Environment({**environment.here().versions, "numpy": "1.20"})
    monkeypatch.setattr(replay, "here", lambda: elsewhere)
    assert f"NumPy {np.__version__}".lower() in str(replayed(notebook)).lower()


def test_an_object_without_inputs_is_made_again(notebook: Notebook) -> None:
    assert replayed(notebook, "raw").verdict == "identical"


def test_random_numbers_without_a_seed_are_distinguished_from_a_difference() -> None:
    notebook = Notebook()
    notebook.run("workspace['final'] = np.random.standard_normal(50)")

    assert replayed(notebook).verdict == "random"


def test_what_nothing_can_make_again_is_not_made_again() -> None:
    """The cell of "raw" must run, because another cell uses one of its names."""
    notebook = Notebook()
    notebook.run(
        "k = 2.0\nworkspace['raw'] = np.random.standard_normal(50)",
        "n = workspace['raw']",
        "n.y = n.y * k",
        "workspace['final'] = n",
    )

    result = replayed(notebook)

    assert result.verdict == "identical"
    assert result.inputs == ("raw",)
    assert len(result.cells) == 4


def test_the_variable_of_an_input_is_the_input() -> None:
    notebook = Notebook()
    notebook.run(
        "x = np.arange(50.0)\n"
        "raw = create_signal('raw', x, np.random.standard_normal(50))\n"
        "workspace['raw'] = raw",
        "raw.y = raw.y + 1",
        "workspace['final'] = raw",
    )

    assert replayed(notebook).verdict == "identical"


def test_an_input_that_was_overwritten_is_made_again(notebook: Notebook) -> None:
    notebook.run(
        "n = workspace['raw']; n.y = n.y + 1; workspace['final'] = n",
        "workspace['raw'] = np.zeros(9)",
    )

    assert replayed(notebook).verdict == "identical"


def test_an_object_that_code_only_read_is_found(notebook: Notebook) -> None:
    notebook.run(
        "workspace['other'] = np.arange(5.0)",
        "limit = workspace['other'].y.max()",
        "n = workspace['raw']; n.y = np.minimum(n.y, limit); workspace['final'] = n",
    )

    assert replayed(notebook).verdict == "identical"


def test_edits_that_no_cell_needs_are_done_again(notebook: Notebook) -> None:
    notebook.run("n = workspace['raw']; n.y = n.y + 1; workspace['mid'] = n")
    notebook.workspace.edit("mid", ylabel="Voltage", yunit="V")
    notebook.run("m = workspace['mid']; m.y = m.y + 1; workspace['final'] = m")
    notebook.workspace.edit("final", xlabel="Time")

    assert notebook.workspace["final"].ylabel == "Voltage"
    assert replayed(notebook).verdict == "identical"


def test_a_cell_that_adds_an_object_does_not_undo_later_edits(
    notebook: Notebook, tmp_path: Path
) -> None:
    notebook.run("import sigima.proc.signal as sps")
    regions = sigima.objects.create_signal_roi([[0.1, 0.4]])
    notebook.workspace.edit("raw", roi=regions)
    notebook.run(
        "objs = [sps.moving_average(workspace.get('raw'), n=n) for n in (3, 5)]\n"
        "workspace['mid'] = objs[0]",
        "o = objs[0]; o.y[0] = 9.0; scale = x.max()",
        "workspace['final'] = sps.derivative(objs[0])",
    )
    path = notebook.workspace.save(tmp_path / "edited.h5")
    assert replayed(notebook).verdict == "identical"
    assert dlw.open(path).replay("final", code=True).verdict == "identical"


def test_results_keep_the_titles_that_cells_use(notebook: Notebook) -> None:
    notebook.run(
        "workspace['unrelated'] = np.arange(4.0)",
        "workspace['second'] = np.arange(64.0)",
        "workspace.calc('fft', on='second')",
        "n = workspace['fft(s003)']; n.y = abs(n.y); workspace['final'] = n",
    )

    assert "fft(s003)" in notebook.workspace
    assert replayed(notebook).verdict == "identical"


def test_a_cell_that_failed_may_fail_again(notebook: Notebook) -> None:
    with pytest.raises(ZeroDivisionError):
        notebook.run("n = workspace['raw']; n.y = n.y + 1; 1 / 0")
    notebook.run("workspace['final'] = n")

    assert replayed(notebook).verdict == "identical"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("k = hidden['k']", "fails here: KeyError"),
        ("k = float(input())", "it asks for input"),
    ],
)
def test_a_cell_that_cannot_run_is_named(
    notebook: Notebook, text: str, reason: str
) -> None:
    notebook.names["input"] = lambda: "2"
    notebook.run("hidden = {}", "n = workspace['raw']")
    notebook.names["hidden"]["k"] = 2.0  # by no cell
    notebook.run(text, "n.y = n.y * k", "workspace['final'] = n")

    result = replayed(notebook)

    assert result.verdict == "not replayable"
    assert result.reason.startswith("cell [4]")
    assert reason in result.reason


def test_a_text_that_is_not_kept_is_named(notebook: Notebook) -> None:
    notebook.run(
        "n = workspace['raw']; n.y = n.y + 1", "workspace['final'] = n"
    ).forget()

    result = replayed(notebook)

    assert result.verdict == "not replayable"
    assert result.reason == "the text of cell [3] is not kept"


def test_objects_of_a_script_cannot_be_made_by_cells() -> None:
    workspace = Workspace()
    workspace["final"] = np.arange(5.0)

    result = workspace.replay("final", code=True)

    assert result.verdict == "not replayable"
    assert "test_cell_replay.py" in result.reason


class Outside:
    """What a replay must leave alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def state(self) -> object:
        return (
            random.getstate(),
            tuple(np.random.get_state()[1]),  # noqa: NPY002  # cells use it
            Path.cwd(),
            plt.get_fignums(),
            sorted(path.name for path in self.folder.iterdir()),
        )


def test_a_replay_changes_nothing_outside(
    notebook: Notebook,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATALAB_WORKSPACE_URL", "http://127.0.0.1:9")
    notebook.run(
        "import os, random, matplotlib.pyplot as plt, datalab_workspace as dlw\n"
        "n = workspace['raw']; random.random(); np.random.seed(1)\n"
        "os.mkdir('sub') if not os.path.exists('sub') else None; os.chdir('sub')\n"
        "plt.figure(); plt.plot(n.x, n.y); print('shown')\n"
        "workspace.save('a.h5'); workspace.export('raw', 'a.csv')\n"
        "n.y = n.y + 1; workspace['final'] = n",
    )
    monkeypatch.chdir(tmp_path)
    for path in (tmp_path / "sub").iterdir():
        path.unlink()
    outside = Outside(tmp_path / "sub")
    before = outside.state(), notebook.workspace.list(), notebook.names["n"]
    capsys.readouterr()

    assert replayed(notebook).verdict == "identical"

    assert (outside.state(), notebook.workspace.list(), notebook.names["n"]) == before
    assert not capsys.readouterr().out
    plt.close("all")


@pytest.mark.parametrize(
    "text",
    [
        "import datalab_workspace as dlw; ws = dlw.Workspace()",
        "from datalab_workspace import Workspace; ws = Workspace()",
        "import datalab_workspace as dlw; ws = dlw.connect('http://127.0.0.1:9')",
        "import datalab_workspace; ws = datalab_workspace.open('project.h5')",
    ],
)
def test_every_workspace_of_a_cell_is_the_same(
    notebook: Notebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """A replay neither attaches to a DataLab nor has objects elsewhere."""
    monkeypatch.chdir(tmp_path)
    notebook.workspace.save("project.h5")
    for name in ("Workspace", "connect", "open"):
        monkeypatch.setattr(dlw, name, lambda *_: notebook.workspace)
    notebook.run(text, "n = ws['raw']; n.y = n.y + 1; ws['final'] = n")
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)

    assert replayed(notebook).verdict == "identical"


def test_a_path_in_the_home_folder_is_found_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    np.save(tmp_path / "gain.npy", np.array([2.0]))
    notebook = Notebook()
    notebook.run(
        RAW.format(next(SEEDS)),
        f"gain = np.load({str(tmp_path / 'gain.npy')!r})[0]",
        "n = workspace['raw']; n.y = n.y * gain; workspace['final'] = n",
    )
    shared = dlw.open(notebook.workspace.save(tmp_path / "shared.h5"))

    result = shared.replay("final", code=True)

    assert "'~/gain.npy'" in result.cells[0]
    assert result.verdict == "identical"
