"""The pages of features and menus are the tables of the installed sigima."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import datalab_workspace as dlw
from datalab_kernel_core import Plotter
from datalab_workspace import Workspace
from datalab_workspace.backends.memory import MemoryBackend
from support.documentation import DOCS, script_of

MENUS = script_of(DOCS / "menus_page.py")


@pytest.mark.parametrize("name", ["features_page", "menus_page"])
def test_the_page_is_what_its_script_writes(name: str) -> None:
    script = script_of(DOCS / f"{name}.py")

    written = script.PAGE.read_text("utf-8")
    assert written == script.page(), f"run: python docs/{name}.py"


def example(*, regions: bool = False) -> Workspace:
    """Return a workspace with the objects that the page of menus names."""
    from sigima.objects import create_image_roi

    workspace = Workspace(backend=MemoryBackend())
    x = np.linspace(0, 10, 50)
    workspace.update({"peak": (x, np.exp(-((x - 5) ** 2))), "noisy": (x, np.cos(x))})
    workspace.update({"spot": np.eye(20), "flat": np.ones((20, 20))})
    if regions:
        workspace.edit("spot", roi=create_image_roi("circle", [9, 9, 3]))
    result = workspace.calc("moving_average", on="peak", n=3)
    workspace.rename(result, "smooth")
    return workspace


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files that the page of menus names, in the current folder."""
    monkeypatch.chdir(tmp_path)
    workspace = example()
    Path("folder").mkdir()
    for path in ("data.csv", "folder/data.csv"):
        workspace.export("peak", path)
    Path("text.csv").write_text("x;y\n1,5;2,5\n2,5;3,5\n")
    workspace.export("flat", "image.tif")


def test_the_lines_of_the_window_run(files: None) -> None:
    import sigima
    from sigima import objects

    names: dict[str, Any] = {"dlw": dlw, "objects": objects, "sigima": sigima}
    example().save("analysis.h5")
    for line in MENUS.window_lines():
        names["workspace"] = workspace = example(regions="roi" in line.code)
        if "save" in line.code:
            Path("analysis.h5").unlink()
        exec(line.code, names | {"plotter": Plotter(workspace)}, names)


def test_the_lines_of_the_features_are_calls_of_them() -> None:
    lines, calls = MENUS.feature_lines(), Calls(example())
    for line in lines:
        eval(line.code, {"workspace": calls})
    assert len(lines) > 150


class Calls:
    """A workspace whose features check their arguments, and compute nothing."""

    def __init__(self, workspace: Workspace) -> None:
        self.calc = self
        self._workspace = workspace

    def __getattr__(self, name: str) -> Any:
        return inspect.signature(getattr(self._workspace.calc, name)).bind
