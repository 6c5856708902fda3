"""Pictures where Matplotlib is not installed, and what then still needs it."""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sigima.objects import create_image, create_image_roi, create_signal

from datalab_kernel_core import Plotter
from datalab_kernel_core.explore.image_source import ImageSource
from datalab_kernel_core.explore.messages import ViewRequest
from datalab_kernel_core.plotter import colormaps
from datalab_kernel_core.plotter.colors import hex_color, is_color
from datalab_kernel_core.plotter.contrast import AxisScale
from datalab_kernel_core.plotter.formats import MIME_TYPES, OTHER_SUFFIXES
from datalab_kernel_core.plotter.options import Options
from datalab_kernel_core.plotter.painting.font import HEIGHT, text_mask
from datalab_kernel_core.plotter.painting.ticks import date_ticks, ticks
from datalab_workspace import Workspace

BLUE = (0x1F, 0x77, 0xB4)
LINEAR = AxisScale("linear")


@pytest.fixture
def hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """Matplotlib cannot be imported, as where it is not installed."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    # Another test may have imported it, which no process without Matplotlib has.
    monkeypatch.delitem(sys.modules, "matplotlib.pyplot", raising=False)


@pytest.fixture
def workspace() -> Workspace:
    workspace = Workspace()
    x = np.linspace(0, 10, 500)
    labels = {"labels": ["Time", "Voltage"], "units": ["s", "V"]}
    workspace.add("wave", create_signal("wave", x, np.sin(x), **labels))
    image = create_image("spot", np.arange(10_000.0).reshape(100, 100))
    image.roi = create_image_roi("rectangle", [20, 30, 40, 20], indices=True)
    workspace.add("spot", image)
    return workspace


@pytest.fixture
def plotter(hidden: None, workspace: Workspace) -> Plotter:
    return Plotter(workspace)


def decoded(plot: Any) -> np.ndarray:
    """Return red, green and blue of the pixels of a picture."""
    png = plot._repr_mimebundle_()[0]["image/png"]
    image = Image.open(BytesIO(png))
    assert (image.format, image.mode) == ("PNG", "RGB")
    return np.asarray(image).astype(int)


def frame(pixels: np.ndarray) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of the axes, which have a dark frame."""
    dark = (pixels < 60).all(axis=2)
    rows = np.flatnonzero(dark.sum(axis=1) > 0.5 * pixels.shape[1])
    columns = np.flatnonzero(dark.sum(axis=0) > 0.5 * pixels.shape[0])
    return columns[0], rows[0], columns[-1], rows[-1]


def near(pixels: np.ndarray, color: tuple[int, ...], within: int = 60) -> np.ndarray:
    return (np.abs(pixels - color) < within).all(axis=2)


def bluish(pixels: np.ndarray) -> np.ndarray:
    return pixels[..., 2] - pixels[..., 0] > 20


def is_written(pixels: np.ndarray, text: str, size: int = 2) -> bool:
    """Return whether a string is somewhere in a picture, not turned."""
    dark = (pixels < 100).all(axis=2)
    wanted = text_mask(text, size)[:, : -2 * size]
    windows = np.lib.stride_tricks.sliding_window_view(dark, wanted.shape)
    rows, columns = np.argwhere(wanted)[0]
    for top, left in np.argwhere(dark):
        at = top - rows, left - columns
        if min(at) < 0 or at[0] >= windows.shape[0] or at[1] >= windows.shape[1]:
            continue
        if np.array_equal(windows[at], wanted):
            return True
    return False


# -- signals --------------------------------------------------------------------------


def test_a_curve_is_where_its_values_are(plotter: Plotter) -> None:
    x = np.linspace(0, 10, 400)

    pixels = decoded(plotter.plot((x, x**2), xlim=(0, 10), ylim=(0, 100)))

    left, top, right, bottom = frame(pixels)
    for share in (0.2, 0.5, 0.8):
        column = round(left + share * (right - left))
        rows = np.flatnonzero(near(pixels[:, column : column + 1], BLUE))
        expected = bottom - share**2 * (bottom - top)
        assert abs(rows.mean() - expected) < 3, share


def test_labels_ticks_and_title_are_written(plotter: Plotter) -> None:
    pixels = decoded(plotter.plot("wave", title="A title"))

    for text in ("A title", "Time (s)", "2.5", "7.5", "0.5"):
        assert is_written(pixels, text), text
    turned = np.rot90(pixels, -1)
    assert is_written(turned, "Voltage (V)")


def test_a_dollar_and_greek_letters_are_written(plotter: Plotter) -> None:
    pixels = decoded(plotter.plot("wave", title="5 $ in λ", xlabel="α", xunit="m⁻¹"))

    for text in ("5 $ in λ", "α (m⁻¹)"):
        assert is_written(pixels, text), text
    wide = plotter.plot(np.logspace(-300, 299, 200), ylog=True)
    assert bluish(decoded(wide)).any()


def test_labels_do_not_overlap(plotter: Plotter) -> None:
    """The x axis of a narrow image has ticks at -0.5, 0 and 0.5."""
    pixels = decoded(plotter.plot(np.arange(11.0, 16.0).reshape(5, 1)))

    assert is_written(pixels, "-0.5")
    assert not is_written(pixels, "0.0")


def test_a_spike_of_one_sample_is_visible(plotter: Plotter) -> None:
    y = np.zeros(1_000_000)
    y[654_321] = 1.0

    pixels = decoded(plotter.plot(y))

    left, top, right, bottom = frame(pixels)
    columns = np.flatnonzero(near(pixels, BLUE)[: (top + bottom) // 2].any(axis=0))
    expected = left + (0.02 + 0.96 * 0.654321) * (right - left)
    assert abs(columns.mean() - expected) < 4


def test_a_gap_is_left_out_and_a_lone_sample_drawn(plotter: Plotter) -> None:
    pixels = decoded(plotter.plot(np.array([0.0, np.nan, 1.0, 1.0, np.nan, 0.0])))

    left, _, right, _ = frame(pixels)
    drawn = bluish(pixels).any(axis=0)
    at = [round(left + (0.02 + 0.96 * n / 5) * (right - left)) for n in range(6)]
    found = [bool(drawn[column - 2 : column + 3].any()) for column in at]
    assert found == [True, False, True, True, False, True]


@pytest.mark.parametrize(
    "options",
    [
        {"xlog": True, "ylog": True},
        {"ylog": "symlog"},
        {"grid": False, "xlim": (2, None)},
        {"width": 300, "height": 200},
        {"xlim": (100, 200)},
    ],
)
def test_options_of_signals(plotter: Plotter, options: dict[str, Any]) -> None:
    x = np.linspace(0.1, 10, 300)
    pixels = decoded(plotter.plot((x, x**3), **options))
    width, height = options.get("width", 640), options.get("height", 400)
    assert pixels.shape == (height, width, 3)
    assert near(pixels, BLUE).any() == ("xlim" not in options or "grid" in options)


def test_uncertainties_are_drawn(plotter: Plotter, workspace: Workspace) -> None:
    for count in (20, 5000):  # bars, and a band
        x = np.arange(float(count))
        y = np.sin(6 * x / count)
        plain = decoded(plotter.plot((x, y)))
        workspace.add("errors", (x, y, np.full(count, 0.5)), overwrite=True)
        assert bluish(decoded(plotter.plot("errors"))).sum() > 1.2 * bluish(plain).sum()


# -- images ---------------------------------------------------------------------------


def test_pixels_have_the_colors_of_their_values(plotter: Plotter) -> None:
    data = np.array([[0.0, 1.0], [np.nan, 0.5]])

    pixels = decoded(plotter.plot(data, vmin=0, vmax=1, colormap="viridis"))

    bar = near(pixels, (253, 231, 37), 3).any(axis=0)
    left, top, _, bottom = frame(pixels[:, : np.flatnonzero(bar)[-1] - 40])
    side = bottom - top
    middle = {
        (row, column): tuple(
            pixels[top + side * (2 * row + 1) // 4, left + side * (2 * column + 1) // 4]
        )
        for row in (0, 1)
        for column in (0, 1)
    }
    assert middle[0, 0] == (68, 1, 84)
    assert middle[0, 1] == (253, 231, 37)
    assert middle[1, 0] == (217, 217, 217)  # no value
    assert np.abs(np.subtract(middle[1, 1], (33, 145, 140))).max() < 5


def test_an_image_has_ticks_and_a_color_bar(plotter: Plotter) -> None:
    pixels = decoded(plotter.plot("spot", zlabel="Counts"))
    for text in ("50", "75", "8000"):
        assert is_written(pixels, text), text
    assert is_written(np.rot90(pixels, -1), "Counts")


def test_regions_are_drawn(plotter: Plotter) -> None:
    pixels = decoded(plotter.plot("spot"))
    assert near(pixels, (255, 51, 51)).sum() > 200
    assert near(decoded(plotter.plot("spot", roi=False)), (255, 51, 51)).sum() == 0


@pytest.mark.parametrize(
    "options",
    [
        {"norm": "log"},
        {"norm": "symlog"},
        {"clip": (1, 99)},
        {"xlog": True},
        {"aspect": "auto"},
        {"colormap": "jet_r", "grid": True},
        {"xlim": (10, 20), "ylim": (50, 60)},
    ],
)
def test_options_of_images(plotter: Plotter, options: dict[str, Any]) -> None:
    usual = decoded(plotter.plot("spot"))
    assert not np.array_equal(decoded(plotter.plot("spot", **options)), usual)


def test_a_large_image_keeps_its_highest_values(plotter: Plotter) -> None:
    data = np.zeros((2500, 2500))
    data[1234, 321] = 1.0
    bright = 253, 231, 37
    mean, highest = (
        near(decoded(plotter.plot(data, vmax=1, reduce=how)), bright).sum()
        for how in ("mean", "max")
    )
    assert highest > mean


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (3000, 3), (2500, 2500), (0, 0)])
def test_images_of_any_shape(plotter: Plotter, shape: tuple[int, int]) -> None:
    assert decoded(plotter.plot(np.ones(shape))).std() > 1


def test_pictures_of_several_objects(plotter: Plotter) -> None:
    for what in (["wave", "spot"], ["spot"] * 4, ["wave"] * 12, np.arange(9) * 1j):
        assert near(decoded(plotter.plot(what)), (38, 38, 38), 5).sum() > 500
    described = plotter.plot(["wave", "spot"])._repr_mimebundle_()[1]["image/png"]
    assert "image of 100×100 pixels" in described["alt"]


# -- what needs Matplotlib ------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("plot.figure", "the figure of a plot needs matplotlib"),
        ("plot.axes", "the figure of a plot needs matplotlib"),
        ("plot.reduce_on_zoom()", "reduce_on_zoom() needs matplotlib"),
        ("plot.save('a.svg')", "a picture in the format SVG needs matplotlib"),
        ("plot.save('a.png', dpi=200)", "a picture with dpi= needs matplotlib"),
        ("plotter.plot('wave', ax=3)", "ax= needs matplotlib"),
    ],
)
def test_one_sentence_says_what_needs_it(
    plotter: Plotter, code: str, words: str
) -> None:
    names = {"plotter": plotter, "plot": plotter.plot("wave")}
    with pytest.raises(ModuleNotFoundError) as raised:
        eval(code, names)
    assert str(raised.value).startswith(f"{words}, which is not installed here: ")
    assert not Path("a.svg").exists()


def test_other_colormaps_need_it(plotter: Plotter) -> None:
    with pytest.raises(ValueError, match=r"'Spectral' needs Matplotlib.* viridis"):
        plotter.plot("spot", colormap="Spectral")


def test_a_picture_is_saved(plotter: Plotter, tmp_path: Path) -> None:
    path = plotter.plot("wave").save(tmp_path / "wave")
    assert path.read_bytes() == plotter.plot("wave")._repr_png_()
    with pytest.raises(ValueError, match="not jpg"):
        plotter.plot("wave").save(tmp_path / "wave.jpg")


def test_the_suffixes_are_those_of_matplotlib() -> None:
    from matplotlib.figure import Figure

    known = set(Figure().canvas.get_supported_filetypes()) - {*MIME_TYPES}
    assert known <= OTHER_SUFFIXES


# -- interactive views ----------------------------------------------------------------


def test_explore_needs_none(plotter: Plotter) -> None:
    for name in ("wave", "spot"):
        view = plotter.explore(name)
        assert view._repr_png_().startswith(b"\x89PNG")


def test_the_colors_of_an_interactive_image(plotter: Plotter) -> None:
    from datalab_kernel_core.plotter.image_builder import build_image_drawings
    from datalab_kernel_core.plotter.plot_input import plot_item

    item = plot_item(np.eye(8), lambda _name: pytest.fail("no name is looked up"))
    (drawing,) = build_image_drawings(item, Options())
    source = ImageSource(item.record, drawing, Options())
    request = {"x": (0, 8), "y": (0, 8), "width": 80, "height": 80}

    answer = source.view(ViewRequest.of(request))

    colors = np.asarray(answer.arrays[1])
    assert colors[0].tolist() == [217, 217, 217]
    assert colors[1].tolist() == [68, 1, 84]
    assert colors[-1].tolist() == [253, 231, 37]
    assert set(source.about()["colormaps"]) >= {"viridis", "jet", "gray"}


# -- parts ----------------------------------------------------------------------------


@given(
    low=st.floats(-1e12, 1e12),
    span=st.floats(1e-9, 1e12),
    count=st.integers(2, 9),
)
def test_labels_are_the_values_of_the_ticks(
    low: float, span: float, count: int
) -> None:
    high = low + max(span, abs(low) * 1e-9)
    found = ticks(low, high, LINEAR, count)
    factor, offset = 1.0, 0.0
    for part in found.common.split():
        if part.startswith("×10^"):
            factor = 10.0 ** int(part[4:])
        else:
            offset = float(part)
    assert 1 <= len(found.values) <= count + 1
    assert len(set(found.labels)) == len(found.labels)
    for value, label in zip(found.values, found.labels, strict=True):
        assert low <= value <= high
        near = abs(float(label) * factor + offset - value)
        assert near <= (high - low) * 0.02 + abs(value) * 1e-11


def test_ticks_of_other_scales() -> None:
    log = ticks(1e-9, 2.0, AxisScale("log"), 6)
    assert log.labels == ["10^-8", "10^-6", "10^-4", "10^-2", "10^0"]
    assert ticks(2.0, 8.0, AxisScale("log"), 6).labels == ["2", "5"]
    narrow = ticks(0.99, 1.01, AxisScale("log"), 6).labels
    assert narrow == ["0.990", "0.995", "1.000", "1.005", "1.010"]
    symmetric = ticks(-100.0, 100.0, AxisScale("symlog", 100.0), 9)
    assert {"-100", "0", "100"} <= set(symmetric.labels)
    assert ticks(-180, 180, LINEAR, 5, degrees=True).labels == [
        *("-180", "-90", "0", "90", "180")
    ]


def test_ticks_of_dates() -> None:
    day = 86_400.0
    hours = date_ticks(20_000 * day, 20_000 * day + 7200, 5)
    assert hours.common == "2024-10-04"
    assert hours.labels == ["00:00", "00:30", "01:00", "01:30", "02:00"]
    assert date_ticks(0.0, 40 * day, 4).labels[0] == "1970-01-01"
    short = date_ticks(20_000 * day, 20_000 * day + 0.002, 4)
    assert short.labels == ["00:00:00.000", "00:00:00.001", "00:00:00.002"]
    years = date_ticks(-69 * 365.25 * day, 30 * 365.25 * day, 4)
    assert years.labels == ["1950", "2000"]
    assert years.values[1] == 10_957 * day
    assert len(date_ticks(-1e13, 1e13, 4).labels) > 1  # years that no date has


@pytest.mark.parametrize("kind", ["linear", "log", "symlog"])
def test_a_scale_and_its_inverse(kind: str) -> None:
    scale = AxisScale(kind, 1000.0)
    values = np.array([0.5, 1.0, 7.0, 1000.0])
    np.testing.assert_allclose(scale.backward(scale.forward(values)), values)


def test_what_a_character_means_does_not_change() -> None:
    """A power or a fraction that the font lacks is no letter or number."""
    missing = text_mask("\N{CJK UNIFIED IDEOGRAPH-65E5}", 1)
    for character in "ⁿ½™":
        assert np.array_equal(text_mask(character, 1), missing), character
    assert np.array_equal(text_mask("é₂", 1), text_mask("e2", 1))
    assert not np.array_equal(text_mask("⁶Å", 1), text_mask("6A", 1))


def test_each_character_has_its_own_form() -> None:
    printable = "".join(map(chr, range(33, 127)))
    forms = {text_mask(character, 1).tobytes() for character in printable}
    assert len(forms) == len(printable)
    assert text_mask("é", 1).tobytes() == text_mask("e", 1).tobytes()
    assert text_mask("漢", 1).any()
    assert text_mask("g", 2).shape[0] == 2 * HEIGHT


@pytest.mark.parametrize("name", [*colormaps._COLORS])
def test_colormaps_are_like_those_of_matplotlib(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = colormaps.palette(name, 256).astype(int)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    # Another test may have imported it, which no process without Matplotlib has.
    monkeypatch.delitem(sys.modules, "matplotlib.pyplot", raising=False)
    assert np.abs(colormaps.palette(name, 256) - exact).max() <= 11
    assert np.array_equal(
        colormaps.palette(f"{name}_r", 256), colormaps.palette(name, 256)[::-1]
    )


@pytest.mark.parametrize("color", ["#f00", "#12ab34", "#12ab34cc", "Red", "k", "navy"])
def test_colors_are_those_of_matplotlib(
    color: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = hex_color(color.lower())
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    # Another test may have imported it, which no process without Matplotlib has.
    monkeypatch.delitem(sys.modules, "matplotlib.pyplot", raising=False)
    assert is_color(color)
    assert hex_color(color) == wanted
    assert not is_color("no color")
    assert not is_color("#12")
