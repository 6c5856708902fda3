"""Import the packages that a first cell probably needs, while the user reads.

The kernel is ready before any of them is imported. While its event loop is idle, it
imports one package after the other, and between two of them checks whether a cell has
arrived. With `DATALAB_KERNEL_WARMUP=0`, packages are imported on first use.

The imports do not run in a thread: if two threads import packages that depend on each
other, Python may give one of them an incomplete module.
"""

from __future__ import annotations

import asyncio
import logging
import os
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from datalab_kernel.xeus import loop as kernel_loop

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

SWITCH = "DATALAB_KERNEL_WARMUP"
# The kernel imports a module after it has been idle for this time, in seconds: DELAY
# applies at first and after a cell, when the front end probably sends more requests,
# PAUSE between two imports.
DELAY = 0.1
PAUSE = 0.01
# Each module comes after those that it needs, so that no import takes long: a cell that
# arrives has to wait for one.
MODULES = (
    "numpy",
    "scipy.optimize",
    "scipy.interpolate",
    "scipy.stats",
    "scipy.ndimage",
    "scipy.signal",
    "pandas",
    "guidata.dataset",
    "tifffile",
    "skimage.io",
    "sigima",
    "sigima.proc.signal",
    "sigima.proc.image",
    "datalab_workspace.workspace",
    "datalab_workspace.model.sigima_objects",
    "matplotlib",
    "matplotlib.figure",
    "datalab_kernel_core.plotter.plotter",
)
# If the user has never imported Matplotlib before, these search the system for fonts.
WITH_FONTS = MODULES[-2:]

log = logging.getLogger(__name__)


def start(shell: InteractiveShell) -> None:
    """Start the warm-up with the kernel's loop, unless the environment disables it.

    A version of xeus-python that does not run Python's event loop has no warm-up.
    """
    if os.environ.get(SWITCH, "").strip().lower() in {"0", "false", "no", "off"}:
        return
    warm_up = WarmUp()
    shell.events.register("pre_execute", warm_up.pause)
    shell.events.register("post_execute", warm_up.resume)
    kernel_loop.when_started(warm_up.begin)


class WarmUp:
    """The imports that remain, and whether one may start now."""

    def __init__(self) -> None:
        self._left = list(MODULES)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._next: asyncio.TimerHandle | None = None
        self._paused = False

    def begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Import the first module soon."""
        self._loop = loop
        self._import_in(DELAY)

    def pause(self) -> None:
        """Import nothing while a cell runs, even while it awaits."""
        self._paused = True

    def resume(self) -> None:
        """Continue after a cell has run."""
        self._paused = False
        self._import_in(DELAY)

    def _import_in(self, seconds: float) -> None:
        if self._loop is not None and self._left:
            if self._next is not None:
                self._next.cancel()
            self._next = self._loop.call_later(seconds, self._import_next)

    def _import_next(self) -> None:
        if self._paused:
            return
        name = self._left.pop(0)
        try:
            if name not in WITH_FONTS or _fonts_are_known():
                import_module(name)
        except Exception:
            # The user sees the same error where the module is used, if at all.
            log.debug("the warm-up could not import %s", name, exc_info=True)
        self._import_in(PAUSE)


def _fonts_are_known() -> bool:
    """Return whether Matplotlib has a list of fonts; making one can take long."""
    from matplotlib import get_cachedir

    return any(Path(get_cachedir()).glob("fontlist-*.json"))
