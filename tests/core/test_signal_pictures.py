"""Pictures of signals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sigima.objects import create_signal, create_signal_roi

from datalab_kernel_core.plotter.reduce import MAX_POINTS
from datalab_kernel_core.plotter.signal_builder import MAX_BARS
from datalab_kernel_core.plotter.style import LINE_COLOR, ROI_COLOR

X = np.linspace(0, 10, 101)


def signal(y: Any, x: Any = X, **options: Any) -> Any:
    return create_signal("signal", np.asarray(x), np.asarray(y), **options)


def test_the_line_goes_through_the_samples(draw) -> None:
    picture = draw(signal(X**2))

    for x in (1.0, 5.0, 9.0):
        assert picture.shows_near(LINE_COLOR, x, x**2)
        assert picture.shows("white", x, 100 - x)


def test_different_data_makes_a_different_picture(plotter) -> None:
    pngs = {plotter.plot(signal(X**k))._repr_png_() for k in (1, 2, 3)}

    assert len(pngs) == 3
    assert plotter.plot(signal(X))._repr_png_() in pngs


def test_axes_are_labelled_with_units(draw) -> None:
    labelled = signal(X, labels=("time", "voltage"), units=("s", ""))

    assert draw(labelled).texts == ["signal", "time (s)", "voltage"]


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("$x", r"\$x"),
        (r"cost: $\frac{$", r"cost: \$\frac{\$"),
        ("a\nb\tc\x07", "a b c�"),
        ("long " * 100, "long " * 11 + "long…"),
        ("日本 😀 ẞ", "日本 😀 ẞ"),
        ("", None),
    ],
)
def test_titles_are_never_formulas(draw, text: str, drawn: str | None) -> None:
    titled = signal(X)
    titled.title = text

    assert draw(titled).texts == ([drawn] if drawn else [])


def test_a_text_with_dollars_and_backslashes_looks_like_itself(plotter) -> None:
    def title(text: str) -> bytes:
        return plotter.plot(X, title=text)._repr_png_()

    assert title("a$b$") != title("ab")
    assert title("$") != title("")


def test_values_that_are_none_leave_a_gap(draw) -> None:
    y = np.zeros(101)
    y[40:60] = np.nan
    y[20], y[80] = np.inf, 1e305

    picture = draw(signal(y))

    assert picture.shows_near(LINE_COLOR, 1, 0)
    assert picture.shows_near(LINE_COLOR, 9, 0)
    assert not picture.shows_near(LINE_COLOR, 5, 0)


def test_masked_values_leave_a_gap(draw) -> None:
    picture = draw(np.ma.masked_inside(np.arange(100.0), 40, 60))

    assert picture.shows_near(LINE_COLOR, 20, 20)
    assert not picture.shows_near(LINE_COLOR, 50, 50)


def test_a_sample_between_two_gaps_is_seen(draw) -> None:
    y = np.array([0.0, np.nan, 1.0, np.nan, 0.0])

    assert draw(y).shows_near(LINE_COLOR, 2, 1)


@pytest.mark.parametrize(
    ("y", "note"),
    [
        (np.empty(0), "no data"),
        (np.full(5, np.nan), "no values"),
        (
            np.array([np.inf, -np.inf]),
            "2 samples with |y| ≥ 1e300 not drawn; no values",
        ),
        (np.ma.masked_all(5), "no values"),
    ],
)
def test_a_picture_of_nothing_says_so(draw, y: Any, note: str) -> None:
    assert draw(y).texts == [note]


def test_a_complex_signal_is_shown_as_modulus_and_phase(draw) -> None:
    turning = signal(2 * np.exp(1j * X / 4), units=("s", "V"))

    picture = draw(turning)

    assert picture.texts == ["signal", "(V)", "(s)", "phase (°)"]
    assert picture.legends == [["modulus"], ["phase"]]
    assert picture.shows_near(LINE_COLOR, 5, 2)
    assert picture.shows_near(LINE_COLOR, 4, np.degrees(1), panel=1)


def test_uncertainties_are_drawn_as_bars(draw) -> None:
    flat = signal(np.zeros(11), np.arange(11.0), dx=np.full(11, 0.2), dy=np.ones(11))

    picture = draw(flat)

    low, high = picture.plot.figure.axes[0].get_ylim()
    assert (low < -1, high > 1) == (True, True)
    bars = picture.plot.figure.axes[0].collections
    assert len(bars) == 2


@pytest.mark.parametrize("count", [MAX_BARS + 1, MAX_POINTS + 1])
def test_uncertainties_of_many_samples_are_drawn_as_a_band(draw, count: int) -> None:
    x = np.linspace(0, 1, count)
    banded = signal(np.zeros(count), x, dx=x, dy=np.ones(count))

    picture = draw(banded)

    assert not picture.shows("white", 0.52, 0.53)
    assert picture.shows("white", 0.52, 1.04)
    assert "uncertainties of x not drawn" in picture.texts


@pytest.mark.parametrize("dy", [np.zeros(101), np.full(101, np.nan)])
def test_uncertainties_that_say_nothing_are_not_drawn(draw, dy: np.ndarray) -> None:
    assert not draw(signal(X, dy=dy)).plot.figure.axes[0].collections


def test_the_scales_and_bounds_of_the_object_hold(draw) -> None:
    scaled = signal(10**X, X + 1)
    scaled.xscalelog = scaled.yscalelog = True
    scaled.autoscale = False
    scaled.xscalemin, scaled.xscalemax = 2.0, 5.0
    scaled.yscalemin = 1.0

    axes = draw(scaled).plot.figure.axes[0]

    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert axes.get_xlim() == (2.0, 5.0)
    assert axes.get_ylim()[0] == 1.0


def test_a_scale_that_is_impossible_is_linear_and_says_so(draw) -> None:
    negative = signal(-X - 1)
    negative.yscalelog = True

    picture = draw(negative)

    assert "no positive y, so its axis is linear" in picture.texts
    assert picture.shows_near(LINE_COLOR, 5, -6)


@pytest.mark.parametrize(("low", "high"), [(3.0, 3.0), (np.nan, np.inf), (1e305, None)])
def test_bounds_that_make_no_sense_are_ignored(draw, low: Any, high: Any) -> None:
    odd = signal(X)
    odd.autoscale = False
    odd.yscalemin, odd.yscalemax = low, high

    assert draw(odd).shows_near(LINE_COLOR, 5, 5)


@pytest.mark.parametrize(
    ("style", "between"),
    [("Lines", True), ("Sticks", False), ("Dots", False), ("Steps", False)],
)
def test_the_style_of_the_curve_is_that_of_the_object(
    draw, style: str, between: bool
) -> None:
    styled = signal([0.0, 10.0, 0.0, 10.0], np.arange(4.0))
    styled.set_metadata_option("curvestyle", style)

    picture = draw(styled)

    assert picture.shows_near(LINE_COLOR, 1, 10)
    assert picture.shows_near(LINE_COLOR, 0.5, 5) == between
    assert picture.shows_near(LINE_COLOR, 1, 4) == (style in {"Sticks", "Steps"})


def test_the_area_under_the_curve_is_shaded_where_the_object_says_so(draw) -> None:
    shaded = signal(np.full(101, 2.0))
    shaded.set_metadata_option("shade", 0.5)

    assert not draw(shaded).shows("white", 5.13, 0.93)
    assert draw(signal(np.full(101, 2.0))).shows("white", 5.13, 1.97)


def test_display_options_of_any_kind_are_survived(draw) -> None:
    odd = signal(X)
    for name, value in {"curvestyle": 3, "shade": "much", "baseline": np.nan}.items():
        odd.metadata[f"__{name}"] = value

    assert draw(odd).shows_near(LINE_COLOR, 5, 5)


@pytest.mark.parametrize("indices", [False, True])
def test_regions_of_interest_are_marked(draw, indices: bool) -> None:
    roi = create_signal_roi([[20, 40]] if indices else [[2.0, 4.0]], indices=indices)
    marked = signal(np.zeros(101))
    marked.roi = roi

    shown, hidden = draw(marked), draw(marked, roi=False)

    for edge in (2.0, 4.0):
        assert shown.shows_near(ROI_COLOR, edge, 0.02)
    assert not shown.shows("white", 3.03, 0.02)
    assert shown.shows("white", 5.03, 0.02)
    assert hidden.count(ROI_COLOR) == 0


def test_a_region_outside_does_not_move_the_axes(draw) -> None:
    marked = signal(X)
    before = draw(marked).plot.figure.axes[0].get_xlim()
    marked.roi = create_signal_roi([[-1000.0, 1000.0]])

    assert draw(marked).plot.figure.axes[0].get_xlim() == before


COUNT = 1_000_000


@pytest.mark.parametrize(
    "x",
    [
        pytest.param(np.arange(COUNT, dtype=float), id="uniform"),
        pytest.param(np.arange(COUNT, dtype=float) ** 2 / COUNT, id="increasing"),
        pytest.param(-np.arange(COUNT, dtype=float), id="decreasing"),
    ],
)
def test_a_spike_among_a_million_samples_is_seen(draw, x: np.ndarray) -> None:
    y = np.zeros(COUNT)
    y[COUNT // 3] = 1.0

    picture = draw((x, y))

    assert picture.shows_near(LINE_COLOR, x[COUNT // 3], 0.5)
    assert len(picture.plot.figure.axes[0].lines[0].get_xdata()) < 10_000


def test_a_curve_of_many_samples_that_goes_back_keeps_its_shape(draw) -> None:
    turn = np.linspace(0, 2 * np.pi, 500_000)

    picture = draw((np.cos(turn), np.sin(turn)))

    for angle in np.linspace(0.1, 6.2, 9):
        assert not picture.blank_near(np.cos(angle), np.sin(angle))
    assert picture.blank_near(0.02, 0.02)


def test_many_samples_on_a_logarithmic_axis_keep_their_shape(draw) -> None:
    x = np.arange(500_000.0)
    logarithmic = signal(np.log10(x + 1), x)
    logarithmic.xscalelog = True

    picture = draw(logarithmic)

    for x in (3, 100, 10_000, 300_000):
        assert picture.shows_near(LINE_COLOR, x, np.log10(x + 1))
