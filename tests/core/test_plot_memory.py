"""The memory of pictures: they keep no data, and nothing after their end."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import psutil
import pytest
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from datalab_kernel_core import Plot, Plotter

SIGNAL = np.sin(np.arange(1000.0))
IMAGE = np.arange(2500.0).reshape(50, 50)


def shown(plot: Plot) -> Plot:
    """Show a plot as a notebook does."""
    assert plot._repr_mimebundle_()[0]["image/png"]
    return plot


def figures() -> int:
    gc.collect()
    return sum(isinstance(one, Figure) for one in gc.get_objects())


@contextmanager
def nothing_left() -> Iterator[None]:
    """Compare the objects of the garbage collector before and after."""
    gc.collect()
    before = len(gc.get_objects())
    yield
    gc.collect()
    assert len(gc.get_objects()) - before < 100


@pytest.mark.parametrize("what", [SIGNAL, IMAGE, [SIGNAL, IMAGE, IMAGE]])
def test_a_plot_that_is_gone_leaves_no_object(plotter: Plotter, what: Any) -> None:
    shown(plotter.plot(what))  # caches of Matplotlib's
    had = figures()

    with nothing_left():
        for _ in range(10):
            shown(plotter.plot(what))

    assert figures() == had


def test_a_plot_that_is_kept_holds_no_figure(plotter: Plotter) -> None:
    had = figures()

    plots = [shown(plotter.plot(SIGNAL)) for _ in range(5)]

    assert figures() == had
    assert plots[0].figure is plots[0].figure
    assert figures() == had + 1
    assert plt.get_fignums() == []


@pytest.mark.parametrize("shape", [(100_000,), (400, 300)])
def test_a_plot_that_was_shown_does_not_hold_the_data(
    plotter: Plotter, shape: tuple[int, ...]
) -> None:
    data = np.zeros(shape)
    reference = weakref.ref(data)

    plot = shown(plotter.plot(data))
    del data
    gc.collect()

    assert reference() is None
    assert plot.figure.axes
    with pytest.raises(ReferenceError, match="plot it again"):
        plot.reduce_on_zoom()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_thousand_plots_take_no_more_memory_than_a_few(plotter: Plotter) -> None:
    process = psutil.Process()
    for _ in range(25):
        shown(plotter.plot(SIGNAL)), shown(plotter.plot(IMAGE))
    gc.collect()
    before = process.memory_info().rss

    with nothing_left():
        for _ in range(500):
            shown(plotter.plot(SIGNAL)), shown(plotter.plot(IMAGE))

    assert process.memory_info().rss - before < 20 << 20
