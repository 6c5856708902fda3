"""The kernel's half of `workspace.browse`: its rows, messages and actions."""

from __future__ import annotations

import gc
import json
import re
import sys
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datalab_kernel_core.browse import pictures, registration
from datalab_kernel_core.browse.messages import MOST_ROWS, RowsRequest
from datalab_kernel_core.browse.panel import Panel
from datalab_kernel_core.browse.saved_picture import MOST_ROWS as MOST_PICTURE_ROWS
from datalab_kernel_core.browse.saved_picture import SavedPicture
from datalab_workspace import Workspace, panels, runtime
from datalab_workspace.errors import NameConflictError
from datalab_workspace.operations.object_list import Outline
from support.panel_messages import Page

MANY = 5_000
SVG = "http://www.w3.org/2000/svg"
#: The bytes of one message, of which a screen has two: rows and pictures.
MOST_BYTES = 100_000


@pytest.fixture(autouse=True)
def registered() -> None:
    registration.install()


@pytest.fixture
def page(workspace: Workspace) -> Page:
    workspace.update({"peak": np.arange(9.0), "noisy": np.ones(9)}, group="raw")
    workspace.add("spot", np.eye(8))
    return Page(workspace.browse())


@pytest.fixture(scope="module")
def many() -> Workspace:
    workspace = Workspace()
    x = np.arange(200.0)
    noise = np.random.default_rng(0).normal(size=(MANY, 200))
    half = MANY // 2
    for group, part in (("first", range(half)), ("second", range(half, MANY))):
        objects = {f"measured {n:04}": (x, noise[n]) for n in part}
        workspace.update(objects, group=group, copy=False)
    return workspace


# -- rows -----------------------------------------------------------------------------


def test_rows_are_groups_and_their_objects(page: Page) -> None:
    group, peak, noisy, images, spot = page.rows()

    assert (group["level"], group["name"], group["count"]) == (1, "raw", 2)
    assert group["open"]
    assert group["place"] == [1, 2]
    assert (peak["name"], peak["id"], peak["shape"]) == ("peak", "s001", "9")
    assert (peak["kind"], peak["dtype"], peak["size"]) == ("signal", "float64", "144 B")
    assert noisy["place"] == [2, 2]
    assert images["kind"] == "image"
    assert spot["shape"] == "8 × 8"


def test_a_closed_group_has_no_rows_of_objects(page: Page) -> None:
    assert page.names(closed=["signal:raw"]) == ["raw", "", "spot"]
    assert not page.rows(closed=["signal:raw"])[0]["open"]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("PEAK", ["raw", "peak"]),
        ("s002", ["raw", "noisy"]),
        ("raw no", ["raw", "noisy"]),
        ("raw", ["raw", "peak", "noisy"]),
        ("  ", ["raw", "peak", "noisy", "", "spot"]),
        ("nothing", []),
    ],
)
def test_a_search_finds_names_ids_and_groups(
    page: Page, search: str, found: list[str]
) -> None:
    assert page.names(search=search) == found
    reply = page.messages[-1]
    assert reply["found"] == sum(row["level"] == 2 for row in reply["rows"])
    assert reply["objects"] == 3


def test_only_what_is_seen_is_sent(many: Workspace) -> None:
    page = Page(many.browse())

    reply = page.ask("rows", first=2000, count=60)

    assert reply["total"] == MANY + 2
    assert [row["name"] for row in reply["rows"][:2]] == [
        "measured 1999",
        "measured 2000",
    ]
    assert len(reply["rows"]) == 60
    assert len(json.dumps(reply)) < MOST_BYTES / 2
    assert len(page.rows(count=10**9)) == MOST_ROWS
    page.panel.close()


def test_a_screen_of_pictures_is_small(many: Workspace, monkeypatch) -> None:
    monkeypatch.setattr(pictures, "_SECONDS", 60.0)
    page = Page(many.browse())
    wanted = [row["key"] for row in page.rows(count=40) if row["level"] == 2]

    reply = page.ask("pictures", uuids=wanted)

    sent = page.buffers[-1]
    assert 10 < len(sent) == len(reply["pictures"])
    assert all(png.startswith(b"\x89PNG") for png in sent)
    assert sum(map(len, sent)) < MOST_BYTES / 1.5
    page.panel.close()


@given(st.integers(-5, 12), st.integers(-5, 12), st.sampled_from([[], ["signal:raw"]]))
def test_any_window_is_a_part_of_all_rows(first: int, count: int, closed: Any) -> None:
    workspace = Workspace()
    workspace.update({"a": np.zeros(2), "b": np.zeros(2)}, group="raw")
    workspace.update({"c": np.eye(2)})
    page = Page(workspace.browse())
    every = page.rows(closed=closed)

    reply = page.ask("rows", first=first, count=count, closed=closed)

    begin = reply["first"]
    assert reply["rows"] == every[begin : begin + max(count, 0)]
    page.panel.close()


def test_the_place_of_the_active_row_is_reported(page: Page) -> None:
    key = page.key("noisy")

    assert page.ask("rows", active=key)["active"] == [key, 2]
    assert page.ask("rows", active=key, search="spot")["active"] == [key, None]
    assert page.ask("rows", active="gone")["active"] == ["gone", None]


def test_a_range_of_rows_is_chosen(page: Page) -> None:
    peak, spot = page.key("peak"), page.key("spot")

    assert page.ask("keys", ends=[spot, peak])["keys"] == [
        page.key(name) for name in ("peak", "noisy", "spot")
    ]
    assert len(page.ask("keys")["keys"]) == 3
    assert page.ask("keys", search="peak")["keys"] == [peak]


def test_names_are_sent_as_short_strings_and_as_a_whole(workspace: Workspace) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    workspace.update({hostile: np.zeros(2), "n" * 500: np.zeros(2)})
    page = Page(workspace.browse())

    _, one, other = page.rows()

    assert one["name"] == hostile  # which the page shows as text
    assert hostile not in page.panel._repr_mimebundle_()["text/html"]
    assert len(other["name"]) < 200
    assert other["full"] == "n" * 500


# -- changes --------------------------------------------------------------------------


def test_every_change_is_sent_to_the_views(page: Page, workspace: Workspace) -> None:
    page.ask("rows", view="one", count=10)
    page.ask("rows", view="two", count=10, search="spot")

    workspace.rename("spot", "dot")

    one, two = page.messages[-2:]
    assert (one["ask"], one["view"]) == ("changes", "one")
    assert [row["name"] for row in one["rows"]][-1] == "dot"
    assert (two["view"], two["rows"]) == ("two", [])


def test_only_a_change_of_the_data_changes_the_stamp(
    page: Page, workspace: Workspace
) -> None:
    def stamp() -> str:
        return str(page.rows()[1]["stamp"])

    before = stamp()
    workspace.edit("peak", xunit="s")
    workspace.select("peak")
    assert stamp() == before
    workspace.add("peak", np.zeros(9), overwrite=True)
    assert stamp() != before


def test_the_selection_is_marked_and_followed(page: Page, workspace: Workspace) -> None:
    assert not any(row.get("selected") for row in page.rows())

    workspace.select(["noisy"])

    assert page.messages[-1]["ask"] == "changes"
    assert [r["name"] for r in page.messages[-1]["rows"] if r.get("selected")] == [
        "noisy"
    ]


def test_the_views_that_asked_last_receive_changes(
    page: Page, workspace: Workspace
) -> None:
    for number in range(10):
        page.ask("rows", view=str(number))
    before = len(page.messages)

    workspace.remove("spot")

    assert [message["view"] for message in page.messages[before:]] == list("6789")


def test_a_closed_panel_follows_nothing(page: Page, workspace: Workspace) -> None:
    page.rows()
    page.panel.close()
    page.panel.close()
    before = len(page.messages)

    workspace.remove("spot")

    assert len(page.messages) == before
    assert "peak" in page.panel._repr_mimebundle_()["text/plain"]


def test_a_panel_that_nobody_shows_is_released(workspace: Workspace) -> None:
    panel = workspace.browse()
    released = weakref.ref(panel)
    del panel
    gc.collect()

    assert released() is None
    workspace.add("x", np.zeros(3))


# -- actions --------------------------------------------------------------------------


def test_objects_are_renamed_moved_and_removed(
    page: Page, workspace: Workspace
) -> None:
    assert page.act("rename", "peak", name="line")["done"] == "renamed to line"
    assert page.act("move", "line", "spot", name="best")["done"] == (
        "moved 2 objects to best"
    )
    assert [group.names for group in workspace.groups() if group.title == "best"] == [
        ("line",),
        ("spot",),
    ]
    assert page.act("remove", "line", "spot")["done"] == "removed 2 objects"
    assert workspace.list() == ["noisy"]
    assert page.act("undo")["done"] == "the last change is undone"
    assert set(workspace.list()) == {"line", "noisy", "spot"}


def test_a_group_is_renamed_and_its_objects_are_removed(
    page: Page, workspace: Workspace
) -> None:
    page.act("rename group", group="signal:raw", name="measured: today")
    assert page.names()[0] == "measured: today"

    page.ask("act", action="remove", members="signal:measured: today")

    assert workspace.list() == ["spot"]
    gone = page.ask("act", action="remove", members="signal:raw")
    assert gone["error"] == "LookupError: this group is gone"


def test_objects_are_exported(page: Page, workspace: Workspace, tmp_path: Path) -> None:
    workspace.edit("peak", metadata={"operator": "Ada"})

    one = page.act("export", "peak", name=str(tmp_path / "peak.npy"))
    both = page.act("export", "peak", "spot", name=str(tmp_path / "{name}.csv"))

    assert one["done"].startswith("exported 1 object to ")
    assert "metadata" in one["done"]  # the warning of what the file does not hold
    assert both["done"].startswith("exported 2 objects to ")
    assert {path.name for path in tmp_path.iterdir()} == {
        *("peak.npy", "peak.csv", "spot.csv"),
    }
    again = page.act("export", "peak", name=str(tmp_path / "peak.npy"))
    assert again["error"].startswith("FileExistsError")


def test_objects_are_selected(page: Page, workspace: Workspace) -> None:
    assert page.act("select", "peak", "spot")["done"] == "selected 2 objects"
    assert workspace.selection == ["peak", "spot"]


@pytest.mark.parametrize(
    ("asked", "content", "error"),
    [
        ("tea", {}, "ValueError: expected a request of the panel, got 'tea'"),
        ("act", {"action": "eat"}, "ValueError: expected an action of the menu"),
        ("act", {"action": "remove", "uuids": ["gone"]}, "LookupError: the chosen"),
        ("detail", {"uuid": "gone"}, "LookupError: this object is gone"),
        ("explore", {"uuid": "gone"}, "ObjectNotFoundError:"),
        ("rows", {"first": "x"}, "ValueError:"),
    ],
)
def test_an_error_is_sent(page: Page, asked: str, content: Any, error: str) -> None:
    assert page.ask(asked, **content)["error"].startswith(error)


def test_a_name_in_use_is_refused(page: Page, workspace: Workspace) -> None:
    error = page.act("rename", "peak", name="noisy")["error"]

    assert error.startswith(NameConflictError.__name__)
    assert "noisy" in error
    assert workspace.list("signal") == ["peak", "noisy"]


# -- pictures -------------------------------------------------------------------------


def test_an_object_is_shown_with_its_properties(
    page: Page, workspace: Workspace
) -> None:
    workspace.edit("peak", xlabel="time", xunit="s")

    reply = page.ask("detail", uuid=page.key("peak"))

    assert reply["name"] == "peak"
    assert reply["facts"] == [["signal", "9 float64, 144 B"], ["x", "time (s)"]]
    assert page.buffers[-1][0].startswith(b"\x89PNG")


def test_an_object_is_explored(page: Page) -> None:
    one = page.ask("explore", uuid=page.key("peak"))
    (picture,) = page.buffers[-1]
    other = page.ask("explore", uuid=page.key("spot"))

    assert one["alternative"] == "<View of 'peak'>"
    assert other["alternative"] == "<View of 'spot'>"
    assert picture.startswith(b"\x89PNG")


def test_an_explored_object_is_followed_and_drawn_on(
    page: Page, workspace: Workspace
) -> None:
    page.ask("explore", uuid=page.key("spot"))
    view = page.panel._explored
    assert view is not None
    add = {"ask": "edit", "do": "add", "what": "region", "shape": "circle"}

    workspace.add("spot", np.full((5, 8), 2.0), overwrite=True)
    assert view._widget.about["shape"] == (5, 8)
    with pytest.raises(ValueError, match="edit_roi=True"):
        view._reply({**add, "coords": [3, 2, 1]})
    view._reply({"ask": "draw", "draws": True})
    view._reply({**add, "coords": [3, 2, 1]})
    assert len(workspace["spot"].roi) == 1

    page.panel.close()
    assert view._channel is None


@pytest.mark.parametrize("nbytes", [0, 1 << 30])
def test_data_in_a_file_is_read_if_it_is_small(
    tmp_path: Path, monkeypatch, nbytes: int
) -> None:
    saved = Workspace()
    saved.add("stored", np.arange(50_000.0))
    saved.save(tmp_path / "p.h5")
    workspace = Workspace()
    workspace.load(tmp_path / "p.h5", lazy=True)
    monkeypatch.setattr(pictures, "_MOST_READ", nbytes)
    page = Page(workspace.browse())

    reply = page.ask("pictures", uuids=[page.key("stored"), "gone"])

    size = [96, 24] if nbytes else None
    assert reply["pictures"] == [[page.key("stored"), size], ["gone", None]]


def test_slow_pictures_are_left_to_another_message(page: Page, monkeypatch) -> None:
    monkeypatch.setattr(pictures, "_SECONDS", 0.0)
    keys = [page.key("peak"), page.key("noisy")]

    assert len(page.ask("pictures", uuids=keys)["pictures"]) == 1


# -- without a page -------------------------------------------------------------------


def test_a_notebook_keeps_a_picture_with_an_alternative_text(page: Page) -> None:
    bundle = page.panel._repr_mimebundle_()

    assert sorted(bundle) == ["text/html", "text/plain"]
    (image,) = re.findall("<img .*?>", bundle["text/html"])
    assert bundle["text/html"] == f'<div class="{page.panel._mark}">{image}</div>'
    expected = "Workspace, 3 objects; raw: peak, noisy; images: spot"
    assert f'alt="{expected}"' in image
    assert {"raw", "peak", "noisy", "images", "spot", "s002"} <= texts_of(image)
    assert svg_of(image).count("<image ") == 3
    assert repr(page.panel).startswith("<Panel of <Workspace standalone")


def test_a_picture_of_many_objects_is_one_screen(many: Workspace) -> None:
    panel = many.browse()

    html = panel._repr_mimebundle_()["text/html"]

    assert len(html) < MOST_BYTES
    texts = texts_of(html)
    assert {"Workspace, 5000 objects", "first", "measured 0018"} <= texts
    assert f"{MANY + 2 - MOST_PICTURE_ROWS} more rows" in texts
    assert "measured 0019" not in texts
    assert "; 4982 more rows" in html
    panel.close()


@given(st.text(), st.text())
def test_any_name_makes_a_picture_that_can_be_read(name: str, group: str) -> None:
    """Files and DataLab may have names that the workspace itself would refuse."""
    rows = [
        {"level": 1, "kind": "signal", "name": group, "count": 1},
        {"level": 2, "key": "u", "name": name, "id": "s001", "selected": True},
    ]

    html = SavedPicture("Workspace", rows, 0, {}).element()

    assert {"Workspace", "1 signal", "s001", "●"} <= texts_of(html)
    assert (html.count("<"), html.count(">")) == (1, 1)


def svg_of(html: str) -> str:
    """The picture in an element that shows one."""
    (source,) = re.findall(r'src="data:image/svg\+xml,(.*?)"', html)
    return unquote(source)


def texts_of(html: str) -> set[str | None]:
    """The strings in a picture, which is parsed as strictly as by a browser."""
    texts = ElementTree.fromstring(svg_of(html)).iter(f"{{{SVG}}}text")
    return {text.text for text in texts}


def test_without_the_extension_the_error_says_what_to_load(
    workspace: Workspace, monkeypatch
) -> None:
    monkeypatch.setattr(panels, "_providers", [])

    with pytest.raises(ImportError, match=r"run %load_ext datalab_kernel_core, .* pip"):
        workspace.browse()
    monkeypatch.setattr(runtime, "IN_BROWSER", True)
    with pytest.raises(ImportError, match="run %load_ext datalab_kernel_core; print"):
        workspace.browse()


def test_without_anywidget_the_error_names_the_extra(
    workspace: Workspace, monkeypatch
) -> None:
    monkeypatch.delitem(sys.modules, "datalab_kernel_core.browse.widget", False)
    monkeypatch.setitem(sys.modules, "anywidget", None)

    with pytest.raises(ImportError, match=r"browse\(\) needs anywidget, .*interactive"):
        workspace.browse()
    monkeypatch.setattr(runtime, "IN_BROWSER", True)
    with pytest.raises(ImportError, match="must be added to the environment") as caught:
        workspace.browse()
    assert "pip" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_the_extension_registers_the_panel(loaded: Any, monkeypatch) -> None:
    assert panels.provider() is registration._panel
    loaded.run("workspace.add('x', np.arange(3.0))")

    assert isinstance(loaded.run("workspace.browse()"), Panel)


def test_an_outline_asks_for_nothing(workspace: Workspace) -> None:
    workspace.add("a", np.zeros(3), group="one")
    outline = Outline(workspace._session)

    (group,) = outline.groups()
    ((uuid, name, short_id),) = group.entries
    assert (group.kind, group.title, name, short_id) == ("signal", "one", "a", "s001")
    assert outline.previews(["gone", uuid])[uuid].name == "a"
    assert outline.selected() == frozenset()


def test_requests_have_defaults() -> None:
    assert RowsRequest.of({}) == RowsRequest()


@pytest.mark.parametrize("own", [True, False])
def test_callbacks_ask_for_the_selection(workspace: Workspace, own: bool) -> None:
    events: list[str] = []
    workspace.add("a", np.zeros(3))
    handle: Callable[[], Any] = workspace.on_change(
        lambda event: events.append(event.kind), selection=own
    ).cancel

    workspace.select("a")
    workspace.select("a")
    workspace.select([])

    assert events == ["selected"] * 2 * own
    handle()
    workspace.select("a")
    assert events == ["selected"] * 2 * own
