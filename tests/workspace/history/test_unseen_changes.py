"""Changes of one pixel that no glance sees, before calls use the image."""

from __future__ import annotations

import gc
import weakref
from itertools import count
from pathlib import Path

import numpy as np
import pytest
import sigima.proc.image as spi

import datalab_workspace as dlw
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.history.cells import running_cell
from datalab_workspace.history.recording import used_objects
from support.notebook_cells import Notebook
from support.recorded_steps import actions, latest

# The first save with the texts of cells warns, which other tests are about.
pytestmark = pytest.mark.filterwarnings("ignore:.*how its objects were made")

#: Objects with the same data count as copies, so each image is used once.
SEEDS = count(1000)
FILTER = "workspace['new'] = spi.gaussian_filter(g, sigma=2.0)"


@pytest.fixture
def notebook() -> Notebook:
    """A notebook with the image "img", which a glance does not see completely."""
    notebook = Notebook()
    notebook.run(
        "import sigima.proc.image as spi",
        f"rng = np.random.default_rng({next(SEEDS)})\n"
        "workspace['img'] = rng.normal(size=(512, 512))",
    )
    return notebook


CHANGE = "g.data[100, 200] = 55"
FUNCTION = f"""
def made():
    g = workspace['img']
    {CHANGE}
    return spi.gaussian_filter(g, sigma=2.0)
"""
TWO = f"""
k, g = workspace['img'], workspace['img']
{CHANGE}
workspace['new'] = spi.difference(k, g)
"""


@pytest.mark.parametrize(
    "cells",
    [
        (f"g = workspace['img']; {CHANGE}; {FILTER}",),
        ("g = workspace['img']", f"{CHANGE}; {FILTER}"),
        (FUNCTION, "workspace['new'] = made()"),
        (f"g = workspace['img']; {CHANGE}; {FILTER}; workspace['g'] = g",),
        (f"g = spi.inverse(workspace['img']); {CHANGE}; {FILTER}",),
        (TWO,),
        (
            f"g = workspace['img']; {FILTER}",
            f"{CHANGE}; workspace.remove('new'); {FILTER}",
        ),
    ],
    ids=["one cell", "later cell", "function", "added", "result", "two", "again"],
)
def test_code_before_a_call_is_a_step(notebook, cells, tmp_path: Path) -> None:
    notebook.run(*cells)
    workspace = notebook.workspace

    assert "Code" in actions(workspace, "new")[1:], workspace.history("new")
    assert workspace.replay("new").verdict == "not replayable"
    replayed = workspace.replay("new", code=True)
    assert replayed.verdict == "identical", replayed
    assert any("came before" in gap for gap in workspace.history("new").gaps)

    loaded = dlw.open(workspace.save(tmp_path / "saved.h5"))
    assert loaded.history("new").gaps == workspace.history("new").gaps
    assert loaded.replay("new", code=True).verdict == "identical"


def test_the_cell_that_makes_an_image_may_change_it_before_a_call(notebook) -> None:
    notebook.run(
        "from sigima.objects import create_image",
        "import numpy as np\n"
        f"data = np.random.default_rng({next(SEEDS)}).normal(size=(512, 512))\n"
        f"g = create_image('own', data); workspace['own'] = g; {CHANGE}; {FILTER}",
    )
    assert actions(notebook.workspace, "new")[-2:] == ["Code", "gaussian_filter"]
    assert notebook.workspace.replay("new", code=True).verdict == "identical"


def test_a_change_that_a_call_would_have_seen_came_after_it(notebook) -> None:
    notebook.run(f"g = workspace['img']; {FILTER}; g.data -= 1; workspace['less'] = g")
    assert notebook.workspace.replay("new").verdict == "identical"
    assert notebook.workspace.replay("less", code=True).verdict == "identical"


def test_a_copy_that_is_changed_says_nothing_about_its_original(notebook) -> None:
    notebook.run(
        "g = workspace['img']; k = g.copy(); k.data[100, 200] = 55\n"
        f"{FILTER}; workspace['other'] = spi.inverse(k)"
    )
    assert actions(notebook.workspace, "new") == ["Code", "gaussian_filter"]
    assert actions(notebook.workspace, "other") == ["Code", "Code", "inverse"]


def test_code_of_a_script_before_a_call_is_a_step() -> None:
    workspace = dlw.Workspace(backend=MemoryBackend())
    workspace["img"] = np.random.default_rng(next(SEEDS)).normal(size=(512, 512))
    image = workspace["img"]
    image.data[100, 200] = 55
    workspace["new"] = spi.inverse(image)

    assert actions(workspace, "new") == ["Code", "Code", "inverse"]
    code = latest(workspace, "new").inputs[0].action
    assert code.script.startswith("test_unseen_changes.py:")
    assert not code.in_order
    workspace["again"] = spi.inverse(workspace["img"])
    assert actions(workspace, "again") == ["Code", "inverse"]


def test_code_that_changed_an_object_of_a_lazy_file_is_a_step(tmp_path: Path) -> None:
    workspace = dlw.Workspace(backend=MemoryBackend())
    workspace["img"] = np.random.default_rng(next(SEEDS)).normal(size=(512, 512))
    path = workspace.save(tmp_path / "saved.h5")
    opened = dlw.Workspace(backend=MemoryBackend())
    opened.load(path, lazy=True)
    image = opened["img"]
    image.data[100, 200] = 55
    opened["new"] = spi.inverse(image)
    opened["same"] = spi.inverse(opened["img"])

    assert "Code" in actions(opened, "new")[1:]
    assert actions(opened, "same")[-1] == "inverse"
    assert "Code" not in actions(opened, "same")[1:]


def test_no_cycle_of_references_keeps_an_object(monkeypatch) -> None:
    workspace = dlw.Workspace(backend=MemoryBackend())
    workspace["img"] = np.random.default_rng(next(SEEDS)).normal(size=(512, 512))
    image = workspace["img"]
    spi.inverse(image)
    workspace["img"] = image
    workspace.history("img")
    data, found = weakref.ref(image.data), weakref.ref(image)
    monkeypatch.setattr(running_cell, "_distance", 1 << 30)  # the line is looked for
    gc.disable()
    try:
        spi.inverse(image)
        del image
        workspace.history("img")
        assert (found(), data()) == (None, None)
    finally:
        gc.enable()


def test_objects_are_released_after_the_comparison(notebook, monkeypatch) -> None:
    monkeypatch.setattr(used_objects, "MOST_HELD", 1 << 22)
    notebook.names["used"] = used_objects
    notebook.run(
        "for number in range(20):\n"
        "    spi.inverse(workspace['img'])\n"
        "held = len(used._held)"
    )
    assert notebook.names["held"] == 2
    assert not used_objects.objects()
