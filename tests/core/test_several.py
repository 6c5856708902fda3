"""Several signals and images in one picture."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.colors import same_color
from sigima.objects import create_image, create_signal

from datalab_kernel_core.plotter.style import COLORS

X = np.linspace(0.0, 10.0, 200)
RAMP = np.arange(12.0).reshape(3, 4)


def signal(title: str, y: np.ndarray, **options: Any) -> Any:
    return create_signal(title, X, y, **options)


def test_signals_are_drawn_over_one_another_in_colors_of_their_own(draw) -> None:
    picture = draw([signal("low", X), signal("high", 20 - X)])

    assert len(picture.plot.figure.axes) == 1
    assert picture.shows_near(COLORS[0], 2.0, 2.0, tolerance=0.45)
    assert picture.shows_near(COLORS[1], 2.0, 18.0, tolerance=0.45)


def test_the_legend_names_each_signal_in_its_color(plotter) -> None:
    items = [signal("costs $5 and $6", X), (X, -X), signal("_hidden", X / 2)]

    legend = plotter.plot(items).figure.axes[0].get_legend()

    texts = [text.get_text() for text in legend.get_texts()]
    assert [text.strip("\u200b") for text in texts] == [
        r"costs \$5 and \$6",
        "signal 2",
        "_hidden",
    ]
    for line, color in zip(legend.get_lines(), COLORS, strict=False):
        assert same_color(line.get_color(), color)


def test_labels_that_differ_are_all_named(plotter) -> None:
    volts = signal("a", X, labels=("time", "voltage"), units=("s", "V"))
    amperes = signal("b", X, labels=("time", "current"), units=("s", "A"))

    axes = plotter.plot([volts, amperes]).figure.axes[0]

    assert axes.get_xlabel() == "time (s)"
    assert axes.get_ylabel() == ""
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert texts == ["a, voltage (V)", "b, current (A)"]


def test_labels_of_x_that_differ_are_all_named(plotter) -> None:
    first = signal("a", X, labels=("time", ""), units=("s", ""))
    second = signal("b", X, labels=("frequency", ""), units=("Hz", ""))

    axes = plotter.plot([first, second]).figure.axes[0]

    assert axes.get_xlabel() == "time (s) / frequency (Hz)"


def test_an_axis_is_logarithmic_if_it_is_for_all_signals(plotter) -> None:
    first, second = signal("a", 1 + X), signal("b", 1 + X)
    first.yscalelog = True
    assert plotter.plot([first, second]).figure.axes[0].get_yscale() == "linear"

    second.yscalelog = True
    assert plotter.plot([first, second]).figure.axes[0].get_yscale() == "log"


def test_a_linear_axis_shows_what_a_logarithmic_one_could_not(plotter) -> None:
    negative, other = signal("a", X - 5), signal("b", X)
    negative.xscalelog = negative.yscalelog = True

    axes = plotter.plot([negative, other]).figure.axes[0]

    drawn = next(line for line in axes.lines if len(line.get_xdata()))
    np.testing.assert_array_equal(drawn.get_xdata(), X)
    np.testing.assert_array_equal(drawn.get_ydata(), X - 5)
    assert negative.yscalelog


def test_a_complex_signal_among_real_ones_has_a_phase_below(plotter) -> None:
    items = [signal("real", X), signal("complex", X * np.exp(1j * X))]

    modulus, phase = plotter.plot(items).figure.axes

    assert len(modulus.get_legend().get_texts()) == 2
    assert [text.get_text() for text in phase.get_legend().get_texts()] == [
        "complex, phase"
    ]
    assert phase.get_ylabel() == "phase (°)"


@pytest.mark.parametrize("shared", [False, True])
def test_images_have_a_scale_of_their_own_or_a_shared_one(
    plotter, shared: bool
) -> None:
    items = [create_image("a", RAMP), create_image("b", RAMP + 100)]

    figure = plotter.plot(items, shared_scale=shared).figure

    limits = [axes.images[0].get_clim() for axes in figure.axes if axes.images]
    own = [(0.0, 11.0), (100.0, 111.0)]
    assert limits == ([(0.0, 111.0)] * 2 if shared else own)


@pytest.mark.filterwarnings("error")
def test_single_precision_shares_a_scale_with_what_is_beyond_it(draw) -> None:
    draw([RAMP.astype("f4"), RAMP * 1e200], shared_scale=True)
    bounded = create_image("bounded", RAMP.astype("f4"))
    bounded.zscalemin, bounded.zscalemax = -1e200, 1e200
    draw(bounded)


def test_phases_keep_a_scale_of_their_own(plotter) -> None:
    items = [RAMP + 1j * k for k in range(3)]

    plot = plotter.plot(items, complex_as="polar", shared_scale=True)

    limits = [axes.images[0].get_clim() for axes in plot.axes if axes.images]
    assert limits[1::2] == [(-180.0, 180.0)] * 3
    assert limits[0] == limits[2] == limits[4]
    bars = [bar.get_ylabel() for axes in plot.axes for bar in axes.child_axes]
    assert bars == ["", "phase (°)"]


def test_images_are_side_by_side_and_below_what_was_named_before(plotter) -> None:
    items = [signal("s", X), create_image("a", RAMP), create_image("b", RAMP)]

    figure = plotter.plot(items, "all of them").figure

    left, right = (axes for axes in figure.axes if axes.images)
    (curve,) = (axes for axes in figure.axes if axes.lines)
    assert (left.get_title(), right.get_title()) == ("a", "b")
    assert left.bbox.x1 < right.bbox.x0
    assert left.bbox.y0 == pytest.approx(right.bbox.y0)
    assert left.bbox.y1 < curve.bbox.y0
    assert figure.get_suptitle() == "all of them"


def test_a_fourth_image_begins_a_new_row(plotter) -> None:
    figure = plotter.plot([RAMP] * 4).figure

    boxes = [axes.bbox for axes in figure.axes if axes.images]
    assert boxes[3].y1 < min(box.y0 for box in boxes[:3])


def test_a_color_bar_is_as_high_as_its_image(plotter) -> None:
    figure = plotter.plot([RAMP, RAMP.T]).figure

    for axes in (axes for axes in figure.axes if axes.images):
        (bar,) = axes.child_axes
        assert (bar.bbox.y0, bar.bbox.y1) == pytest.approx((axes.bbox.y0, axes.bbox.y1))


def test_names_and_objects_are_plotted_together(workspace, plotter) -> None:
    workspace.add("stored", signal("stored", X))

    said = repr(plotter.plot(["stored", RAMP]))

    assert said.startswith("<Plot of 'stored', 'image': signal")


def test_lists_may_hold_lists(workspace, plotter) -> None:
    """As `calc` returns them for several signals and regions."""
    for name in ("a", "b", "c"):
        workspace.add(name, signal(name, X))

    plot = plotter.plot(["a", [["b"], "c"]], titles=["1", "2", "3"])

    texts = [text.get_text() for text in plot.figure.axes[0].get_legend().get_texts()]
    assert [text.strip("\u200b") for text in texts] == ["1", "2", "3"]


def test_a_view_shows_no_list(plotter) -> None:
    with pytest.raises(TypeError, match="one signal or image, got a list of 2"):
        plotter.explore(["a", "b"])


@pytest.mark.parametrize(
    ("what", "options", "error", "message"),
    [
        ([], {}, ValueError, "cannot plot an empty list"),
        (
            [RAMP, None],
            {},
            TypeError,
            "item 1 of the list: cannot plot a value of type NoneType",
        ),
        (
            [[RAMP], [RAMP, {}]],
            {},
            TypeError,
            "item 2 of the list: cannot plot a value of type dict",
        ),
        ([1.0, None], {}, TypeError, "item 0 of the list: cannot plot the number 1.0"),
        (["missing"], {}, KeyError, "missing"),
        ([X], {"colormap": "gray"}, TypeError, "'signal' is a signal"),
        ([X], {"shared_scale": True}, TypeError, "shared_scale .*is a signal"),
        (X, {"shared_scale": True}, TypeError, "shared_scale .*is a signal"),
        ([RAMP], {"colormap": "grey_"}, ValueError, "no colormap 'grey_'"),
        (
            [RAMP],
            {"shared_scale": 1},
            TypeError,
            "True or False for shared_scale",
        ),
        ([RAMP], {"shared_scales": True}, TypeError, "'shared_scale'"),
    ],
)
def test_what_cannot_be_plotted_is_refused(
    plotter,
    what: Any,
    options: dict[str, Any],
    error: type[Exception],
    message: str,
) -> None:
    with pytest.raises(error, match=message):
        plotter.plot(what, **options)
