"""The kernel's half of `plotter.explore`: the content and size of its messages."""

from __future__ import annotations

import gc
import sys
import weakref
import zlib
from collections.abc import Callable
from typing import Any

import matplotlib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sigima.objects import create_image, create_signal

from datalab_kernel_core import Plotter
from datalab_kernel_core.display.kept import KEPT
from datalab_kernel_core.explore import refine
from datalab_kernel_core.explore.image_source import ImageSource
from datalab_kernel_core.explore.messages import ViewRequest
from datalab_kernel_core.explore.signal_source import SignalSource
from datalab_kernel_core.plotter.options import Options
from datalab_workspace.model.sigima_objects import to_record
from datalab_workspace.testing import samples

SIGNAL_BYTES, IMAGE_BYTES = 20_000, 150_000


def ask(x: Any, y: Any, width: int = 800, height: int = 400, **more: Any) -> Any:
    return ViewRequest.of({"x": x, "y": y, "width": width, "height": height, **more})


def curve(x: Any, y: Any, **fields: Any) -> SignalSource:
    record = to_record((np.asarray(x), np.asarray(y)))
    record.fields |= fields
    return SignalSource(record)


def points(answer: Any) -> tuple[np.ndarray, np.ndarray]:
    """The points as the screen places them."""
    x, y = (
        np.asarray(array, float) * half + middle
        for array, half, middle in zip(
            answer.arrays, answer.content["half"], answer.content["middle"], strict=True
        )
    )
    return x, y


def size(answer: Any) -> int:
    return sum(memoryview(array).nbytes for array in answer.arrays)


def pixels(answer: Any) -> np.ndarray:
    height, width = answer.content["shape"]
    indices = np.frombuffer(zlib.decompress(answer.arrays[0]), np.uint8)
    return indices.reshape(height, width)


# -- signals --------------------------------------------------------------------------


def test_a_spike_of_one_sample_is_sent_at_its_place() -> None:
    x = np.arange(1_000_000.0)
    y = np.random.default_rng(0).normal(size=len(x))
    y[654_321] = 100.0

    answer = curve(x, y).view(ask((0, 1e6), (-5, 5)))

    sent_x, sent_y = points(answer)
    assert sent_x[sent_y.argmax()] == pytest.approx(654_321, abs=0.05)
    assert answer.content["range"] == (y.min(), 100.0)
    assert size(answer) < SIGNAL_BYTES


@pytest.mark.parametrize("width", [1, 300, 1000, 8192])
def test_a_view_of_any_width_stays_small(width: int) -> None:
    y = np.random.default_rng(1).normal(size=500_000)

    answer = curve(np.arange(len(y)), y).view(ask((0, len(y)), (-5, 5), width))

    assert size(answer) <= SIGNAL_BYTES


def test_zoomed_in_the_samples_are_sent_as_they_are_and_one_on_each_side() -> None:
    x = 1e9 + np.arange(100_000.0) * 1e-3  # which float32 cannot resolve

    answer = curve(x, np.sin(x)).view(ask((x[500] + 1e-4, x[600] - 1e-4), (-1, 1)))

    sent_x, sent_y = points(answer)
    assert answer.content["exact"]
    assert np.array_equal(sent_y.round(12), np.sin(x)[500:601].round(12))
    assert np.abs(sent_x - x[500:601]).max() < 1e-6
    assert answer.content["note"] == ""


def test_on_a_logarithmic_axis_the_columns_are_of_equal_width() -> None:
    x = np.linspace(0, 1e6, 1_000_001)
    y = np.where(x < 10, 1.0, 2.0)

    answer = curve(x, y).view(ask((-1, 6), (0, 1), log=(True, True)))

    sent_x, sent_y = points(answer)
    assert np.count_nonzero(sent_x < 1) >= 9
    assert np.nanmax(sent_y) == pytest.approx(np.log10(2))


def test_values_that_cannot_be_drawn_leave_a_gap() -> None:
    y = np.zeros(100_000)
    y[40_000:60_000] = np.nan
    y[10] = np.inf

    sent_x, sent_y = points(curve(np.arange(len(y)), y).view(ask((0, 1e5), (-1, 1))))

    assert np.isnan(sent_y[(sent_x > 40_100) & (sent_x < 59_900)]).all()
    assert np.nanmax(np.abs(sent_y)) == 0


def test_a_curve_that_goes_back_keeps_its_path_and_is_broken_out_of_view() -> None:
    angle = np.linspace(0, 20 * np.pi, 200_001)
    circle = curve(np.cos(angle), np.sin(angle))

    whole = circle.view(ask((-1.1, 1.1), (-1.1, 1.1)))
    part = circle.view(ask((0.9, 0.90001), (-1, 1)))

    assert size(whole) < SIGNAL_BYTES
    assert np.nanmax(np.abs(np.hypot(*points(whole)) - 1)) < 1e-6
    assert np.isnan(points(part)[0]).sum() > 10


@pytest.mark.parametrize("make", samples.SIGNALS.values(), ids=samples.SIGNALS)
@pytest.mark.filterwarnings("error")
def test_every_awkward_signal_is_sent(make: Callable[[], Any]) -> None:
    source = SignalSource(to_record(make()))
    extents = source.about()["extents"]

    for log in ((False, False), (True, True)):
        x, y = (extents[f"{axis}{'log' * log[0]}"] for axis in "xy")
        answer = source.view(ask(x or (0, 1), y or (0, 1), log=log))
        assert size(answer) < SIGNAL_BYTES
        source.value(0.5, 0.5, log)


def test_the_nearest_value_is_exact() -> None:
    x = np.array([0.1, 0.2, 0.4])
    reply = curve(x, [1 / 3, 2.0, 3.0], xunit="s", yunit="V").value

    assert reply(0.11, 0, (False, False)).content == {
        "text": "x = 0.1 s, y = 0.3333333333333333 V  (sample 0)",
        "at": [0.1, 1 / 3],
    }
    assert "sample 2" in reply(9, 0, (False, False)).content["text"]
    assert "sample 1" in reply(np.log10(0.21), 0, (True, False)).content["text"]
    assert (
        "modulus = 5.0"
        in curve(x, [3 + 4j] * 3).value(0, 0, (False, False)).content["text"]
    )
    assert curve([], []).value(0, 0, (False, False)).content == {"text": "", "at": None}


# -- images ---------------------------------------------------------------------------


def image(data: Any, **fields: Any) -> ImageSource:
    record = to_record(data)
    record.fields |= fields
    return ImageSource(record)


def test_an_image_is_sent_as_means_with_colors_over_the_whole_range() -> None:
    data = np.zeros((4000, 4000), np.uint16)
    data[:, 2000:] = 65535

    answer = image(data).view(ask((0, 4000), (0, 4000), 500, 500))

    sent = pixels(answer)
    assert max(sent.shape) <= 1000
    assert answer.content["extent"] == (0, 4000, 0, 4000)
    assert {*sent[:, 0], *sent[:, -1]} == {1, 255}
    assert "mean of 4×4" in answer.content["note"]


def test_noise_is_reduced_until_it_is_small_enough() -> None:
    noise = np.random.default_rng(0).integers(0, 65536, (2000, 2000), np.uint16)

    answer = image(noise).view(ask((0, 1400), (0, 1400), 1400, 1400))

    assert size(answer) < IMAGE_BYTES
    assert pixels(answer).size > 50_000


def test_zoomed_in_the_pixels_are_sent_as_they_are() -> None:
    data = np.arange(256 * 256).reshape(256, 256) % 255

    answer = image(data).view(ask((10.5, 20.5), (30, 40), 500, 500))

    assert answer.content["extent"] == (10, 21, 30, 40)
    assert np.array_equal(pixels(answer), data[30:40, 10:21] + 1)


def test_the_blocks_stay_where_they_are_when_the_view_is_moved() -> None:
    data = np.random.default_rng(0).normal(size=(1001, 999))
    source = image(data)

    one = source.view(ask((0, 800), (0, 800), 100, 100))
    other = source.view(ask((9, 809), (0, 800), 100, 100))

    assert other.content["extent"][0] == 8
    assert np.array_equal(pixels(one)[:, 2:200], pixels(other)[:, :198])


def test_limits_and_colors_are_those_asked_for() -> None:
    source = image(np.array([[0.0, 1.0, 2.0, np.nan]]))

    answer = source.view(ask((0, 4), (0, 1), limits=(0, 1), colormap="gray"))

    assert pixels(answer).tolist() == [[1, 255, 255, 0]]
    palette = answer.arrays[1]
    assert palette[1].tolist() == [0, 0, 0]
    assert palette[255].tolist() == [255, 255, 255]
    with pytest.raises(ValueError, match="no colormap 'grey0'"):
        source.view(ask((0, 4), (0, 1), colormap="grey0"))


@pytest.mark.parametrize("make", samples.IMAGES.values(), ids=samples.IMAGES)
@pytest.mark.filterwarnings("error")
def test_every_awkward_image_is_sent(make: Callable[[], Any]) -> None:
    source = ImageSource(to_record(make()))
    height, width = (side or 1 for side in source.about()["shape"])

    answer = source.view(ask((-1, width + 1), (-1, height + 1)))

    assert size(answer) < IMAGE_BYTES
    source.value(0.5, 0.5, (False, False))


def test_the_value_of_a_pixel_is_exact() -> None:
    data = np.ma.array([[1, 2], [2**63 + 1, 4]], mask=[[0, 1], [0, 0]], dtype="u8")
    source = image(data, x0=1.0, dx=0.5, xunit="mm", zunit="lsb")

    def text(x: float, y: float) -> str:
        reply: str = source.value(x, y, (False, False)).content["text"]
        return reply

    expected = "x = 1 mm, y = 1, value = 9223372036854775809 lsb  (row 1, column 0)"
    assert text(0.9, 1.1) == expected
    assert "value = no value (masked)" in text(1.5, 0.5)
    assert text(-0.1, 0) == text(0, 2.0) == ""


# -- requests -------------------------------------------------------------------------


@given(st.tuples(st.floats(), st.floats()))
def test_a_view_is_of_something(ends: tuple[float, float]) -> None:
    low, high = ends
    if np.isfinite(low) and np.isfinite(high) and low < high:
        assert ask(ends, (0, 1)).x == ends
    else:
        with pytest.raises(ValueError, match="expected increasing numbers for x"):
            ask(ends, (0, 1))


class Sent:
    """The messages that a view sent to the front end."""

    def __init__(self, view: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        view._repr_png_()
        self.view, self.messages = view, []
        monkeypatch.setattr(
            view._channel._widget,
            "send",
            lambda reply, arrays: self.messages.append(reply),
        )

    def ask(self, **content: Any) -> dict[str, Any]:
        self.view._channel._widget._handle_custom_msg(content, [])
        return self.messages[-1]


def test_requests_are_answered_or_refused(plotter: Plotter, monkeypatch) -> None:
    sent = Sent(plotter.explore(np.arange(10.0)), monkeypatch)
    view = {"x": [0, 9], "y": [0, 9], "width": 100, "height": 100, "number": 7}

    assert sent.ask(ask="view", view="a", **view)["number"] == 7
    assert sent.messages[-1]["points"] == 10
    assert "sample 3" in sent.ask(ask="value", x=3.2, y=0, log=[False] * 2)["text"]
    assert sent.ask(ask="tea")["error"] == (
        "ValueError: expected a request of the view, got 'tea'"
    )
    assert sent.ask(ask="view")["error"] == "KeyError: 'x'"


@pytest.mark.parametrize(
    "what",
    [create_signal("s", np.arange(9.0), np.ones(9)), create_image("i", np.eye(3))],
)
def test_a_view_is_a_picture_of_its_own(plotter: Plotter, what: Any) -> None:
    one, other = plotter.explore(what), plotter.explore(what)

    assert one._repr_png_().startswith(b"\x89PNG")
    assert one._repr_png_()[:84] != other._repr_png_()[:84]
    assert one._repr_png_() is one._repr_png_()
    assert repr(one) == f"<View of {what.title!r}>"
    one.close()
    one.close()


def test_views_beyond_the_last_ones_let_their_data_go(plotter: Plotter) -> None:
    views = [weakref.ref(_shown(plotter)) for _ in range(KEPT + 3)]
    gc.collect()

    kept = [view() is not None for view in views]
    assert kept == [False] * 3 + [True] * KEPT


def _shown(plotter: Plotter) -> Any:
    view = plotter.explore(np.arange(3.0))
    view._repr_png_()
    return view


def test_without_anywidget_the_error_names_the_extra(
    plotter: Plotter, monkeypatch
) -> None:
    monkeypatch.delitem(sys.modules, "datalab_kernel_core.explore.widget", False)
    monkeypatch.setitem(sys.modules, "anywidget", None)

    with pytest.raises(ImportError, match=r"datalab-kernel-core\[interactive\]"):
        plotter.explore(np.arange(3.0))


def test_a_list_is_refused(plotter: Plotter) -> None:
    with pytest.raises(
        TypeError, match="explore\\(\\) shows one signal or image, got a list"
    ):
        plotter.explore([np.arange(3.0)])


def test_a_view_begins_with_the_options_that_are_given(plotter: Plotter) -> None:
    signal = plotter.explore(
        np.arange(1.0, 9.0), xlim=(2, None), ylim=(1, 10), ylog=True
    )
    image = plotter.explore(np.eye(20), xlim=(5, 10), vmax=0.5, colormap="gray")

    about = signal._source.about()
    assert about["home"] == {"x": [2.0, None], "y": [0.0, 1.0]}
    assert about["log"] == [False, True]
    about = image._source.about()
    assert about["home"] == {"x": (5.5, 10.5), "y": None}
    assert (about["limits"], about["colormap"]) == ((0.0, 0.5), "gray")


@pytest.mark.parametrize(
    ("what", "option", "message"),
    [
        (np.eye(3), {"xlog": True}, "xlog applies only to signals"),
        (np.arange(3.0), {"vmin": 1.0}, "vmin applies only to images"),
        (np.arange(3.0), {"ylog": "symlog"}, "True, False or None for ylog"),
    ],
)
def test_options_of_a_view_that_do_not_apply_are_refused(
    plotter: Plotter, what: Any, option: Any, message: str
) -> None:
    with pytest.raises(TypeError, match=message):
        plotter.explore(what, **option)


def test_the_dates_of_a_signal_are_shown_and_read(plotter: Plotter) -> None:
    obj = create_signal("dated", np.arange(3.0), np.arange(3.0))
    obj.set_x_from_datetime(np.datetime64("2025-06-19") + np.arange(3))

    source = plotter.explore(obj)._source

    assert source.about()["dates"] is True
    text = source.value(obj.x[1], 0.0, (False, False)).content["text"]
    assert text.startswith("x = 2025-06-20 00:00:00, y = 1.0")


def test_a_view_shows_the_extremes_that_are_asked_for() -> None:
    data = np.zeros((3000, 3000))
    data[1500, 1500] = 1.0
    options = Options(reduce="max", vmin=0, vmax=1)

    source = ImageSource(to_record(data), options=options)
    answer = source.view(ask((0, 3000), (0, 3000), 300, 300))

    assert pixels(answer).max() == 255
    assert "highest of" in answer.content["note"]


# -- matplotlib -----------------------------------------------------------------------


def test_a_figure_shows_more_samples_where_it_is_zoomed(plotter: Plotter) -> None:
    y = np.zeros(1_000_000)
    y[500_000:500_100:2] = 1.0
    plot = plotter.plot(y)
    figure = plot.figure
    refine.refine(figure, plot._replot.item())
    (axes,) = figure.axes
    before = len(axes.lines[0].get_xdata())

    axes.set_xlim(500_000, 500_050)
    plot._repr_png_()

    x, shown = axes.lines[0].get_data()
    assert before > 2000
    assert np.array_equal(x, np.arange(499_999, 500_052))
    assert np.array_equal(shown, y[499_999:500_052])
    assert axes.get_xlim() == (500_000, 500_050)


def test_a_figure_shows_more_pixels_where_it_is_zoomed(plotter: Plotter) -> None:
    data = np.random.default_rng(0).normal(size=(3000, 5000))
    plot = plotter.plot(create_image("i", data))
    refine.refine(plot.figure, plot._replot.item())
    axes = plot.figure.axes[0]

    axes.set(xlim=(100, 119), ylim=(69, 50))
    plot._repr_png_()

    shown = axes.images[0]
    assert shown.get_extent() == [99.5, 119.5, 69.5, 49.5]
    assert np.allclose(shown.get_array(), data[50:70, 100:120])
    assert axes.get_xlim() == (100, 119)


def test_the_phase_of_a_complex_signal_is_refined_too(plotter: Plotter) -> None:
    y = np.exp(1j * np.arange(200_000.0))
    plot = plotter.plot(y)
    refine.refine(plot.figure, plot._replot.item())

    plot.figure.axes[0].set_xlim(10, 20)  # which both share
    plot._repr_png_()

    _, phase = plot.figure.axes[1].lines[0].get_data()
    assert np.allclose(phase, np.angle(y[9:22], deg=True))


# ipympl's own.
@pytest.mark.filterwarnings("ignore:Passing unrecognized arguments")
def test_matplotlibs_widget_is_made(plotter: Plotter, monkeypatch) -> None:
    matplotlib.use("agg")

    canvas = plotter.plot(np.arange(3.0)).reduce_on_zoom()

    assert matplotlib.get_backend() == "agg"  # ipympl makes itself the backend
    assert canvas.toolbar is not None
    canvas.close()
    with pytest.raises(TypeError, match="a picture of one object"):
        plotter.plot([np.arange(3.0)]).reduce_on_zoom()
    monkeypatch.setitem(sys.modules, "ipympl", None)
    monkeypatch.delitem(sys.modules, "ipympl.backend_nbagg")
    with pytest.raises(ImportError, match="pip install ipympl"):
        plotter.plot(np.arange(3.0)).reduce_on_zoom()
