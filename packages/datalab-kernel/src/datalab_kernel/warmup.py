"""Import the packages that a first cell probably needs, while the user reads.

The kernel is ready before any of them is imported. While its event loop is idle, it
imports one module after the other: first what `workspace` needs, then sigima, then the
plotter, in the order in which a notebook usually needs them. Last, it prepares the
completion of code. With `DATALAB_KERNEL_WARMUP=0`, packages are imported on first use.

The warm-up takes as long as the same work takes in a plain Python, about 3 seconds on
an ordinary computer, plus `DELAY`, plus the time that cells take in between. A first
call of sigima costs no import once two thirds of it are done, and a first picture costs
none after nine tenths. All bounds depend on how fast the computer imports.

A cell or a completion that arrives during a step waits for that step. So the modules
that a package needs are imported before it, each in a step of its own: most steps take
less than a fiftieth of the warm-up. Two packages cannot be divided: pandas takes a
fifth of the warm-up, and scipy.stats a tenth. They come after the first second.

The imports do not run in a thread: if two threads import packages that depend on each
other, Python may give one of them an incomplete module.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from datalab_kernel.xeus import loop as kernel_loop

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

SWITCH = "DATALAB_KERNEL_WARMUP"
# At first and after a cell, the front end probably sends more requests, so that nothing
# is imported for this time, in seconds.
DELAY = 0.1
# The number of turns of the loop between two steps. A cell that has arrived during the
# first one begins within a few turns.
TURNS = 10
# Each module comes after those that it needs.
WORKSPACE = (
    "numpy",
    "datalab_workspace.model.sigima_objects",
    "datalab_workspace.workspace",
)
SIGIMA = (
    "numpy.polynomial",
    "numpy.testing",
    "numpy.ma",
    "numpy.f2py",
    "scipy._lib.array_api_compat.numpy",
    "scipy.sparse",
    "scipy.linalg",
    "scipy.sparse.linalg",
    "scipy.special",
    "scipy.fft",
    "scipy.constants",
    "scipy.spatial",
    "scipy.optimize",
    "scipy.interpolate",
    "scipy.integrate",
    "scipy.ndimage",
    "h5py",
    "PIL.Image",
    "imageio",
    "scipy.io",
    "tifffile",
    "dateutil.tz",
    "dateutil.parser",
    "guidata.dataset",
    "skimage.color.colorconv",
    "skimage.io",
    "scipy.stats",
    "scipy.signal",
    "pandas",
    "sigima",
    "sigima.proc.signal",
    "pywt",
    "skimage.morphology",
    "sigima.proc.image",
)
PLOTTER = (
    "pyparsing",
    "kiwisolver",
    "PIL.PngImagePlugin",
    "matplotlib",
    # If the user has never imported Matplotlib before, these search the system for
    # fonts, which can take longer than all the rest.
    "matplotlib.lines",
    "matplotlib.patches",
    "matplotlib._mathtext",
    "matplotlib.text",
    "matplotlib.collections",
    "matplotlib.backend_bases",
    "matplotlib.image",
    "matplotlib.axis",
    "matplotlib.dates",
    "matplotlib.legend",
    "matplotlib.tri",
    "matplotlib.axes",
    "mpl_toolkits.mplot3d",
    "matplotlib.projections",
    "matplotlib.figure",
    "datalab_kernel_core.plotter.plotter",
)
WITH_FONTS = PLOTTER[PLOTTER.index("matplotlib") + 1 :]
COMPLETION = ("parso", "jedi")
MODULES = (*WORKSPACE, *SIGIMA, *PLOTTER, *COMPLETION)

log = logging.getLogger(__name__)


def start(shell: InteractiveShell) -> None:
    """Start the warm-up with the kernel's loop, unless the environment disables it.

    A version of xeus-python that does not run Python's event loop has no warm-up.
    """
    if os.environ.get(SWITCH, "").strip().lower() in {"0", "false", "no", "off"}:
        return
    warm_up = WarmUp(_steps(shell))
    shell.events.register("pre_execute", warm_up.pause)
    shell.events.register("post_execute", warm_up.resume)
    kernel_loop.when_started(warm_up.begin)


def _steps(shell: InteractiveShell) -> Iterator[Callable[[], object]]:
    """Yield the steps of the warm-up, each as a call."""
    for name in MODULES:
        if name in COMPLETION and not shell.Completer.use_jedi:
            continue
        if name not in WITH_FONTS or _fonts_are_known():
            yield partial(import_module, name)
    if shell.Completer.use_jedi:
        yield _load_grammar
        yield partial(_complete, shell, "str.")


def _load_grammar() -> None:
    """Load the grammar of Python, which jedi needs first."""
    from parso.grammar import load_grammar

    load_grammar()


def _complete(shell: InteractiveShell, code: str) -> None:
    """Complete code, for which jedi reads the stubs of Python's own types."""
    from IPython.core.completer import provisionalcompleter

    with provisionalcompleter():
        list(shell.Completer.completions(code, len(code)))


class WarmUp:
    """The steps that remain, and whether one may start now.

    Args:
        steps: The steps. Each one is taken from the iterator just before it runs.
    """

    def __init__(self, steps: Iterator[Callable[[], object]]) -> None:
        self._steps = steps
        self._loop: asyncio.AbstractEventLoop | None = None
        self._next: asyncio.Handle | None = None
        self._paused = False
        self._done = False

    def begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Import the first module soon."""
        self._loop = loop
        self._continue_later()

    def pause(self) -> None:
        """Import nothing while a cell runs, even while it awaits."""
        self._paused = True

    def resume(self) -> None:
        """Continue after a cell has run."""
        self._paused = False
        self._continue_later()

    def _continue_later(self) -> None:
        if self._loop is not None and not self._done:
            if self._next is not None:
                self._next.cancel()
            self._next = self._loop.call_later(DELAY, self._continue, self._loop)

    def _continue(self, loop: asyncio.AbstractEventLoop, turns: int = 0) -> None:
        if self._paused:
            return
        if turns == 0:
            self._take_step()
            turns = TURNS
        if not self._done:
            self._next = loop.call_soon(self._continue, loop, turns - 1)

    def _take_step(self) -> None:
        step: Callable[[], object] | None = None
        try:
            with _without_collector():
                step = next(self._steps)
                step()
        except StopIteration:
            self._done = True
        except Exception:
            # The user sees the same error where the module is used, if at all.
            log.debug("the warm-up failed at %s", step, exc_info=True)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Pause the garbage collector, which finds almost nothing in what imports make."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _fonts_are_known() -> bool:
    """Return whether Matplotlib has a list of fonts; making one can take long."""
    from matplotlib import get_cachedir

    return any(Path(get_cachedir()).glob("fontlist-*.json"))
