"""The options of pictures: bounds, scales, colors, and a user's own axes."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LogNorm, PowerNorm
from matplotlib.figure import Figure
from sigima.objects import create_image, create_signal, create_signal_roi

from datalab_kernel_core import Plotter
from datalab_kernel_core.plotter.contrast import without_outliers
from datalab_kernel_core.plotter.dates import seconds_of
from datalab_kernel_core.plotter.style import ROI_COLOR
from datalab_workspace import Workspace
from datalab_workspace.model.dates import date_text

X = np.linspace(0.0, 10.0, 101)
RAMP = np.arange(12.0).reshape(3, 4)
WRONG = {
    "xlim": [5, "ab", (1, 2, 3), (1, "a"), (True, 2)],
    "ylim": [(datetime(2025, 1, 1, tzinfo=timezone.utc), None)],
    "xlog": ["logarithmic", 1],
    "grid": [1],
    "aspect": ["wide", (1, 2)],
    "vmin": ["low", True],
    "clip": [5, (1,), "ab"],
    "norm": ["logarithmic", 3],
    "reduce": ["median"],
    "ax": [3, [], [None]],
}
OUT_OF_BOUNDS = {
    "xlim": [(1, 1), (np.inf, 2), (np.nan, 1)],
    "aspect": [0, -1.0],
    "clip": [(5, 5), (-1, 50), (0, 101)],
}


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name, values in WRONG.items() for value in values],
)
def test_a_wrong_option_is_refused_by_name(plotter, name: str, value: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=name):
        plotter.plot(RAMP, **{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name, values in OUT_OF_BOUNDS.items() for value in values],
)
def test_an_option_out_of_bounds_is_refused(plotter, name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=name):
        plotter.plot(RAMP, **{name: value})


@pytest.mark.parametrize("name", ["vmin", "vmax", "clip", "norm", "reduce"])
def test_options_of_images_do_not_apply_to_signals(plotter, name: str) -> None:
    value: Any = {"clip": (1, 99), "norm": "log", "reduce": "max"}.get(name, 1.0)

    with pytest.raises(TypeError, match=f"{name} applies only to images"):
        plotter.plot(X, **{name: value})


def test_a_misspelt_value_gets_a_suggestion(plotter) -> None:
    with pytest.raises(ValueError, match="symlog"):
        plotter.plot(RAMP, norm="symlogs")
    with pytest.raises(TypeError, match="did you mean 'ylim'"):
        plotter.plot(X, ylims=(0, 1))


# -- bounds and scales ----------------------------------------------------------------


@pytest.mark.parametrize("limits", [(2, 8), (8, 2), (None, 8), (2, None)])
def test_a_signal_is_drawn_between_bounds(plotter, limits: Any) -> None:
    low, high = plotter.plot((X, np.sin(X)), xlim=limits).axes[0].get_xlim()

    assert low == (2 if 2 in limits else pytest.approx(-0.2))
    assert high == (8 if 8 in limits else pytest.approx(10.2))


def test_a_long_signal_is_reduced_to_the_part_between_bounds(plotter) -> None:
    y = np.random.default_rng(0).normal(size=2_000_000)

    axes = plotter.plot(y, xlim=(1000, 1500)).axes[0]

    drawn = axes.lines[0].get_xdata()
    assert np.array_equal(
        drawn[(drawn >= 1000) & (drawn <= 1500)], np.arange(1000, 1501)
    )


def test_a_large_image_is_reduced_to_the_part_between_bounds(draw) -> None:
    data = np.zeros((5000, 5000), np.float32)
    data[2000, 3000] = 1.0

    picture = draw(data, xlim=(2990, 3010), ylim=(1990, 2010), vmin=0, vmax=1)

    assert picture.shows("#fde725", 3000, 2000)
    assert picture.shows("#440154", 3001, 2000)
    assert picture.plot.axes[0].get_ylim() == (2010, 1990)
    assert not any("mean" in text for text in picture.texts)


def test_bounds_of_the_picture_come_before_those_of_the_object(plotter) -> None:
    signal = create_signal("limited", X, np.sin(X))
    signal.autoscale = False
    signal.xscalemin, signal.xscalemax = 0.0, 5.0

    assert plotter.plot(signal).axes[0].get_xlim() == (0, 5)
    assert plotter.plot(signal, xlim=(1, 2)).axes[0].get_xlim() == (1, 2)


@pytest.mark.parametrize(("option", "scale"), [(True, "log"), ("symlog", "symlog")])
def test_axes_are_scaled_as_asked_for(plotter, option: Any, scale: str) -> None:
    for what in ((X + 1, X + 1), create_image("image", RAMP, units=("", "", ""))):
        axes = plotter.plot(what, xlog=option, ylog=option).axes[0]

        assert (axes.get_xscale(), axes.get_yscale()) == (scale, scale)


def test_the_scale_of_the_object_can_be_switched_off(plotter) -> None:
    signal = create_signal("log", X + 1, X + 1)
    signal.yscalelog = True

    assert plotter.plot(signal).axes[0].get_yscale() == "log"
    assert plotter.plot(signal, ylog=False).axes[0].get_yscale() == "linear"


def test_what_a_logarithmic_axis_cannot_show_is_said(draw) -> None:
    assert (
        "3 samples with y ≤ 0 not drawn"
        in draw(np.array([1.0, 0, -1, 0, 5]), ylog=True).texts
    )
    assert "pixels that reach x = 0 or below not drawn" in draw(RAMP, xlog=True).texts
    assert "no positive y, so its axis is linear" in draw(-X, ylog=True).texts
    assert "1 sample with |y| ≥ 1e300 not drawn" in draw(np.array([1, 2e300, 3])).texts


@pytest.mark.parametrize("with_roi", [False, True])
def test_a_scale_can_be_changed_after_plotting(plotter, with_roi: bool) -> None:
    signal = create_signal("counts", X, np.maximum(100 - X**3, 0))
    if with_roi:
        signal.roi = create_signal_roi([[-5.0, 2.0]])
    plot = plotter.plot(signal)
    linear = plot.axes[0].get_xlim()

    plot.axes[0].set_yscale("log")

    low, high = plot.axes[0].get_ylim()
    assert 0 < low <= 10
    assert 100 <= high < 1000
    assert plot.axes[0].get_xlim() == linear == pytest.approx((-0.2, 10.2))


def test_pixels_on_logarithmic_axes_are_where_their_coordinates_say(draw) -> None:
    image = create_image("image", RAMP)
    image.set_uniform_coords(10.0, 1.0, x0=10.0, y0=1.0)

    picture = draw(image, xlog=True, vmin=0, vmax=11)

    viridis = mpl.colormaps["viridis"]
    for column, x in enumerate((10.0, 20.0, 30.0, 40.0)):
        assert picture.shows(viridis(column / 11)[:3], x, 1.0)


@pytest.mark.parametrize("aspect", ["equal", "auto", 2.0])
def test_the_aspect_is_that_asked_for(plotter, aspect: Any) -> None:
    for what in (RAMP, (X, X)):
        got = plotter.plot(what, aspect=aspect).axes[0].get_aspect()
        assert got == {"equal": 1.0}.get(aspect, aspect)


# -- colors ---------------------------------------------------------------------------


def clim(plot: Any) -> tuple[float, float]:
    return plot.axes[0].images[0].get_clim()


def test_colors_span_the_values_that_are_asked_for(plotter) -> None:
    assert clim(plotter.plot(RAMP, vmin=2)) == (2, 11)
    assert clim(plotter.plot(RAMP, vmin=2, vmax=5)) == (2, 5)
    assert clim(plotter.plot(RAMP, clip=(0, 50))) == (0, 5.5)


def test_bounds_and_percentiles_exclude_each_other(plotter) -> None:
    with pytest.raises(TypeError, match="clip or vmin and vmax"):
        plotter.plot(RAMP, vmin=1, clip=(1, 99))
    with pytest.raises(ValueError, match="vmin"):
        plotter.plot(RAMP, vmin=5, vmax=5)


def test_a_shared_scale_keeps_the_bounds_that_are_asked_for(plotter) -> None:
    images = [RAMP, RAMP * 1000]

    plot = plotter.plot(images, shared_scale=True, vmin=0, vmax=20)

    assert [axes.images[0].get_clim() for axes in plot.axes] == [(0, 20)] * 2


def test_norms_give_colors_to_values(draw) -> None:
    decades = 10.0 ** np.arange(4.0).reshape(1, 4).repeat(4, axis=0)

    picture = draw(decades, norm="log")

    colors = [mpl.colormaps["viridis"](part / 3)[:3] for part in range(4)]
    assert all(picture.shows(color, x, 1) for x, color in enumerate(colors))
    symmetric = draw(decades - 500, norm="symlog").plot.axes[0].images[0].norm
    assert type(symmetric).__name__ == "SymLogNorm"


def test_a_norm_of_matplotlib_is_used_and_not_changed(plotter) -> None:
    power, fixed = PowerNorm(0.5), LogNorm(1, 100)

    assert plotter.plot(RAMP, norm=power).axes[0].images[0].norm.gamma == 0.5
    assert (power.vmin, power.vmax) == (None, None)
    assert clim(plotter.plot(RAMP + 1, norm=fixed)) == (1, 100)


def test_a_logarithmic_color_scale_says_what_it_cannot_show(draw) -> None:
    assert "values of 0 and below have no color" in draw(RAMP, norm="log").texts
    negative = draw(-RAMP, norm="log").texts
    assert "no positive values, so the color scale is linear" in negative


@given(
    low=st.integers(-50, 50),
    outliers=st.integers(0, 20),
    dtype=st.sampled_from([np.int16, np.float64, np.uint8]),
)
def test_the_range_of_colors_is_that_of_plotpys_rule(
    low: int, outliers: int, dtype: Any
) -> None:
    data = np.arange(low, low + 10_000).reshape(100, 100) % 101
    data.ravel()[:outliers] = 250
    data = data.astype(dtype)

    # The rule, written with NumPy's own histogram of 256 bins.
    counts, edges = np.histogram(data, 256)
    few = 0.5 * 0.1 / 100 * counts.sum()
    expected = (
        edges[np.cumsum(counts).searchsorted(few)],
        edges[256 - np.cumsum(counts[::-1]).searchsorted(few)],
    )

    found = without_outliers(data, (float(data.min()), float(data.max())))
    assert found == pytest.approx(expected)


# -- dates ----------------------------------------------------------------------------

# Dates in files have no time zone.
START = datetime(2025, 6, 19, 12)  # noqa: DTZ001 (as above)


@pytest.fixture
def dated() -> Any:
    signal = create_signal("dated", X, np.sin(X), labels=("Time", ""), units=("s", ""))
    signal.set_x_from_datetime([START + timedelta(hours=k) for k in range(101)])
    signal.roi = create_signal_roi([[signal.x[20], signal.x[40]]])
    return signal


def test_dates_are_drawn_as_dates_without_a_unit(draw, dated) -> None:
    picture = draw(dated)

    axes = picture.plot.axes[0]
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert "Jun-20" in labels or "20" in labels, labels
    assert axes.get_xlabel() == "Time"
    assert picture.shows_near(ROI_COLOR, seconds_of(START + timedelta(hours=20)), 0.5)


def test_dates_can_be_bounds_before_and_after_plotting(plotter, dated) -> None:
    first, last = np.datetime64("2025-06-20"), START + timedelta(hours=36)
    wanted = seconds_of(first), seconds_of(last)

    plot = plotter.plot(dated, xlim=(first, last))
    later = plotter.plot(dated)
    later.axes[0].set_xlim(first, last)

    assert plot.axes[0].get_xlim() == later.axes[0].get_xlim() == wanted
    assert later.axes[0].get_xticklabels()


def test_a_line_at_a_date_is_where_the_date_is(plotter, dated) -> None:
    axes = plotter.plot(dated).axes[0]

    line = axes.axvline(START + timedelta(hours=3))

    assert line.get_xdata()[0] in (START + timedelta(hours=3), dated.x[3])
    assert axes.convert_xunits(START + timedelta(hours=3)) == dated.x[3]


def test_dates_that_no_calendar_has_are_drawn_as_numbers_and_said(draw, dated) -> None:
    dated.x = dated.x * 1e6

    texts = draw(dated).texts

    assert "x in seconds since 1970: beyond the dates of a calendar" in texts


def test_dates_and_numbers_are_not_mixed_up(draw, dated) -> None:
    texts = draw([dated, create_signal("numbers", X, X)]).texts

    assert "x in seconds since 1970: not all signals have dates" in texts


def test_a_date_has_microseconds_only_if_it_needs_them() -> None:
    assert date_text(seconds_of(START)) == "2025-06-19 12:00:00"
    assert date_text(seconds_of(START) + 0.25) == "2025-06-19 12:00:00.250000"
    assert seconds_of(START.replace(tzinfo=timezone.utc)) == seconds_of(START)


# -- a user's own axes ----------------------------------------------------------------


@pytest.fixture
def closed_figures() -> Iterator[None]:
    from matplotlib import pyplot as plt

    yield
    plt.close("all")


def test_a_picture_is_drawn_on_the_axes_of_a_user(plotter) -> None:
    figure = Figure()
    left, right = figure.subplots(1, 2)

    first = plotter.plot((X, np.sin(X)), "sine", ax=left)
    second = plotter.plot(RAMP, ax=right, vmax=5)

    assert (first.axes, second.axes) == ([left], [right])
    assert first.figure is figure
    assert (len(left.lines), len(right.images)) == (1, 1)
    assert left.get_title() == "sine"
    assert right.child_axes  # the color bar


def test_a_picture_on_own_axes_is_not_shown_twice(new_shell, closed_figures) -> None:
    shell = new_shell()
    shell.run("import numpy as np; from datalab_kernel_core import Plotter")
    shell.run("from datalab_workspace import Workspace; from IPython import display")
    shell.run("from matplotlib.figure import Figure; axes = Figure().subplots()")
    shell.run("plot = Plotter(Workspace()).plot(np.eye(3), ax=axes)")

    assert shell.run("get_ipython().display_formatter.format(plot)") == ({}, {})


def test_several_panels_need_as_many_axes(plotter) -> None:
    complex_signal = (X, np.exp(1j * X))
    axes = Figure().subplots(2, 2)

    plot = plotter.plot([complex_signal, RAMP, RAMP], ax=axes)

    assert plot.axes == list(axes.ravel())
    with pytest.raises(ValueError, match="needs 2 axes"):
        plotter.plot(complex_signal, ax=axes[0, 0])


def test_the_size_of_the_figure_is_the_users(plotter) -> None:
    with pytest.raises(TypeError, match="width cannot be combined with ax"):
        plotter.plot(X, ax=Figure().subplots(), width=300)
    with pytest.raises(TypeError, match="ax="):
        plotter.plot(X, ax=Figure().subplots()).reduce_on_zoom()


def test_labels_and_scales_of_own_axes_stay_unless_the_object_has_some() -> None:
    axes = Figure().subplots()
    axes.set(title="mine", xlabel="t", yscale="log")

    Plotter(Workspace()).plot((X, X + 1), ax=axes)

    assert (axes.get_title(), axes.get_xlabel()) == ("mine", "t")
    assert axes.get_yscale() == "log"


# -- long texts -----------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(60, 80), (80, 20), (20, 200)])
def test_long_titles_of_images_do_not_overlap(plotter, shape: tuple[int, int]) -> None:
    title = "wiener(gaussian_filter(fabry_perot_2025-06-19_run_017)) WWWWWWWW"
    images = [create_image(title, np.ones(shape)) for _ in range(3)]
    figure = plotter.plot(images).figure
    figure.draw_without_rendering()

    boxes = [axes.title.get_window_extent() for axes in figure.axes]

    assert all(a.x1 <= b.x0 for a, b in pairwise(boxes))
    assert boxes[0].x0 >= 0


@pytest.mark.parametrize("count", [3, 8, 30])
def test_a_long_legend_leaves_room_and_keeps_names_apart(plotter, count: int) -> None:
    title = "wiener(gaussian_filter(fabry_perot_2025-06-19_run_017)) number"
    signals = [create_signal(f"{title} {k}", X, X + k) for k in range(count)]
    figure = plotter.plot(signals).figure
    figure.draw_without_rendering()

    legend = figure.axes[0].get_legend()
    assert legend is not None
    texts = [text.get_text() for text in legend.get_texts()]
    assert len(set(texts)) == count
    assert legend.get_window_extent().x1 <= figure.bbox.x1
    assert figure.axes[0].get_window_extent().width >= 0.4 * figure.bbox.width


@pytest.mark.parametrize("layout", [None, "constrained"])
def test_notes_on_own_axes_cover_neither_the_image_nor_its_label(layout) -> None:
    figure = Figure(layout=layout)
    hot = np.zeros((300, 300))
    hot[150, 20] = 65535

    axes = Plotter(Workspace()).plot(hot, ax=figure.subplots(), vmax=1).axes[0]
    axes.set_xlabel("x")
    FigureCanvasAgg(figure).draw()

    (note,) = axes.texts
    assert note.get_text() == "values are from 0 to 6.554e+04, colors from 0 to 1"
    lower = axes.xaxis.get_tightbbox()
    assert lower is not None
    assert 0 <= note.get_window_extent().y0 < note.get_window_extent().y1 <= lower.y0
    assert lower.y0 < axes.bbox.y0
    assert pickle.dumps(figure)
