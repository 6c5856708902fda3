"""The displays of objects, workspaces and descriptions in a notebook and a terminal."""

from __future__ import annotations

import gc
import re
import time
import warnings
from base64 import b64decode
from html import escape
from html.parser import HTMLParser
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from matplotlib.image import imread
from sigima.objects import create_image, create_image_roi, create_signal

import datalab_workspace
from datalab_kernel_core import Plotter
from datalab_kernel_core.display import (
    groups_html,
    object_html,
    results_html,
    summaries_html,
    thumbnails,
    workspace_html,
)
from datalab_kernel_core.display.formatters import _SHOWN
from datalab_kernel_core.display.png import encode
from datalab_kernel_core.display.short_text import shorten, shorten_middle
from datalab_kernel_core.display.statistics import MAX_VALUES, Statistics
from datalab_kernel_core.display.thumbnails import Budget
from datalab_workspace import Workspace
from datalab_workspace.backends.memory import MemoryBackend
from datalab_workspace.model.description import (
    Description,
    GroupInfo,
    GroupList,
    Listing,
    Summary,
)
from datalab_workspace.model.record import Record
from datalab_workspace.testing import samples, strategies

ATTACK = "</td><script>alert(1)</script><img src=x onerror='alert(2)'>\"&"
MAX_HTML = 200_000
X = np.linspace(0.0, 10.0, 500)


class Parsed(HTMLParser):
    """HTML, taken apart as a browser does."""

    ALLOWED = frozenset(
        {
            *("style", "div", "span", "b", "img", "details", "summary"),
            *("table", "thead", "tbody", "tr", "th", "td"),
        }
    )

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""
        self.pictures = 0
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in self.ALLOWED
        for name, value in attrs:
            assert name in {"class", "src", "width", "height", "alt", "style", "title"}
            assert name != "src" or str(value).startswith("data:image/png;base64,")
        if tag == "img":
            self.pictures += 1
        else:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text += f"{data}\n"


def html_of(obj: Any) -> Parsed:
    """Return the HTML of an object, without a shell."""
    made = object_html.signal_html if hasattr(obj, "xydata") else object_html.image_html
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return Parsed(made(obj))


def shown(shell: Any, code: str) -> dict[str, str]:
    """Return the displays of a cell's result; the cell must print nothing."""
    shell.run(f"shown_now = {code}")
    data, _ = shell.ip.display_formatter.format(shell.ip.user_ns["shown_now"])
    return data


# -- where it is shown ----------------------------------------------------------------

OBJECTS = {
    "workspace": "Workspace standalone",
    "workspace.describe()": "2 objects",
    "workspace.describe('a')": "shape",
    "workspace.status()": "signals",
    "workspace.calc": "finds features by everyday words",
    "workspace.features(search='canny')": "Edge detection > Canny filter",
    "workspace.features(search='canny')[0]": "Edge detection > Canny filter",
    "workspace.groups()": "2 groups",
    "workspace.groups()[0]": "1 signal",
    "workspace.capabilities": "Transactions can be undone",
    "workspace.record('a')": "time (s)",
    "workspace['a']": "time (s)",
    "workspace['b']": "2 × 3",
}
FILL = """
s = create_signal('a', np.arange(3.0), np.arange(3.0), labels=('time', ''))
s.xunit = 's'
workspace.update({'a': s, 'b': np.ones((2, 3))})
"""


@pytest.mark.parametrize("code", OBJECTS)
def test_each_is_shown_as_html_and_as_short_text(loaded, code: str) -> None:
    loaded.run(FILL)

    data = shown(loaded, code)

    assert OBJECTS[code] in " ".join(Parsed(data["text/html"]).text.split())
    assert 0 < len(data["text/plain"].splitlines()) <= 16
    assert "DataItem" not in data["text/plain"]


def test_a_signal_is_one_line_of_text_alone_and_in_a_list(loaded) -> None:
    loaded.run(FILL)
    line = "<SignalObj 'a': 3 float64, x: time (s)>"

    assert shown(loaded, "s")["text/plain"] == line
    assert shown(loaded, "[s, 1]")["text/plain"] == f"[{line}, 1]"
    assert shown(loaded, "[workspace]")["text/plain"] == f"[{loaded['workspace']!r}]"


def test_another_workspace_is_shown_as_the_injected_one(loaded) -> None:
    loaded.run("import datalab_workspace")
    loaded.run("workspace.list()")

    assert "text/html" in shown(loaded, "workspace")
    assert "text/html" in shown(loaded, "datalab_workspace.Workspace()")
    assert "text/html" in shown(loaded, "workspace")


def test_it_survives_a_reset_and_loading_again(loaded) -> None:
    loaded.run("%reset -f")
    loaded.run("%reload_ext datalab_kernel_core")
    loaded.run("%load_ext datalab_kernel")

    assert "text/html" in shown(loaded, "workspace")


def test_unloading_leaves_everything_as_ipython_has_it(loaded) -> None:
    loaded.run(FILL)
    for code in OBJECTS:
        shown(loaded, code)
    loaded.run("held = [workspace, s]")

    loaded.run("%unload_ext datalab_kernel_core")

    formatters = loaded.ip.display_formatter.formatters
    for mime in ("text/html", "text/plain"):
        assert not [name for name in _SHOWN if formatters[mime].for_type(name)]
    assert [*shown(loaded, "held[0]")] == ["text/plain"]


@pytest.mark.parametrize("name", _SHOWN)
def test_each_type_that_is_shown_exists(name: str) -> None:
    module, _, cls = name.rpartition(".")

    shown = getattr(import_module(module), cls)

    assert (shown.__module__, shown.__name__) == (module, cls)


def test_what_the_user_registered_stays(shell) -> None:
    formatter = shell.ip.display_formatter.formatters["text/html"]
    name = "sigima.objects.signal.object.SignalObj"
    formatter.for_type(name, mine := lambda obj: "<b>mine</b>")

    shell.run("%load_ext datalab_kernel_core")
    assert formatter.for_type(name) is mine
    shell.run("%unload_ext datalab_kernel_core")

    assert formatter.for_type(name) is mine


def test_showing_imports_neither_matplotlib_nor_sigima(in_new_process) -> None:
    script = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
config = Config()
config.HistoryManager.enabled = False
shell = InteractiveShell(config=config)
shell.run_line_magic("load_ext", "datalab_kernel_core")
before = "numpy" in sys.modules
workspace = shell.user_ns["workspace"]
import numpy
workspace.add("a", numpy.arange(3.0))
data, _ = shell.display_formatter.format(workspace)
heavy = [name for name in ("matplotlib", "sigima", "h5py") if name in sys.modules]
print(json.dumps([before, "<img" in data["text/html"], heavy]))
"""
    assert in_new_process(script) == [False, True, []]


def test_an_error_is_shown_and_not_hidden(loaded, capsys) -> None:
    loaded.run(FILL)
    loaded.run("s.metadata = None")

    data = shown(loaded, "s")

    assert "text/html" not in data
    assert "has no attribute 'items'" in "".join(capsys.readouterr())


# -- the workspace --------------------------------------------------------------------


def workspace_of(count: int) -> Workspace:
    workspace = Workspace(backend=MemoryBackend())
    for number in range(count):
        workspace.add(f"signal {number}", (X, np.sin(X + number)))
    return workspace


@pytest.mark.parametrize(("count", "rows"), [(0, 0), (1, 1), (60, 60), (61, 61)])
def test_up_to_sixty_objects_are_shown(count: int, rows: int) -> None:
    html = workspace_html.workspace_html(workspace_of(count))

    body = html.partition("<tbody>")[2]
    assert body.count("<tr>") == rows
    assert ("1 more objects" in html) == (count == 61)
    assert Parsed(html).pictures == min(count, 60)
    assert len(html) < MAX_HTML


def test_of_more_the_first_and_last_are_shown() -> None:
    text = Parsed(workspace_html.workspace_html(workspace_of(100))).text.split("\n")

    names = [line for line in text if line.startswith("signal ")]
    assert names == [f"signal {n}" for n in (*range(30), *range(70, 100))]


def test_ten_thousand_objects_cost_little() -> None:
    workspace = Workspace(backend=MemoryBackend())
    workspace.update({f"object {n}": np.zeros(3) for n in range(10_000)})
    gc.collect()

    begin = time.process_time()
    html = workspace_html.workspace_html(workspace)
    taken = time.process_time() - begin

    assert "9940 more objects" in html
    assert len(html) < MAX_HTML
    assert taken < 0.5


def test_a_workspace_that_was_opened_lazily_is_shown_unread(
    tmp_path: Path, monkeypatch
) -> None:
    before = workspace_of(3)
    before.add("image", np.ones((4, 5)))
    before.save(tmp_path / "project.h5")
    workspace = datalab_workspace.open(tmp_path / "project.h5")
    (tmp_path / "project.h5").unlink()  # whatever is read now fails

    html = workspace_html.workspace_html(workspace)
    text = workspace_html.workspace_text(workspace)

    assert Parsed(html).pictures == 0
    assert "signal 2" in html
    assert "4 × 5" in html
    assert "float64" in html
    assert "project.h5" in html
    assert "i001  image  image  4 × 5  float64" in text


def test_an_object_whose_record_is_there_and_its_data_not_is_shown_unread(
    tmp_path: Path,
) -> None:
    before = workspace_of(1)
    before.edit("signal 0", xunit="ms")
    before.save(tmp_path / "project.h5")
    workspace = datalab_workspace.open(tmp_path / "project.h5")
    workspace.record("signal 0")
    (tmp_path / "project.h5").unlink()

    html = workspace_html.workspace_html(workspace)

    assert "<td>ms</td>" in html
    assert Parsed(html).pictures == 0


class Distant(MemoryBackend):
    """A backend that raises if a display reads more than a listing does."""

    def preview(self, uuid: str) -> tuple[Summary, Record | None]:
        item = super().record(uuid)
        return Summary.known(item.kind, item.title, (), None), None

    def record(self, uuid: str, *, full: bool = False) -> Record:
        raise AssertionError("the display reads data")

    summary = record  # type: ignore[assignment]


def test_selected_objects_and_other_titles_are_marked(tmp_path: Path) -> None:
    workspace = Workspace(backend=MemoryBackend())
    workspace.add(ATTACK, np.ones(3))
    other = Workspace(backend=MemoryBackend())
    other.add(ATTACK, np.ones(4))
    workspace.load(other.save(tmp_path / "other.h5"), on_conflict="rename")
    workspace.select(f"{ATTACK} (2)")
    for html in (
        workspace_html.workspace_html(workspace),
        workspace_html.listing_html(workspace.describe()),
    ):
        text = Parsed(html).text
        assert text.count("selected)") == 1
        assert text.count("(title ") == 1
    lines = workspace_html.workspace_text(workspace).splitlines()
    assert [line.endswith("  selected") for line in lines] == [False, False, True]


def test_unknown_values_are_a_dash_and_are_not_requested() -> None:
    workspace = Workspace(backend=Distant())
    workspace.add("far", np.ones(3))

    html = workspace_html.workspace_html(workspace)

    assert "<td>–</td><td>–</td>" in html
    assert Parsed(html).pictures == 0


def test_the_thumbnails_stay_within_their_budget() -> None:
    image = Record("image", arrays={"data": np.ones((1000, 1000))})

    assert Budget().thumbnail(image, "")
    assert not Budget(until=0.0).thumbnail(image, "")
    assert not Budget(nbytes=1000).thumbnail(image, "")
    assert not Budget(characters=10).thumbnail(image, "")
    budget = Budget()
    budget.thumbnail(image, "")
    assert budget.nbytes == (64 - 4) << 20
    assert 0 < budget.characters < 100_000


def test_images_of_noise_and_long_names_stay_below_the_limit() -> None:
    workspace = Workspace(backend=MemoryBackend())
    noise = np.random.default_rng(0).normal(size=(64, 64))
    for number in range(60):
        title = f"{number}" + "<&'\">" * 90
        workspace.add(title, create_image(title, noise), group=ATTACK * 5)
        workspace.edit(title, xunit="'" * 500, yunit="&" * 500, zunit='"' * 500)

    assert len(workspace_html.workspace_html(workspace)) < MAX_HTML


def heads_of(html: str) -> list[str]:
    return re.findall(r"<th[^>]*>([^<]*)</th>", html)


def test_thumbnails_are_first_and_empty_columns_are_left_out() -> None:
    workspace = Workspace(backend=MemoryBackend())
    workspace.add("a", X)
    html = workspace_html.workspace_html(workspace)

    assert heads_of(html) == ["", "id", "name", "kind", "shape", "dtype", "size"]
    assert "<tbody><tr><td><img" in html

    workspace.edit("a", xunit="s")
    workspace.calc("stats", on="a")
    workspace.add("b", X, group="raw")
    added = set(heads_of(workspace_html.workspace_html(workspace))) - {*heads_of(html)}
    assert added == {"units", "group", "results"}
    assert "" not in heads_of(workspace_html.listing_html(workspace.describe()))


def test_a_long_name_shows_its_ends_and_is_whole_in_the_tooltip() -> None:
    workspace = Workspace(backend=MemoryBackend())
    name = f"first {ATTACK * 2} last"
    workspace.add(name, X)

    html = workspace_html.workspace_html(workspace)

    assert f'title="{escape(name)}">first &lt;/td&gt;' in html
    assert re.search(r"first [^\n]*…[^\n]* last\n", Parsed(html).text)
    assert f"{name[:20]}" in workspace_html.workspace_text(workspace)


@pytest.mark.parametrize("length", [4, 5, 40])
@given(text=st.text())
def test_a_string_shortened_in_the_middle_keeps_its_ends(
    text: str, length: int
) -> None:
    shown = shorten_middle(text, length)
    whole = shorten(text, len(text) + 1)

    assert len(shown) <= length
    if len(whole) <= length:
        assert shown == whole
    else:
        start, end = shown.split("…", 1) if "…" not in whole else (shown[0], shown[-1])
        assert whole.startswith(start)
        assert whole.endswith(end)


def test_a_list_of_no_results_is_shown_as_a_plain_list(loaded) -> None:
    loaded.run("from datalab_workspace.results_table import ResultList, Results")

    assert shown(loaded, "ResultList([None], Results())") == {"text/plain": "[None]"}


def test_a_record_that_is_not_read_is_shown_without_reading(tmp_path: Path) -> None:
    workspace_of(1).save(tmp_path / "project.h5")
    record = datalab_workspace.open(tmp_path / "project.h5").record("signal 0")
    (tmp_path / "project.h5").unlink()

    assert "not read yet" in object_html.record_html(record)
    assert repr(record) == "<Record 'signal 0': signal, 500 float64>"


def test_positions_on_an_axis_of_dates_are_dates() -> None:
    workspace = Workspace(backend=MemoryBackend())
    hours = np.arange("2024-01-01", "2024-01-02", dtype="datetime64[h]")
    workspace.add("dates", (hours, np.exp(-((np.arange(24.0) - 9) ** 2) / 8)))
    workspace.calc("fwhm", on="dates", method="gauss")
    workspace.calc("x_at_minmax", on="dates")
    results = workspace.results()

    shown = results_html.results_html(results)
    assert "<th>X@Ymax</th><td>2024-01-01 09:00:00</td>" in shown
    assert "<th>length (s)</th>" in shown
    assert "X@Ymax  2024-01-01 09:00:00" in repr(results)
    assert results["X@Ymax"].values == [hours[9].astype("datetime64[s]").astype(float)]
    assert "date" not in results.to_dataframe().columns
    tables = Plotter(workspace).plot("dates").tables
    assert "X@Ymax  2024-01-01 09:00:00" in "\n".join(map(repr, tables))
    card = Parsed(object_html.record_html(workspace.record("dates"))).text
    assert "2024-01-01 00:00:00 … 2024-01-01 23:00:00" in card
    assert "2024-01-01 09:00:00" in card.split("\n")


# -- objects --------------------------------------------------------------------------


def test_a_card_tells_axes_statistics_roi_results_and_metadata() -> None:
    image = create_image("spot", np.arange(600.0).reshape(20, 30))
    image.x0, image.dx, image.xlabel, image.xunit = 1.0, 0.5, "width", "mm"
    image.zlabel = "counts"
    image.roi = create_image_roi("rectangle", [0, 0, 5, 5], title="corner")
    image.metadata |= {
        "operator": "Ann",
        "Geometry_peak_dict": {
            "title": "peak",
            "kind": "point",
            "coords": [[1.25, 2.5]],
        },
    }

    text = html_of(image).text.split("\n")

    for expected in (
        *("spot", "image · 20 × 30 · float64 · 4.8 kB", "counts"),
        *("width (mm), from 1, step 0.5", "0 … 599", "1: corner"),
        *("1 result", "peak", "1.25", "2.5", "metadata: 1 entry", "operator", "Ann"),
    ):
        assert expected in text


def test_statistics_of_large_data_say_that_they_are_of_a_part() -> None:
    rows = 2 * MAX_VALUES // 1024
    image = create_image("large", np.zeros((rows, 1024), np.uint8))

    assert "values, from one row in 2" in html_of(image).text


@pytest.mark.parametrize("dtype", ["?", "u1", "i8", "f2", "f4", "f8", "c16", ">f8"])
def test_statistics_of_each_dtype(dtype: str) -> None:
    data = np.array([[0, 1, 1, 0]]).astype(dtype)

    found = Statistics.of(data)

    assert (found.minimum, found.maximum, found.mean) == (0.0, 1.0, 0.5)
    assert (found.deviation, found.unusable, found.every) == (0.5, 0, 1)


def test_statistics_leave_out_unusable_values() -> None:
    data = np.ma.array([1.0, np.nan, np.inf, 3.0, 99.0], mask=[0, 0, 0, 0, 1])

    found = Statistics.of(data)

    assert (found.minimum, found.maximum, found.mean, found.unusable) == (1, 3, 2, 3)
    assert Statistics.of(np.array([np.nan])).minimum is None
    huge = Statistics.of(np.array([1.7e308, -1.7e308]))
    assert (huge.mean, huge.deviation) == (0.0, 1.7e308)


@pytest.mark.parametrize("make", samples.OBJECTS.values(), ids=samples.OBJECTS)
def test_every_awkward_object_is_shown_without_a_warning(make) -> None:
    obj = make()

    parsed = html_of(obj)

    assert len(parsed.text) < MAX_HTML
    line = object_html.signal_text if hasattr(obj, "xydata") else object_html.image_text
    assert "\n" not in line(obj)
    assert len(line(obj)) < 500


# A failure shows the object, and guidata's repr casts complex numbers.
@pytest.mark.filterwarnings("ignore:Casting complex values to real")
@given(strategies.objects())
def test_any_object_is_shown(obj: Any) -> None:
    html_of(obj)


@pytest.mark.parametrize("value", samples.VALUES.values(), ids=samples.VALUES)
def test_any_metadata_is_shown(value: Any) -> None:
    signal = create_signal("s", X, X)
    signal.metadata["key"] = value() if callable(value) else value

    html_of(signal)


def test_metadata_of_any_size_and_type_takes_no_room() -> None:
    class Broken:
        def __repr__(self) -> str:
            raise ValueError("no repr")

    signal = create_signal("s", X, X)
    signal.metadata |= dict.fromkeys(range(1000), "x" * 10000)
    signal.metadata |= {
        "broken": Broken(),
        "bytes": bytes(1 << 20),
        "number": 10**5000,
        "list": list(range(100_000)),
    }

    html = object_html.signal_html(signal)

    assert len(html) < 60_000
    assert "964 more" in html


MARKUP = "<>&\"'/=` \n\x00\ud800"
texts = st.one_of(st.just(ATTACK), st.text(), st.text(alphabet=MARKUP))


@given(texts, texts, texts, texts, texts)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_no_text_of_an_object_becomes_markup(
    title: str, unit: str, key: str, value: str, group: str
) -> None:
    signal = create_signal("s", X, X)
    signal.title, signal.xunit, signal.ylabel = title, unit, unit
    signal.metadata = {
        key: value,
        "nested": {key: [value]},
        f"Table_{key}_dict": {"title": title, "names": [key], "data": [[value]]},
        "_roi_": {"single_rois": [{"title": title}]},
    }
    item = Description(
        *(title, "signal", "s001", unit, title, group, (3,), np.dtype(float)),
        *(unit, unit, unit, unit, unit, unit, 1, 2, 3, (value,)),
    )
    for html in (
        object_html.signal_html(signal),
        workspace_html.listing_html(Listing([item])),
        summaries_html.description_html(item),
        summaries_html.group_html(GroupInfo("signal", group, (title, value))),
        groups_html.groups_html(GroupList([GroupInfo("signal", group, (value,))])),
    ):
        parsed = Parsed(html)
        assert parsed.open == []
        html.encode()
    object_html.signal_text(signal).encode()
    summaries_html.description_text(item).encode()


@given(strategies.names())
def test_no_name_in_a_workspace_becomes_markup(name: str) -> None:
    workspace = Workspace(backend=MemoryBackend())
    workspace.add(name, X, group=name)
    workspace.edit(name, xunit=name)

    Parsed(workspace_html.workspace_html(workspace))


# -- pictures -------------------------------------------------------------------------


@pytest.mark.parametrize("levels", [2, 16, 17, 256])
@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (4, 8)])
def test_a_png_is_what_was_encoded(levels: int, shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(levels)
    palette = rng.integers(0, 256, (levels, 4)).astype(np.uint8)
    palette[:, 3] = 255
    pixels = rng.integers(0, levels, shape).astype(np.uint8)

    decoded = imread(BytesIO(encode(pixels, palette)), format="png")

    assert np.array_equal(np.rint(decoded * 255), palette[pixels])


def png_of(html: str) -> np.ndarray:
    match = re.search(r"base64,([^\"]+)", html)
    assert match
    return imread(BytesIO(b64decode(match[1])), format="png")


def test_a_curve_shows_a_spike_of_one_sample_and_leaves_gaps() -> None:
    y = np.zeros(1_000_000)
    y[500_000] = 1.0
    y[700_000:800_000] = np.nan

    x = np.arange(len(y))
    line = (
        png_of(thumbnails.curve(np.stack([x, y]), 320, 120).element(""))[..., 3] > 0.5
    )

    assert line.shape == (240, 640)
    assert line[:3].any(axis=0).nonzero()[0].tolist()[0] in range(316, 322)
    assert not line[:, 460:500].any()
    assert line[-3:].any(axis=0).sum() > 500


def test_the_tile_of_an_image_shows_its_lowest_dark_and_its_highest_bright() -> None:
    data = np.zeros((100, 100))
    data[:, 50:] = 1.0
    data[:10, :10] = np.nan
    tile = png_of(thumbnails.tile(data).element(""))

    assert tile[-1, 0, :3].sum() < tile[-1, -1, :3].sum()
    assert tile[0, 0, 3] == 0.0
