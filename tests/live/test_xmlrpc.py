"""The client of XML-RPC, against the real DataLab."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xmlrpc.client import Binary

import numpy as np
import pytest

from datalab_workspace.errors import (
    DataLabError,
    InvalidNameError,
    NoAnswerError,
    ObjectNotFoundError,
    UnsupportedDtypeError,
)
from datalab_workspace.live.clients.xmlrpc import XmlRpc
from datalab_workspace.live.transport.base import Timeouts
from datalab_workspace.model.record import Record
from datalab_workspace.model.sigima_objects import to_object, to_record
from datalab_workspace.testing.comparison import differences, value_differences
from datalab_workspace.testing.samples import OBJECTS
from datalab_workspace.testing.samples.images import image, spot
from support.comparison import DTYPES
from support.real_datalab.application import Application

# The first of them may have to make DataLab's environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]

_PATIENCE = Timeouts(read=1)
TITLES = ["a/b", ".", "..", "", "s001", "é 😀", "<&>]]>", "tab\tand\nline", "x" * 500]


@pytest.fixture
def rpc(datalab: Application, xml_rpc: Callable[..., XmlRpc]) -> XmlRpc:
    return xml_rpc(datalab.rpc_port)


def a_signal(title: str = "a", points: int = 5) -> Record:
    record = to_record((np.arange(float(points)), np.arange(float(points)) ** 2))
    record.fields["title"] = title
    return record


def an_image(title: str = "i") -> Record:
    record = to_record(spot())
    record.fields["title"] = title
    return record


def test_the_version_is_told_at_once(rpc: XmlRpc) -> None:
    assert rpc.version() == "1.3.0"


@pytest.mark.parametrize("make", OBJECTS.values(), ids=OBJECTS)
def test_an_object_comes_back_as_it_went(rpc: XmlRpc, make: Any) -> None:
    record = to_record(make())

    rpc.add(record)

    found = rpc.get(record.uuid, record.kind)
    assert found.uuid == record.uuid
    different = differences(to_object(record), to_object(found))
    # DataLab notes in the metadata how it drew an object.
    assert not [line for line in different if not line.endswith("' is new")]
    assert not {
        key
        for key in found.metadata.keys() - record.metadata.keys()
        if not key.startswith("__")
    }


@pytest.mark.parametrize("dtype", DTYPES["image"])
def test_pixels_come_from_datalab_bit_for_bit(
    rpc: XmlRpc, datalab: Application, dtype: str
) -> None:
    data = np.arange(12).astype(dtype).reshape(3, 4) / np.asarray(1, dtype)
    data = data.astype(dtype)
    with io.BytesIO() as binary:
        np.save(binary, data)
        datalab.rpc.add_image("x", Binary(binary.getvalue()))
    (placed,) = rpc.panel("image")

    found = rpc.get(placed.uuid, "image")

    assert not [*value_differences(data, found.array("data"))]
    assert found.title == "x"


@pytest.mark.slow
def test_what_both_protocols_carry_is_the_same_object(
    rpc: XmlRpc, datalab: Application, web_api: Callable[..., Any]
) -> None:
    """What only XML-RPC brings comes back from what only the Web API was given."""
    web = web_api(datalab.url, datalab.token)
    for name, make in OBJECTS.items():
        # In JSON there is one NaN, and guidata loses what is infinite; DataLab sets
        # display options that are None.
        if name.endswith(("nan-payloads", "complex-specials", "display-options")):
            continue
        record = to_record(make())
        web.put(name, record)

        found = rpc.get(record.uuid, record.kind)

        but = ("title", "zscalemin", "zscalemax")  # a range that DataLab may fill in
        different = differences(to_object(record), to_object(found), but=but)
        assert not [line for line in different if not line.endswith("' is new")], name
        web.remove(name)


# -- by UUID --------------------------------------------------------------------------


@pytest.mark.parametrize("title", TITLES)
def test_any_title(rpc: XmlRpc, title: str) -> None:
    record, other = a_signal(title), a_signal("other")
    rpc.add(record)
    rpc.add(other)

    rpc.rename(other.uuid, "signal", title)

    assert [placed.title for placed in rpc.panel("signal")] == [title] * 2
    assert rpc.get(other.uuid, "signal").title == title


def test_what_xml_cannot_hold_is_refused(rpc: XmlRpc) -> None:
    record = a_signal()
    rpc.add(record)
    for title in ("a\0", "a\x1b", "\ud800"):
        with pytest.raises(InvalidNameError, match="cannot carry"):
            rpc.rename(record.uuid, "signal", title)
        with pytest.raises(InvalidNameError, match="cannot carry"):
            rpc.add(a_signal(title))
    assert [placed.title for placed in rpc.panel("signal")] == ["a"]


def test_a_title_that_xml_cannot_hold_is_read(
    rpc: XmlRpc, datalab: Application, web_api: Callable[..., Any]
) -> None:
    """The Web API can give an object such a title; Python could not parse the list."""
    web = web_api(datalab.url, datalab.token)
    web.put("x", a_signal())
    patch = b'{"title": "a\\u0001b"}'
    with pytest.raises(AssertionError, match="500"):  # having done it
        datalab.bare("PATCH", "/objects/x/metadata", patch)

    assert [placed.title for placed in rpc.panel("signal")] == ["a b"]


def test_it_is_replaced_where_it_is(rpc: XmlRpc) -> None:
    records = [a_signal(title) for title in "abc"]
    for record in records:
        rpc.add(record)
    new = a_signal("B", points=7)
    new.uuid = records[1].uuid

    rpc.replace(new)

    placed = rpc.panel("signal")
    assert [item.title for item in placed] == ["a", "B", "c"]
    assert [item.uuid for item in placed] == [record.uuid for record in records]
    assert rpc.get(new.uuid, "signal").shape == (7,)


def test_what_is_removed_is_what_was_named(rpc: XmlRpc) -> None:
    signals = [a_signal(title) for title in "abcd"]
    images = [an_image(title) for title in "xy"]
    for record in (*signals, *images):
        rpc.add(record)
    rpc.select([signals[3].uuid], "signal", show=True)

    rpc.remove([signals[0].uuid, signals[2].uuid], "signal")
    rpc.remove([images[0].uuid], "image")
    rpc.remove([], "image")

    assert [placed.title for placed in rpc.objects()] == ["b", "d", "y"]
    # The window shows what it showed, and the same is selected.
    assert rpc.shown() == "signal"
    assert rpc.selection() == [signals[3].uuid]


def test_nothing_happens_to_others(rpc: XmlRpc) -> None:
    kept = a_signal()
    rpc.add(kept)
    rpc.select([kept.uuid], "signal", show=True)
    stranger = a_signal("stranger")

    for attempt in (
        lambda: rpc.get(stranger.uuid, "signal"),
        lambda: rpc.get(kept.uuid, "image"),
        lambda: rpc.replace(stranger),
        lambda: rpc.rename(stranger.uuid, "signal", "new"),
        lambda: rpc.remove([stranger.uuid], "signal"),
        lambda: rpc.remove([kept.uuid, stranger.uuid], "signal"),
        lambda: rpc.remove([kept.uuid], "image"),
        lambda: rpc.select([stranger.uuid], "signal"),
    ):
        with pytest.raises(ObjectNotFoundError):
            attempt()
    with pytest.raises(ValueError, match="nothing"):
        rpc.select([], "signal")
    with pytest.raises(DataLabError, match="already"):
        rpc.add(kept)

    assert [placed.title for placed in rpc.objects()] == ["a"]
    assert rpc.selection() == [kept.uuid]


def test_a_dtype_that_datalab_lacks_is_refused(rpc: XmlRpc) -> None:
    with pytest.raises(UnsupportedDtypeError, match="uint64"):
        rpc.add(to_record(image(np.array([[2**63 + 1]], np.uint64))))

    assert rpc.objects() == []


# -- groups, selection, refresh -------------------------------------------------------


def test_groups(rpc: XmlRpc) -> None:
    first = a_signal("first")
    rpc.add(first)
    rpc.add(an_image())

    groups = rpc.add_group("signal", "mine")
    rpc.select_group("signal", groups[-1].number)
    second = a_signal("second")
    rpc.add(second)
    rpc.select_group("signal", 1)
    third = a_signal("third")
    rpc.add(third)
    assert rpc.members("signal", 1) == [first.uuid, third.uuid]
    assert rpc.members("signal", 3) is None

    found = [(group.number, group.title, group.uuids) for group in rpc.groups("signal")]
    assert found == [
        (1, "", (first.uuid, third.uuid)),
        (2, "mine", (second.uuid,)),
    ]
    assert [group.title for group in rpc.groups("image")] == [""]
    titles = [placed.title for placed in rpc.panel("signal")]
    assert titles == ["first", "third", "second"]


def test_a_group_is_the_target_of_both_protocols(
    rpc: XmlRpc, datalab: Application, web_api: Callable[..., Any]
) -> None:
    groups = rpc.add_group("image", "mine")
    rpc.select_group("image", groups[-1].number)
    record = an_image()

    web_api(datalab.url, datalab.token).put("x", record)

    assert rpc.groups("image")[-1].uuids == (record.uuid,)


def test_a_value_that_datalab_cannot_send_disturbs_nothing(
    rpc: XmlRpc, datalab: Application
) -> None:
    """Each later call that returns nothing then fails, having done what it is to do."""
    add_group = {"args": ["other"], "kwargs": {}, "panel": "signal"}
    with pytest.raises(Exception, match="cannot marshal"):
        datalab.rpc.call_method("add_group", add_group)
    record = a_signal()

    rpc.add(record)
    rpc.rename(record.uuid, "signal", "renamed")
    rpc.select([record.uuid], "signal", show=True)

    assert rpc.selection() == [record.uuid]
    rpc.remove([record.uuid], "signal")
    assert rpc.objects() == []


@pytest.mark.parametrize("setting", [True, False])
def test_refresh_is_as_the_user_had_it(
    rpc: XmlRpc,
    datalab: Application,
    setting: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(datalab.folder / "config"))
    datalab.rpc.toggle_auto_refresh(setting)

    with rpc.refresh_off():
        assert "auto_refresh = False" in datalab.settings.read_text()
    assert f"auto_refresh = {setting}" in datalab.settings.read_text()
    with pytest.raises(KeyboardInterrupt), rpc.refresh_off():
        raise KeyboardInterrupt
    assert f"auto_refresh = {setting}" in datalab.settings.read_text()


def test_refresh_is_left_alone_where_the_setting_is_not_known(
    rpc: XmlRpc, datalab: Application
) -> None:
    datalab.rpc.toggle_auto_refresh(True)

    with rpc.refresh_off():
        assert "auto_refresh = True" in datalab.settings.read_text()


def test_a_picture_of_the_window(rpc: XmlRpc, tmp_path: Path) -> None:
    rpc.screenshot(str(tmp_path / "window"))

    (picture,) = tmp_path.glob("window_*.png")
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_call_that_is_wrong_is_told(rpc: XmlRpc) -> None:
    with pytest.raises(DataLabError, match='method "misspelt" is not supported'):
        rpc.call("misspelt")
    with pytest.raises(DataLabError, match="cannot carry the arguments"):
        rpc.call("get_object", object())
    with pytest.raises(DataLabError, match="cannot carry the arguments"):
        rpc.call("get_object", 2**40)


# -- dialogs --------------------------------------------------------------------------


def test_no_box_is_opened(
    attended_datalab: Application, xml_rpc: Callable[..., XmlRpc]
) -> None:
    rpc = xml_rpc(attended_datalab.rpc_port)

    for make in OBJECTS.values():
        record = to_record(make())
        rpc.add(record)
        rpc.get(record.uuid, record.kind)
    rpc.rename(record.uuid, record.kind, "renamed")
    rpc.replace(record)
    rpc.remove([record.uuid], record.kind)
    groups = rpc.add_group(record.kind, "new")
    rpc.select_group(record.kind, groups[-1].number)
    rpc.groups("signal")

    assert attended_datalab.boxes() == []


def test_status_names_a_stuck_protocol_while_the_other_answers(
    new_datalab: Callable[[], Application],
    xml_rpc: Callable[..., XmlRpc],
    web_api: Callable[..., Any],
) -> None:
    datalab = new_datalab()
    web = web_api(datalab.url, datalab.token)
    rpc = xml_rpc(datalab.rpc_port)
    with io.BytesIO() as binary:
        np.save(binary, np.zeros((2, 2), np.int64))
        stuck = xml_rpc(datalab.rpc_port, timeouts=_PATIENCE)
        with pytest.raises(NoAnswerError, match=r"within 1 s.* a dialog is open"):
            stuck.call("add_image", "x", Binary(binary.getvalue()))

    start = time.monotonic()
    with pytest.raises(NoAnswerError):
        rpc.version()
    assert time.monotonic() - start < 5
    web.put("y", a_signal())
    assert [item.name for item in web.objects()] == ["y"]
    # Any new object sets the stuck thread free, in DataLab 1.3.
    datalab.close_boxes()
    web.put("z", a_signal())
    assert rpc.version(10) == "1.3.0"
