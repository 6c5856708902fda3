"""Import what a first cell is likely to need while the user still reads.

The kernel is ready before anything of this is imported. Once its event loop waits for
something to do, it imports one package after the other, and looks between two of them
whether a cell has come. `DATALAB_KERNEL_WARMUP=0` leaves it all to first use.

No thread does this beside the cells: where two threads import what depends on each
other, Python may give one of them a module that is not finished yet.
"""

from __future__ import annotations

import asyncio
import logging
import os
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import InteractiveShell

SWITCH = "DATALAB_KERNEL_WARMUP"
# How long nothing must have been asked for, in seconds: at first and after a cell, when
# the front end is likely to ask for more, and between two imports.
DELAY = 0.1
PAUSE = 0.01
# Each after what it needs, so that none takes long: a cell that comes waits for one.
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
# The first of them that a user ever imports looks through all fonts of the system.
WITH_FONTS = MODULES[-2:]

log = logging.getLogger(__name__)


def start(shell: InteractiveShell) -> None:
    """Begin once the kernel's loop runs, unless the environment says no.

    An xeus-python that runs no event loop of Python's gets no warm-up.
    """
    if os.environ.get(SWITCH, "").strip().lower() in {"0", "false", "no", "off"}:
        return
    warm_up = WarmUp()
    shell.events.register("pre_execute", warm_up.pause)
    shell.events.register("post_execute", warm_up.go_on)
    on_first_loop(warm_up.begin)


class WarmUp:
    """The imports that are left, and whether this is the time for one."""

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
        """Import nothing while a cell runs, be it awaiting."""
        self._paused = True

    def go_on(self) -> None:
        """Go on when a cell has been run."""
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
            # The user meets the same error where the module is used, if ever.
            log.debug("%s could not be warmed up", name, exc_info=True)
        self._import_in(PAUSE)


def _fonts_are_known() -> bool:
    """Whether Matplotlib need not look for fonts, which can take long."""
    from matplotlib import get_cachedir

    return any(Path(get_cachedir()).glob("fontlist-*.json"))


def on_first_loop(begin: Callable[[asyncio.AbstractEventLoop], None]) -> None:
    """Have a function called with the first event loop that runs, once it does.

    xeus-python makes its loop later than anything else of it can be seen.
    """
    make_loop = asyncio.new_event_loop
    begun = False

    def first(loop: asyncio.AbstractEventLoop) -> None:
        nonlocal begun
        if not begun:
            begun = True
            begin(loop)
        if asyncio.new_event_loop is new_event_loop:
            asyncio.new_event_loop = make_loop

    def new_event_loop() -> asyncio.AbstractEventLoop:
        loop = make_loop()
        loop.call_soon(first, loop)
        return loop

    asyncio.new_event_loop = new_event_loop
