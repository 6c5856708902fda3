"""Live plots without a kernel: what they follow, and when they stop."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
import time
import weakref
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imread

from datalab_kernel_core.plotter import live as live_module
from datalab_kernel_core.plotter.pace import INTERVAL, Pace
from datalab_workspace import Workspace
from datalab_workspace.backends import Capabilities, MemoryBackend

LOGGER = "datalab_kernel_core.plotter.live"


class Shared(MemoryBackend):
    """Objects that others change, too."""

    capabilities = Capabilities(shares_views=True, shared=True)

    def refresh(self, max_age: float = 0.0) -> bool:
        return True


@pytest.fixture
def workspace() -> Workspace:
    workspace = Workspace(backend=Shared())
    workspace.add("peak", np.arange(5.0))
    workspace.add("spot", np.eye(4))
    return workspace


def overwrite(workspace: Workspace, count: int) -> None:
    workspace.add("peak", np.arange(float(count)), overwrite=True)


@pytest.mark.parametrize(
    "change",
    [
        lambda ws: overwrite(ws, 9),
        lambda ws: ws.edit("peak", xunit="ms"),
        lambda ws: ws.calc("fwhm", on="peak"),
        lambda ws: ws.rename("peak", "line"),
    ],
    ids=["data", "unit", "result", "name"],
)
def test_every_change_of_its_object_is_drawn(workspace, plotter, change) -> None:
    live = plotter.live("peak")
    before = live.plot

    change(workspace)

    assert live.plot is not before
    assert live.active


def test_the_picture_is_that_of_plot(workspace, plotter) -> None:
    live = plotter.live("peak", title="mine", width=300)
    overwrite(workspace, 9)
    expected = plotter.plot("peak", title="mine", width=300)

    assert live.plot._repr_png_() == expected._repr_png_()


def test_other_objects_do_not_concern_it(workspace, plotter) -> None:
    live = plotter.live("peak")
    before = live.plot

    workspace.add("other", np.arange(3.0))
    workspace.edit("spot", zunit="V")
    workspace.remove("spot")

    assert live.plot is before


@pytest.mark.parametrize("address", ["peak", "s001", lambda ws: ws.list()[0]])
def test_it_follows_a_rename(workspace, plotter, address: Any) -> None:
    live = plotter.live(address(workspace) if callable(address) else address)

    workspace.rename("peak", "line")
    workspace.add("peak", np.arange(30.0))  # another object of the old name

    assert repr(live) == "<LivePlot of 'line': signal: 5 points from 0 to 4>"
    workspace.add("line", np.arange(8.0), overwrite=True)
    assert repr(live) == "<LivePlot of 'line': signal: 8 points from 0 to 7>"


def test_it_follows_a_rename_that_another_program_makes(workspace, plotter) -> None:
    live = plotter.live("peak")
    heard = threading.Event()
    handle = workspace.on_change(lambda _event: heard.set())

    workspace.backend.edit(workspace.describe("peak").uuid, {"title": "theirs"}, {})
    workspace.list()  # which notices it

    assert heard.wait(30)  # it was delivered to the plot first
    handle.cancel()
    assert live.plot.axes[0].get_title() == "theirs"


@pytest.mark.parametrize(
    "remove",
    [
        lambda ws: ws.remove("peak"),
        lambda ws: ws.pop("peak"),
        lambda ws: ws.clear(all=True),
    ],
    ids=["remove", "pop", "clear"],
)
def test_a_removed_object_leaves_its_last_picture(workspace, plotter, remove) -> None:
    live = plotter.live("peak")
    overwrite(workspace, 6)
    last = live.plot

    remove(workspace)
    workspace.add("peak", np.arange(40.0))

    assert live.plot is last
    assert not live.active
    assert repr(live) == (
        "<LivePlot of 'peak': signal: 6 points from 0 to 5; "
        "'peak' was removed; this is its last picture>"
    )
    data, metadata = live._repr_mimebundle_()
    assert metadata["image/png"]["alt"] == data["text/plain"] == repr(live)
    assert (
        "<p>&#x27;peak&#x27; was removed; this is its last picture</p>"
        in (data["text/html"])
    )


def test_an_object_that_vanishes_before_its_event_is_removed(
    workspace, plotter, monkeypatch
) -> None:
    live = plotter.live("peak")
    workspace.edit("peak", xunit="s")
    workspace.backend.remove([workspace.describe("peak").uuid])

    assert "'peak' was removed" in repr(live)


def test_an_error_is_logged_and_shown_below_the_last_picture(
    workspace, plotter, monkeypatch, caplog
) -> None:
    live = plotter.live("peak")
    last = live.plot

    def fail(*_args: Any, **_options: Any) -> Any:
        raise ValueError("a <bad> value")

    with monkeypatch.context() as patch:
        patch.setattr(live_module, "make_plot", fail)
        overwrite(workspace, 6)
        data, metadata = live._repr_mimebundle_()

    assert live.plot is last
    caption = "'peak' cannot be drawn again, and this is its last picture; ValueError: "
    assert caption + "a <bad> value" in metadata["image/png"]["alt"]
    assert "ValueError: a &lt;bad&gt; value</p>" in data["text/html"]
    assert "<bad>" not in data["text/html"]
    (logged,) = [r for r in caplog.records if r.name == LOGGER]
    assert logged.levelno == logging.ERROR
    assert logged.exc_info

    overwrite(workspace, 7)
    assert repr(live) == "<LivePlot of 'peak': signal: 7 points from 0 to 6>"


def test_results_are_below_the_picture_and_change_with_it(workspace, plotter) -> None:
    live = plotter.live("peak")
    assert "text/html" not in live._repr_mimebundle_()[0]

    workspace.calc("stats", on="peak")

    html = live._repr_mimebundle_()[0]["text/html"]
    assert html.count("<img") == 1
    assert "<table>" in html


def test_stopping_draws_what_waits_and_then_nothing(workspace, plotter) -> None:
    with plotter.live("peak") as live:
        overwrite(workspace, 6)
    assert not live.active
    last = live.plot
    overwrite(workspace, 7)

    assert live.plot is last
    assert repr(live) == "<LivePlot of 'peak': signal: 6 points from 0 to 5>"


def test_a_plot_that_nothing_refers_to_unsubscribes(workspace, plotter) -> None:
    live = plotter.live("peak")
    there = weakref.ref(live)
    assert workspace._session.subscribers

    del live
    gc.collect()

    assert there() is None
    assert not workspace._session.subscribers


def test_a_picture_that_cannot_be_drawn_unsubscribes(workspace, plotter) -> None:
    with pytest.raises(TypeError, match="colormap applies only to images") as caught:
        plotter.live("peak", colormap="gray")

    assert caught.traceback  # which still refers to the plot
    assert not workspace._session.subscribers


@pytest.mark.parametrize(
    ("name", "options", "error", "message"),
    [
        ("nowhere", {}, KeyError, "nowhere"),
        (np.arange(3.0), {}, TypeError, "pass its name, UUID or short id, not ndarray"),
        (["peak"], {}, TypeError, "not list"),
        ("peak", {"titel": "x"}, TypeError, "did you mean 'title'"),
        ("peak", {"titles": ["x"]}, TypeError, "did you mean 'title'"),
        ("spot", {"shared_scale": True}, TypeError, "no argument 'shared_scale'"),
        ("spot", {"colormap": "grya"}, ValueError, "grya"),
        ("peak", {"width": 1}, ValueError, "width=1"),
    ],
)
def test_mistakes_are_errors_at_once(plotter, name, options, error, message) -> None:
    with pytest.raises(error, match=message):
        plotter.live(name, **options)


def test_an_ipython_without_a_front_end_shows_the_present_state(loaded) -> None:
    loaded.run("workspace.add('peak', np.arange(5.0)); live = plotter.live('peak')")
    loaded.run("workspace.add('peak', np.arange(6.0), overwrite=True)")

    shown, _ = loaded.ip.display_formatter.format(loaded["live"])

    assert shown["text/plain"].startswith("<LivePlot of 'peak': signal: 6 points")
    assert imread_size(shown["image/png"]) == (640, 400)


def imread_size(png: Any) -> tuple[int, int]:
    import io
    from base64 import b64decode

    data = b64decode(png) if isinstance(png, str) else png
    height, width = imread(io.BytesIO(data)).shape[:2]
    return width, height


class Drawer:
    """Notes when and in which threads it draws."""

    def __init__(self, takes: float = 0.0) -> None:
        self.began: list[float] = []
        self.ended: list[float] = []
        self.threads: set[int] = set()
        self.takes = takes
        self.drawn = asyncio.Event()

    def draw(self) -> None:
        self.began.append(time.monotonic())
        self.threads.add(threading.get_ident())
        while time.monotonic() < self.began[-1] + self.takes:
            pass
        self.ended.append(time.monotonic())
        self.drawn.set()


@pytest.mark.parametrize("takes", [0.0, 2 * INTERVAL], ids=["quick", "slow"])
def test_drawings_leave_time_between_them(takes: float) -> None:
    drawer = Drawer(takes)

    async def change() -> None:
        pace = Pace(drawer.draw)
        end = time.monotonic() + 5 * (INTERVAL + takes)
        while time.monotonic() < end:
            pace.request()
        pace.request()
        drawer.drawn.clear()
        for _ in range(10):  # the drawing of which waits
            pace.request()
        count = len(drawer.began)
        await asyncio.wait_for(drawer.drawn.wait(), 30)
        await asyncio.sleep(2 * (INTERVAL + takes))
        assert len(drawer.began) == count + 1

    asyncio.run(change())

    gaps = [
        began - ended
        for began, ended in zip(drawer.began[1:], drawer.ended, strict=False)
    ]
    assert min(gaps) >= max(INTERVAL, takes) - 0.02  # of the clock of the event loop
    assert len(drawer.began) >= 3  # also while the event loop could not run


def test_requests_of_threads_are_drawn_on_the_event_loop() -> None:
    drawer = Drawer()

    async def change() -> None:
        pace = Pace(drawer.draw)
        threads = [threading.Thread(target=pace.request) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert drawer.began == []
        await asyncio.wait_for(drawer.drawn.wait(), 30)
        await asyncio.sleep(3 * INTERVAL)

    asyncio.run(change())

    assert drawer.threads == {threading.get_ident()}
    assert len(drawer.began) == 1


def test_a_pace_keeps_nothing_alive_and_draws_nothing_that_is_gone() -> None:
    drawer = Drawer()
    began = drawer.began
    pace = Pace(drawer.draw)
    pace.request()

    del drawer
    pace.request()

    assert len(began) == 1
