"""The input, the errors and the side effects of `plotter.plot`."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.image import imread
from sigima.objects import create_image, create_signal

from datalab_kernel_core.plotter.style import LINE_COLOR
from datalab_workspace.model.equality import equal
from datalab_workspace.model.sigima_objects import to_record

RAMP = np.arange(12.0)


def ramp_image() -> Any:
    return create_image("an image", RAMP.reshape(3, 4))


def ramp_signal() -> Any:
    return create_signal("a signal", RAMP, RAMP)


@pytest.mark.parametrize(
    "address", ["my signal", "s001", lambda ws: ws.describe("my signal").uuid]
)
def test_an_object_is_plotted_by_name_uuid_and_short_id(
    workspace, draw, address: Any
) -> None:
    workspace.add("my signal", ramp_signal())

    picture = draw(address(workspace) if callable(address) else address)

    assert picture.texts == ["my signal"]
    assert picture.shows_near(LINE_COLOR, 6, 6)


@pytest.mark.parametrize(
    ("what", "bars"),
    [
        pytest.param(ramp_signal(), 0, id="SignalObj"),
        pytest.param(ramp_image(), 1, id="ImageObj"),
        pytest.param(RAMP, 0, id="1-D array"),
        pytest.param(RAMP.reshape(3, 4), 1, id="2-D array"),
        pytest.param((RAMP, RAMP), 0, id="pair of arrays"),
        pytest.param(([1, 2, 3], [4, 5, 6]), 0, id="pair of lists"),
    ],
)
def test_names_objects_and_arrays_can_be_plotted(draw, what: Any, bars: int) -> None:
    (axes,) = draw(what).plot.axes

    assert len(axes.child_axes) == bars


@pytest.mark.parametrize(
    ("what", "message"),
    [
        (None, "cannot plot a value of type NoneType; plot.. takes the name"),
        (3.0, "cannot plot the number 3.0"),
        ([RAMP, 3], "cannot plot the number 3 .convert a list of numbers to an array"),
        (("a", "b"), "pass a list to plot several"),
        ({"a": RAMP}, "cannot plot a value of type dict"),
        ((RAMP,) * 5, "cannot plot a value of type tuple"),
        (np.zeros((2, 2, 3)), "cannot plot an array of 3 dimensions"),
        (np.float64(1), "cannot plot the number np.float64"),
        ((RAMP, RAMP[:3]), r"x: \(12,\), y: \(3,\)"),
        ((RAMP * 1j, RAMP), "pass a real x"),
        (np.array(["a", "b"]), "dtype"),
        (np.array([[None]]), "dtype object"),
        (create_image, "cannot plot a value of type function"),
    ],
)
def test_other_values_are_refused(plotter, what: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        plotter.plot(what)


def test_a_name_that_does_not_exist_raises_with_close_matches(
    workspace, plotter
) -> None:
    workspace.add("my signal", ramp_signal())

    with pytest.raises(KeyError, match="my signal"):
        plotter.plot("my signl")


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"titel": "x"}, TypeError, "did you mean 'title'"),
        ({"rois": True}, TypeError, "did you mean 'roi'"),
        ({"title": 3}, TypeError, "expected a string for title, got 3"),
        ({"title": [1, 2]}, TypeError, r"x and y are a pair, as in plot\(\(x, y\)\)"),
        ({"roi": "no"}, TypeError, "expected True or False for roi, got 'no'"),
        ({"colormap": "virids"}, ValueError, "no colormap 'virids'.*'viridis'"),
    ],
)
def test_wrong_options_are_refused(
    plotter, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        plotter.plot(RAMP.reshape(3, 4), **options)


def test_options_of_images_are_refused_for_a_signal(plotter) -> None:
    with pytest.raises(
        TypeError,
        match=r"zlabel, colormap apply only .*'a signal' is a",
    ):
        plotter.plot(ramp_signal(), zlabel="z", colormap="gray")


def test_titles_labels_and_units_can_be_chosen(draw) -> None:
    chosen = {"xlabel": "a", "xunit": "b", "ylabel": "c", "zlabel": "d", "zunit": "e"}

    picture = draw(ramp_image(), "chosen", **chosen)

    assert picture.texts == ["chosen", "a (b)", "c", "d (e)"]


@pytest.mark.parametrize("obj", [ramp_signal(), ramp_image()])
def test_a_plot_changes_neither_the_object_nor_the_workspace(
    workspace, plotter, tmp_path: Path, obj: Any
) -> None:
    workspace.add("kept", obj)
    workspace.save(tmp_path / "project.h5")
    before, original = workspace.record("kept"), copy.deepcopy(obj)

    plotter.plot("kept")
    plotter.plot(obj)

    assert not workspace.modified
    assert workspace.list() == ["kept"]
    assert equal(workspace.record("kept"), before)
    assert equal(to_record(obj), to_record(original))


def test_a_read_only_array_is_plotted(draw) -> None:
    for array in (np.arange(5.0), np.eye(3)):
        array.flags.writeable = False
        draw(array)


def test_an_object_that_was_not_read_yet_is_plotted(
    workspace, plotter, draw, tmp_path: Path
) -> None:
    workspace.add("stored", ramp_signal())
    workspace.save(tmp_path / "project.h5")
    workspace.clear()
    workspace.load(tmp_path / "project.h5", lazy=True)

    assert draw("stored").shows_near(LINE_COLOR, 6, 6)


def test_matplotlib_is_left_as_it_was(plotter) -> None:
    before, figures = dict(mpl.rcParams), plt.get_fignums()

    plotter.plot(RAMP)
    plotter.plot(RAMP.reshape(3, 4))

    assert dict(mpl.rcParams) == before
    assert plt.get_fignums() == figures


def test_the_settings_of_the_user_do_not_break_a_plot(plotter) -> None:
    trying = {"path.simplify": False, "figure.autolayout": True, "figure.dpi": 30}

    with mpl.rc_context(trying):
        png = plotter.plot(np.random.default_rng(0).normal(size=200_000))._repr_png_()

    assert len(png) < 200_000


def test_a_notebook_gets_a_png_and_a_text(loaded) -> None:
    plot = loaded.run("plotter.plot(np.eye(3))")

    data, _ = loaded.ip.display_formatter.format(plot)

    assert set(data) == {"image/png", "text/plain"}
    assert data["image/png"].startswith(b"\x89PNG")
    assert data["text/plain"] == (
        "<Plot of 'image': image of 3×3 pixels, values from 0 to 1>"
    )


@pytest.mark.parametrize("kinds", ["signal", "image", "signal image image"])
def test_a_picture_stays_the_same_once_its_figure_is_kept(plotter, kinds: str) -> None:
    make = {"signal": ramp_signal, "image": ramp_image}
    plot = plotter.plot([make[kind]() for kind in kinds.split()])
    shown = plot._repr_png_()

    assert plot.figure is plot.figure
    assert plot._repr_png_() == shown


@pytest.mark.parametrize("name", ["picture.png", "picture.PNG", "no suffix", "v1.2"])
def test_a_plot_is_saved_as_png(plotter, tmp_path: Path, name: str) -> None:
    plot = plotter.plot(RAMP)

    saved = plot.save(tmp_path / name)

    assert saved == tmp_path / name
    assert saved.read_bytes() == plot._repr_png_()
    assert imread(saved, format="png").shape[:2] == (400, 640)


def test_the_home_directory_is_understood(plotter) -> None:
    assert plotter.plot(RAMP).save("~/picture.png") == Path.home() / "picture.png"


@pytest.mark.parametrize(
    ("suffix", "start"), [("svg", b"<?xml"), ("PDF", b"%PDF-"), ("pdf", b"%PDF-")]
)
def test_a_plot_is_saved_as_vector_graphics(
    plotter, tmp_path: Path, suffix: str, start: bytes
) -> None:
    plot = plotter.plot(RAMP)
    before = plot._repr_png_()

    saved = plot.save(tmp_path / f"picture.{suffix}")

    assert saved.read_bytes().startswith(start)
    assert plot._repr_png_() == before


def test_a_title_is_escaped_in_svg(plotter, tmp_path: Path) -> None:
    plot = plotter.plot(RAMP, "<script>alert(1)</script> & more")

    svg = plot.save(tmp_path / "picture.svg").read_text(encoding="utf-8")

    assert "<script" not in svg


@pytest.mark.parametrize("dpi", [50, 200.0, np.int64(300)])
def test_the_resolution_of_a_saved_picture_can_be_chosen(
    plotter, tmp_path: Path, dpi: float
) -> None:
    plot = plotter.plot(RAMP)

    saved = plot.save(tmp_path / "picture.png", dpi=dpi)

    assert imread(saved).shape[:2] == (4 * dpi, 6.4 * dpi)
    assert plot.save(tmp_path / "again.png").read_bytes() == plot._repr_png_()


@pytest.mark.parametrize(
    ("dpi", "error"),
    [
        ("200", TypeError),
        (True, TypeError),
        (0, ValueError),
        (-1, ValueError),
        (1e9, ValueError),
        (float("nan"), ValueError),
    ],
)
@pytest.mark.parametrize("name", ["picture.png", "picture.svg"])
def test_a_resolution_that_cannot_be_is_refused(
    plotter, tmp_path: Path, name: str, dpi: Any, error: type[Exception]
) -> None:
    with pytest.raises(error, match="dpi"):
        plotter.plot(RAMP).save(tmp_path / name, dpi=dpi)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", ["jpg", "eps", "TIFF"])
def test_another_format_is_refused_before_anything_is_written(
    plotter, tmp_path: Path, suffix: str
) -> None:
    with pytest.raises(ValueError, match=f"not {suffix.lower()}"):
        plotter.plot(RAMP).save(tmp_path / f"picture.{suffix}")

    assert list(tmp_path.iterdir()) == []


def test_the_axes_are_those_of_the_figure(plotter) -> None:
    plot = plotter.plot(RAMP)

    plot.axes[0].set_title("changed")

    assert plot.figure.axes[0].get_title() == "changed"


def test_a_folder_that_does_not_exist_is_an_error(plotter, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        plotter.plot(RAMP).save(tmp_path / "missing" / "picture.png")


def test_a_figure_can_be_changed_and_then_shows_so(plotter) -> None:
    plot = plotter.plot(RAMP)
    before = plot._repr_png_()

    figure = plot.figure
    assert plot._repr_png_() == before
    figure.axes[0].set_title("changed")

    assert plot._repr_png_() != before


def test_a_plot_keeps_showing_what_was_plotted(plotter) -> None:
    data = np.eye(5)
    plot = plotter.plot(data)
    before = plot._repr_png_()

    data[:] = np.arange(5)

    _ = plot.figure
    assert plot._repr_png_() == before
