"""The client of the Web API, against the real DataLab."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from datalab_workspace.errors import (
    DataLabError,
    InvalidNameError,
    NameConflictError,
    NoAnswerError,
    ObjectNotFoundError,
    TokenError,
    UnsupportedDtypeError,
    UnsupportedObjectError,
)
from datalab_workspace.live.clients.webapi import Listed, WebApi, can_route
from datalab_workspace.live.transport.base import Timeouts
from datalab_workspace.live.transport.native import NativeTransport
from datalab_workspace.live.transport.token import Token
from datalab_workspace.model.record import Record
from datalab_workspace.model.sigima_objects import to_object, to_record
from datalab_workspace.testing import assert_same
from datalab_workspace.testing.comparison import value_differences
from datalab_workspace.testing.samples import OBJECTS
from datalab_workspace.testing.samples.images import image, spot
from datalab_workspace.testing.samples.signals import gaussian, signal
from support.comparison import DTYPES
from support.real_datalab.application import Application

# The first of them may have to make DataLab's environment.
pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]

Connect = Callable[..., WebApi]

NAMES = [
    "a",
    "two words",
    " padded ",
    "é",
    "e\u0301",
    "😀",
    "100%2F",
    "?a=b&c#d",
    'quote " and \\',
    "a;b,c+d",
    "...",
    "data",
    "tab\there",
    "x" * 500,
]


@pytest.fixture
def web(datalab: Application, web_api: Connect) -> WebApi:
    return web_api(datalab.url, datalab.token)


def a_signal(points: int = 5) -> Record:
    return to_record((np.arange(float(points)), np.arange(float(points)) ** 2))


def test_the_status_needs_no_token(datalab: Application, web_api: Connect) -> None:
    status = web_api(datalab.url).status()

    assert (status.version, status.api_version) == ("1.3.0", "v1")
    assert status.needs_token


def test_no_token_is_needed_by_default(
    datalab_without_token: Application, web_api: Connect
) -> None:
    web = web_api(datalab_without_token.url)

    web.put("a", a_signal())

    assert not web.status().needs_token
    assert [item.name for item in web.objects()] == ["a"]
    assert web.get("a").shape == (5,)


@pytest.mark.parametrize("make", OBJECTS.values(), ids=OBJECTS)
def test_an_object_comes_back_as_it_went(web: WebApi, make: Any) -> None:
    record = to_record(make())

    web.put("x", record)

    found = web.get("x", uuid=record.uuid)
    assert found.uuid == record.uuid
    assert_same(to_object(record), to_object(found), but=("title",))


def test_the_object_bears_the_uuid_of_its_record(
    web: WebApi, datalab: Application
) -> None:
    record = a_signal()

    web.put("x", record)

    assert datalab.rpc.get_object_uuids("signal") == [record.uuid]


@pytest.mark.parametrize("dtype", DTYPES["image"])
def test_pixels_reach_datalab_bit_for_bit(
    web: WebApi, datalab: Application, dtype: str
) -> None:
    data = some_bits((7, 5), dtype)

    web.put("x", to_record(image(data)))

    body = datalab.bare("GET", "/objects/x/data?compress=true")
    with np.load(io.BytesIO(body)) as archive:
        assert not [*value_differences(data, archive["data"])]


@pytest.mark.parametrize("dtype", DTYPES["image"])
def test_pixels_come_from_datalab_bit_for_bit(
    web: WebApi, datalab: Application, dtype: str
) -> None:
    data = some_bits((7, 5), dtype)
    with io.BytesIO() as body:
        arrays = {"data": data}
        np.savez(body, **arrays)
        with zipfile.ZipFile(body, "a") as archive:
            archive.writestr("metadata.json", '{"type": "image"}')
        datalab.bare("PUT", "/objects/x/data", body.getvalue())

    assert not [*value_differences(data, web.get("x").array("data"))]


def some_bits(shape: tuple[int, int], dtype: str) -> np.ndarray[Any, Any]:
    count = shape[0] * shape[1] * np.dtype(dtype).itemsize
    bits = np.random.default_rng(1).integers(0, 256, count, np.uint8)
    return bits.view(dtype).reshape(shape)


def test_what_was_changed_in_datalab_wins(web: WebApi, datalab: Application) -> None:
    obj = gaussian()
    obj.metadata = {"pair": (1, 2), "kept": (3, 4)}
    record = to_record(obj)
    web.put("x", record)
    module, name, text = datalab.rpc.get_object(record.uuid)
    items = json.loads(text)
    items["metadata"]["pair"] = [5, 6]
    items["xlabel"] = "changed"
    datalab.rpc.set_object([module, name, json.dumps(items)])

    found = web.get("x")

    assert found.metadata["pair"] == [5, 6]
    assert found.metadata["kept"] == (3, 4)
    assert found.fields["xlabel"] == "changed"


def test_a_result_of_datalab_is_not_taken_for_its_source(
    web: WebApi, datalab: Application
) -> None:
    obj = gaussian()
    obj.metadata = {"pair": (1, 2)}
    web.put("x", to_record(obj))
    before = {item.name for item in web.objects()}
    web.select(["x"])
    datalab.rpc.set_current_panel("signal")
    datalab.rpc.calc("inverse")

    (result,) = {item.name for item in web.objects()} - before

    # The sidecar came along with the metadata, and applies no more.
    assert web.get(result).metadata["pair"] == [1, 2]


def test_results_and_regions_of_datalab_arrive(
    web: WebApi, datalab: Application
) -> None:
    web.put("x", to_record(gaussian()))
    web.select(["x"])
    datalab.rpc.set_current_panel("signal")
    datalab.rpc.calc("fwhm")

    found = web.get("x")

    result = found.metadata["Geometry_fwhm_dict"]
    assert (result["kind"], len(result["coords"])) == ("segment", 1)


# -- names ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_name_finds_its_object(web: WebApi, name: str) -> None:
    web.put(name, a_signal())
    web.put("other", a_signal(3))

    assert can_route(name)
    assert web.describe(name).name == name
    assert web.get(name).title == name
    web.remove(name)
    assert [item.name for item in web.objects()] == ["other"]


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\nb", "a\0b", "\ud800"])
def test_a_name_that_no_route_can_carry_is_refused(web: WebApi, name: str) -> None:
    assert not can_route(name)
    for attempt in (
        lambda: web.put(name, a_signal()),
        lambda: web.get(name),
        lambda: web.remove(name),
        lambda: web.describe(name),
        lambda: web.patch(name, xlabel="x"),
    ):
        with pytest.raises(InvalidNameError, match="cannot address"):
            attempt()
    assert web.objects() == []


def test_the_list(web: WebApi) -> None:
    obj = spot()
    obj.xlabel, obj.zunit = "X", "V"
    web.put("image", to_record(obj))
    web.put("signal", a_signal())

    signal_, image_ = web.objects()

    assert image_ == web.describe("image")
    assert isinstance(image_, Listed)
    assert (signal_.name, signal_.kind, signal_.shape) == ("signal", "signal", (5,))
    assert (image_.kind, image_.shape) == ("image", obj.data.shape)
    assert image_.dtype == obj.data.dtype
    assert (image_.texts["xlabel"], image_.texts["zunit"]) == ("X", "V")


# -- changes --------------------------------------------------------------------------


def test_a_patch_is_done_though_datalab_fails(web: WebApi) -> None:
    web.put("x", a_signal())

    web.patch("x", title="y", xlabel="Time", xunit="s")

    assert [item.name for item in web.objects()] == ["y"]
    assert web.describe("y").texts["xlabel"] == "Time"
    # What follows is not disturbed by the connection that DataLab has reset.
    web.put("z", a_signal())
    web.patch("y", xlabel="")
    assert web.describe("y").texts["xlabel"] == ""


def test_a_patch_that_is_not_done_is_told(web: WebApi) -> None:
    web.put("x", a_signal())
    web.put("y", a_signal())

    with pytest.raises(NameConflictError, match="'y'"):
        web.patch("x", title="y")
    with pytest.raises(InvalidNameError):
        web.patch("x", title="a/b")
    with pytest.raises(ValueError, match="did you mean 'xlabel'"):
        web.patch("x", xlable="a")
    with pytest.raises(DataLabError, match="failed to set zlabel"):
        web.patch("x", zlabel="a signal has none")
    with pytest.raises(ObjectNotFoundError):
        web.patch("none", xlabel="a")
    assert {item.name for item in web.objects()} == {"x", "y"}


def test_an_object_is_replaced_only_if_asked_to(web: WebApi) -> None:
    record = a_signal()
    web.put("x", record)

    with pytest.raises(NameConflictError, match="already has an object 'x'"):
        web.put("x", a_signal(7))
    assert web.describe("x").shape == (5,)
    new = a_signal(7)
    new.uuid = record.uuid
    web.put("x", new, overwrite=True)
    assert [item.shape for item in web.objects()] == [(7,)]


def test_a_selection(web: WebApi, datalab: Application) -> None:
    records = {name: a_signal() for name in "abc"}
    for name, record in records.items():
        web.put(name, record)
    web.put("image", to_record(spot()))
    datalab.rpc.set_current_panel("signal")

    web.select(["a", "c"])

    assert set(datalab.rpc.get_sel_object_uuids()) == {
        records["a"].uuid,
        records["c"].uuid,
    }
    with pytest.raises(ObjectNotFoundError, match="none"):
        web.select(["a", "none"])
    with pytest.raises(UnsupportedObjectError, match="multiple panels"):
        web.select(["a", "image"])


# -- refusals -------------------------------------------------------------------------


def test_what_is_missing_is_a_key_error(web: WebApi) -> None:
    for attempt in (web.get, web.describe, web.remove):
        with pytest.raises(ObjectNotFoundError, match="no object 'none' in DataLab"):
            attempt("none")


def test_a_dtype_that_datalab_lacks_is_refused_before_anything_is_sent(
    web: WebApi,
) -> None:
    data = np.array([[2**63 + 1]], np.uint64)

    with pytest.raises(UnsupportedDtypeError, match="uint64"):
        web.put("x", to_record(image(data)))

    assert web.objects() == []


@pytest.mark.parametrize("token", [None, "wrong"])
@pytest.mark.parametrize("size", [10, 2000])
def test_a_wrong_token_is_told(
    datalab: Application, web_api: Connect, token: str | None, size: int
) -> None:
    web = web_api(datalab.url, token)

    for attempt in (
        web.objects,
        lambda: web.get("x"),
        lambda: web.put("x", to_record(np.zeros((size, size)))),
        lambda: web.patch("x", title="y"),
        lambda: web.remove("x"),
        lambda: web.select(["x"]),
    ):
        with pytest.raises(TokenError, match="DATALAB_WORKSPACE_TOKEN") as caught:
            attempt()
        assert isinstance(caught.value, ConnectionError)
        assert "wrong" not in str(caught.value)


def test_the_token_is_in_no_text(datalab: Application, web: WebApi) -> None:
    transport = NativeTransport(datalab.url, token=Token(datalab.token))

    texts = [repr(web), str(web), repr(transport), repr(transport.url)]

    assert not any(datalab.token in text for text in texts)


def test_no_box_is_opened(attended_datalab: Application, web_api: Connect) -> None:
    """Whatever DataLab would refuse is converted, or refused before it is sent."""
    web = web_api(attended_datalab.url, attended_datalab.token)

    for make in OBJECTS.values():
        web.put("x", to_record(make()))
        web.get("x")
        web.remove("x")
    web.put("y", to_record(signal(np.empty((2, 0)))))

    assert attended_datalab.boxes() == []


def test_a_box_that_is_open_is_told(
    attended_datalab: Application, web_api: Connect
) -> None:
    """The watcher of dialogs, on which the test before relies, records one."""
    with io.BytesIO() as body:
        arrays = {"data": np.zeros((2, 2), np.int64)}
        np.savez(body, **arrays)
        with zipfile.ZipFile(body, "a") as archive:
            archive.writestr("metadata.json", '{"type": "image"}')
        with pytest.raises(TimeoutError):
            attended_datalab.bare("PUT", "/objects/x/data", body.getvalue(), 1)
    attended_datalab.wait_until(lambda: bool(attended_datalab.boxes()), 10)
    patience = Timeouts(read=2)
    web = web_api(attended_datalab.url, attended_datalab.token, timeouts=patience)

    with pytest.raises(NoAnswerError, match=r"within 2 s.* a dialog is open"):
        web.objects()

    assert "Unsupported data type" in attended_datalab.boxes()[0]
