"""Pictures in notebooks, as kernels send them: ours and ipykernel."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from typing import Any

import pytest

from support.three_kernels import EITHER

SIZE = (640, 400)
PNG, SVG = "image/png", "image/svg+xml"
WIDGET = "application/vnd.jupyter.widget-view+json"
TABLE = """
from sigima.objects import TableResult
signal = create_signal("<b>", np.arange(3.0), np.arange(3.0))
table = TableResult("<i>", headers=["mean"], data=[[1.5]])
signal.metadata["Table_stats_dict"] = table.to_dict()
"""


@pytest.fixture(params=EITHER)
def kernel(request: pytest.FixtureRequest, start: Callable) -> Any:
    """A kernel with the extension."""
    kernel = start(request.param)
    done(kernel, "%load_ext datalab_kernel_core")
    return kernel


def done(kernel: Any, code: str) -> Any:
    execution = kernel.run(code)
    assert (execution.status, execution.error) == ("ok", None)
    return execution


def size(png: str) -> tuple[int, ...]:
    """Width and height of a picture as it is sent."""
    data = b64decode(png)
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    return tuple(int.from_bytes(data[at : at + 4], "big") for at in (16, 20))


def test_a_picture_is_shown_where_it_is_the_last_line(kernel) -> None:
    shown = done(kernel, "plotter.plot(np.arange(5.0))").shown

    assert set(shown["data"]) == {PNG, "text/plain"}
    assert size(shown["data"][PNG]) == SIZE
    assert "5 points from 0 to 4" in shown["data"]["text/plain"]
    assert shown["metadata"][PNG] == {"alt": shown["data"]["text/plain"]}


def test_a_semicolon_keeps_it_quiet_and_display_shows_it(kernel) -> None:
    quiet = done(kernel, "plotter.plot(np.arange(5.0));")
    loop = "for k in range(3):\n    display(plotter.plot(np.arange(5.0) + k))"

    assert (quiet.shown, quiet.displayed) == ({}, [])
    assert [set(data) for data in done(kernel, loop).displayed] == [
        {PNG, "text/plain"}
    ] * 3


@pytest.mark.parametrize(
    "setting",
    [
        "%matplotlib inline\n%config InlineBackend.figure_formats = ['retina']",
        "%config InlineBackend.figure_format = 'retina'",
        (
            "from matplotlib_inline.backend_inline import set_matplotlib_formats\n"
            "set_matplotlib_formats('retina')"
        ),
    ],
)
def test_a_retina_display_gets_twice_the_pixels(kernel, setting: str) -> None:
    done(
        kernel, f"import matplotlib.pyplot as plt; plt.figure(); plt.close()\n{setting}"
    )

    shown = done(kernel, "plotter.plot(np.arange(5.0))").shown

    assert size(shown["data"][PNG]) == (2 * SIZE[0], 2 * SIZE[1])
    assert shown["metadata"][PNG]["width"] == SIZE[0]
    assert shown["metadata"][PNG]["height"] == SIZE[1]


def test_svg_is_shown_besides_png_where_it_is_asked_for(kernel) -> None:
    done(kernel, "%matplotlib inline\n%config InlineBackend.figure_formats = ['svg']")

    data = done(kernel, "plotter.plot(np.arange(5.0))").shown["data"]

    assert set(data) == {PNG, SVG, "text/plain"}
    assert "<svg" in data[SVG]


def test_the_configuration_file_is_obeyed_before_matplotlib_is_used(
    start: Callable, ipython_folder
) -> None:
    config = ipython_folder / "ipython_config.py"
    config.write_text("get_config().InlineBackend.figure_formats = {'retina'}\n")
    # xeus-python keeps the configuration from its shell, and so from Matplotlib too.
    kernel = start("python3")
    done(kernel, "%load_ext datalab_kernel_core")

    shown = done(kernel, "plotter.plot(np.arange(5.0))").shown

    assert size(shown["data"][PNG]) == (2 * SIZE[0], 2 * SIZE[1])


def test_tables_are_shown_below_the_picture_and_escaped(kernel) -> None:
    done(kernel, TABLE)

    execution = done(kernel, "plotter.plot(signal)")

    assert [set(data) for data in execution.displayed] == [
        {PNG, "text/plain"},
        {"text/html", "text/plain"},
    ]
    html = execution.displayed[1]["text/html"]
    assert "&lt;i&gt;" in html
    assert "<i>" not in html


def test_a_picture_that_cannot_be_drawn_fails_the_cell(kernel) -> None:
    execution = kernel.run("plotter.plot(np.zeros((2, 2, 2)))")

    assert execution.status == "error"
    assert "array of 3 dimensions" in execution.error
    assert (execution.shown, execution.displayed) == ({}, [])


def test_a_picture_is_a_widget_where_figures_are(kernel) -> None:
    done(kernel, "%matplotlib widget\nplot = plotter.plot(np.arange(5.0));")
    done(kernel, "plot.axes[0].set_title('mine');")

    shown = done(kernel, "plot")

    assert set(shown.shown["data"]) == {PNG, WIDGET, "text/plain"}
    assert kernel.value("plot.figure.canvas.toolbar is not None") == "True"
    assert kernel.value("plot.axes[0].get_title()") == "'mine'"
    assert kernel.value("plt.get_fignums()") == "[]"
    zoomed = "plot.axes[0].set_xlim(1, 2); plot.figure.canvas.draw()"
    done(kernel, zoomed)


def test_a_widget_that_was_not_asked_to_show_stays_quiet(kernel) -> None:
    quiet = done(kernel, "%matplotlib widget\nplotter.plot(np.arange(5.0));")

    assert (quiet.shown, quiet.displayed) == ({}, [])
