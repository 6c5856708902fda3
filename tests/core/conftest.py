"""Fixtures for shells, and for pictures whose pixels are read."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from matplotlib.colors import to_rgb
from matplotlib.image import imread
from traitlets.config import Config

from datalab_kernel_core import Plot, Plotter, submodules
from datalab_workspace import Workspace

# Anti-aliasing mixes colors. Colors that a test distinguishes differ by more than this.
TOLERANCE = 0.1


class Shell:
    """An IPython shell of its own."""

    def __init__(self) -> None:
        config = Config()
        config.HistoryManager.enabled = False
        self.ip = InteractiveShell(config=config)

    def run(self, code: str) -> Any:
        """Run a cell and return its result, or raise its error."""
        outcome = self.ip.run_cell(code)
        outcome.raise_error()
        return outcome.result

    def __getitem__(self, name: str) -> Any:
        return self.ip.user_ns[name]

    def __contains__(self, name: str) -> bool:
        return name in self.ip.user_ns


@pytest.fixture
def new_shell() -> Iterator[Callable[[], Shell]]:
    """Make shells, and undo the changes of the extension outside them."""
    shells: list[Shell] = []

    def new() -> Shell:
        shells.append(Shell())
        return shells[-1]

    was_needed = submodules._finder in sys.meta_path
    yield new
    for shell in shells:
        for name in [*shell.ip.extension_manager.loaded]:
            shell.ip.extension_manager.unload_extension(name)
    # The examples of the documentation, in the same process, may need it for longer.
    assert (submodules._finder in sys.meta_path) <= was_needed


@pytest.fixture
def shell(new_shell: Callable[[], Shell]) -> Shell:
    """A shell without the extension."""
    return new_shell()


@pytest.fixture
def loaded(shell: Shell) -> Shell:
    """A shell with the extension."""
    shell.run("%load_ext datalab_kernel_core")
    return shell


@pytest.fixture
def workspace() -> Workspace:
    return Workspace()


@pytest.fixture
def plotter(workspace: Workspace) -> Plotter:
    return Plotter(lambda: workspace)


class Picture(NamedTuple):
    """The decoded PNG of a plot."""

    plot: Plot
    pixels: np.ndarray

    def color(self, x: float, y: float, panel: int = 0) -> np.ndarray:
        """Return the color at a position in the coordinates of the axes."""
        column, row = self.plot.figure.axes[panel].transData.transform((x, y))
        return self.pixels[len(self.pixels) - 1 - int(row), int(column)]

    def shows(self, color: Any, x: float, y: float, panel: int = 0) -> bool:
        """Return whether the pixel at a position has a color."""
        wanted = np.array(to_rgb(color))
        return bool(np.abs(self.color(x, y, panel) - wanted).max() < TOLERANCE)

    def shows_near(
        self, color: Any, x: float, y: float, panel: int = 0, tolerance: float = 0.1
    ) -> bool:
        """Return whether a pixel of a color is at most two pixels from a position.

        A tolerance of 0.45 accepts a pixel that a thin line covers by half.
        """
        distance = np.abs(self._around(x, y, panel) - np.array(to_rgb(color)))
        return bool((distance.max(axis=2) < tolerance).any())

    def blank_near(self, x: float, y: float, panel: int = 0) -> bool:
        """Return whether all pixels at most two pixels from a position are white."""
        return bool((self._around(x, y, panel) > 1 - TOLERANCE).all())

    def _around(self, x: float, y: float, panel: int) -> np.ndarray:
        column, row = self.plot.figure.axes[panel].transData.transform((x, y))
        row, column = len(self.pixels) - 1 - int(row), int(column)
        return self.pixels[row - 2 : row + 3, column - 2 : column + 3]

    def count(self, color: Any) -> int:
        """Return the number of pixels that have a color."""
        distance = np.abs(self.pixels - np.array(to_rgb(color))).max(axis=2)
        return int((distance < TOLERANCE).sum())

    @property
    def texts(self) -> list[str]:
        """Titles, labels and notes, as Matplotlib got them."""
        axes = self.plot.figure.axes
        axes = [part for one in axes for part in (one, *one.child_axes)]
        found = [
            t for a in axes for t in (a.get_title(), a.get_xlabel(), a.get_ylabel())
        ]
        written = [
            t.get_text() for part in (*axes, self.plot.figure) for t in part.texts
        ]
        return [text for text in (*found, *written) if text]

    @property
    def legends(self) -> list[list[str]]:
        """The entries of the legends, panel by panel."""
        shown = [axes.get_legend() for axes in self.plot.figure.axes]
        return [
            [text.get_text() for text in legend.get_texts()]
            for legend in shown
            if legend is not None
        ]


def decode(plot: Plot) -> Picture:
    """Return the decoded picture that a notebook shows of a plot."""
    assert plot.figure is plot.figure  # it is kept, and gets the picture's layout
    png = plot._repr_png_()
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    return Picture(plot, imread(io.BytesIO(png))[..., :3])


@pytest.fixture
def draw(plotter: Plotter) -> Callable[..., Picture]:
    """Return a function that plots something and decodes the picture."""

    def draw(what: Any, *args: Any, **options: Any) -> Picture:
        return decode(plotter.plot(what, *args, **options))

    return draw


@pytest.fixture(scope="session")
def in_new_process() -> Callable[[str], Any]:
    """Return a function that runs a script in a new Python and parses its output."""

    def run(script: str) -> Any:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", script],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, ""), done.stderr + done.stdout
        return json.loads(done.stdout)

    return run
