"""Restore the state of the process that the code of cells may change."""

from __future__ import annotations

import contextlib
import io
import os
import random
import sys
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np


@contextmanager
def preserved_state() -> Iterator[None]:
    """Run code silently; restore the state of random numbers, folder and figures.

    Files that the code writes, and its changes of modules, remain.
    """
    with ExitStack() as stack:
        stack.callback(random.setstate, random.getstate())
        stack.callback(np.random.set_state, np.random.get_state())  # noqa: NPY002  # cells use it
        # As in a new kernel: unless a cell sets a seed, it has other numbers each time.
        random.seed()
        np.random.seed()  # noqa: NPY002  # cells use it
        stack.callback(np.seterr, **np.geterr())
        stack.callback(os.chdir, Path.cwd())
        stack.callback(sys.path.__setitem__, slice(None), sys.path[:])
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        stack.enter_context(_no_figures())
        stack.enter_context(_no_displays())
        stack.enter_context(contextlib.redirect_stdout(io.StringIO()))
        stack.enter_context(contextlib.redirect_stderr(io.StringIO()))
        yield


@contextmanager
def _no_figures() -> Iterator[None]:
    """Close the figures of Matplotlib that the code makes."""
    pyplot: Any = sys.modules.get("matplotlib.pyplot")
    before = set(pyplot.get_fignums()) if pyplot else set()
    with ExitStack() as stack:
        if pyplot:
            stack.enter_context(pyplot.rc_context({"interactive": False}))
        try:
            yield
        finally:
            pyplot = sys.modules.get("matplotlib.pyplot")
            for number in set(pyplot.get_fignums()) - before if pyplot else ():
                pyplot.close(number)


@contextmanager
def _no_displays() -> Iterator[None]:
    """Show nothing that the code displays in a notebook."""
    module: Any = sys.modules.get("IPython.core.interactiveshell")
    shell = module.InteractiveShell._instance if module else None  # noqa: SLF001  # `instance()` would make one
    if shell is None:
        yield
        return
    from IPython.core.displaypub import CapturingDisplayPublisher

    publisher: Any = CapturingDisplayPublisher
    shown, shell.display_pub = shell.display_pub, publisher()
    try:
        yield
    finally:
        shell.display_pub = shown
