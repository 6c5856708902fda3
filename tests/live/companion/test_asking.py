"""Questions to the user, dialogs, and requests while one is open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from support.real_datalab.application import CALL, Application
from support.real_datalab.window_client import RefusedError, WindowClient, image, signal

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

EDITOR = "QApplication.activeModalWidget()"


@pytest.fixture
def attended(attended_companion_datalab: Application) -> Iterator[WindowClient]:
    """A client of a DataLab that shows its dialogs."""
    client = WindowClient(attended_companion_datalab)
    client.do({"op": "clear"}, {"op": "show", "kind": "signal"})
    yield client
    client.act("close_dialogs")


def dialog_is_open(client: WindowClient) -> bool:
    return bool(client.act("dialogs"))


def regions(kind: str) -> dict[str, Any]:
    """Return regions of interest as metadata holds them."""
    if kind == "signal":
        one = {"type": "SegmentROI", "coords": np.array([2.0, 5.0]), "indices": False}
    else:
        coords = np.array([1.0, 1.0, 3.0, 3.0])
        one = {"type": "RectangularROI", "coords": coords, "indices": False}
        one["inside"] = True
    return {"single_rois": [{**one, "title": "here"}]}


@pytest.mark.parametrize("kind", ["signal", "image"])
def test_regions_are_accepted(attended: WindowClient, kind: str) -> None:
    record = signal("object") if kind == "signal" else image("object")
    record.metadata["_roi_"] = regions(kind)
    other = attended.add("other", kind=kind)
    attended.do({"op": "add", "record": 0, "name": "object"}, records=[record])
    attended.do({"op": "select", "uuids": other})
    body = {"what": "roi", "uuid": record.uuid, "message": "Mark the background"}
    ticket = attended.ask("POST", "ask", body)["ticket"]
    attended.datalab.wait_until(lambda: dialog_is_open(attended), CALL)
    assert attended.act("dialogs") == ["Mark the background"]
    # While the dialog is open, requests that read are answered.
    assert attended.ask("GET", f"ask/{ticket}", wait=0) == {"state": "open"}
    assert attended.records(record.uuid)[0].title == "object"
    with pytest.raises(RefusedError) as refused:
        attended.add("new")
    assert (refused.value.status, refused.value.answer["dialog"]) == (
        423,
        "Mark the background",
    )
    attended.evaluate(f"[setattr({EDITOR}, 'modified', True), {EDITOR}.accept()][1:]")
    answer = attended.ask("GET", f"ask/{ticket}", wait=CALL)
    assert (answer["state"], answer["accepted"]) == ("answered", True)
    (region,) = answer["roi"]["single_rois"]
    assert region["type"] == regions(kind)["single_rois"][0]["type"]
    state = attended.snapshot()
    assert [o["roi"] for o in state["objects"]] == [0, 1]


def test_regions_are_removed(attended: WindowClient) -> None:
    record = signal("object")
    record.metadata["_roi_"] = regions("signal")
    attended.do({"op": "add", "record": 0, "name": "object"}, records=[record])
    ticket = attended.ask("POST", "ask", {"what": "roi", "uuid": record.uuid})["ticket"]
    attended.datalab.wait_until(lambda: dialog_is_open(attended), CALL)
    attended.evaluate(
        f"[editor.get_plot().del_item(item) for editor in [{EDITOR}]"
        " for item in list(editor.get_roi_items())]"
    )
    attended.evaluate(f"{EDITOR}.accept()")
    answer = attended.ask("GET", f"ask/{ticket}", wait=CALL)
    assert (answer["accepted"], answer["roi"]) == (True, None)
    assert attended.snapshot()["objects"][0]["roi"] == 0


def test_the_user_declines(attended: WindowClient) -> None:
    (uuid,) = attended.add("peak")
    ticket = attended.ask("POST", "ask", {"what": "roi", "uuid": uuid})["ticket"]
    attended.datalab.wait_until(lambda: dialog_is_open(attended), CALL)
    attended.evaluate(f"{EDITOR}.reject()")
    answer = attended.ask("GET", f"ask/{ticket}", wait=CALL)
    assert (answer["state"], answer["accepted"]) == ("answered", False)


def test_cancelling_closes_the_editor(attended: WindowClient) -> None:
    (uuid,) = attended.add("peak")
    ticket = attended.ask("POST", "ask", {"what": "roi", "uuid": uuid})["ticket"]
    attended.datalab.wait_until(lambda: dialog_is_open(attended), CALL)
    assert attended.ask("DELETE", f"ask/{ticket}")["state"] == "cancelled"
    assert attended.ask("GET", "ready", wait=CALL)["ready"]


def answered(
    client: WindowClient, body: dict[str, Any], act: Callable[[], Any]
) -> dict[str, Any]:
    """Ask, act as the user, and return the answer."""
    ticket = client.ask("POST", "ask", body)["ticket"]
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(client.ask, "GET", f"ask/{ticket}", wait=CALL)
        act()
        return dict(waiting.result())


def test_a_selection(companion: WindowClient) -> None:
    a, b = companion.add("a", "b")
    companion.do({"op": "select", "uuids": [a]})
    body = {"what": "selection", "kind": "signal"}
    answer = answered(companion, body, lambda: companion.act("select", "signal", [b]))
    assert (answer["state"], answer["uuids"]) == ("answered", [b])


def test_a_selection_by_a_client_is_no_answer(companion: WindowClient) -> None:
    a, b = companion.add("a", "b")
    ticket = companion.ask("POST", "ask", {"what": "selection"})["ticket"]
    companion.do({"op": "select", "uuids": [a]})
    assert companion.ask("GET", f"ask/{ticket}", wait=0)["state"] == "open"
    companion.act("select", "signal", [b])
    assert companion.ask("GET", f"ask/{ticket}", wait=CALL)["uuids"] == [b]


def test_a_point(companion: WindowClient) -> None:
    (uuid,) = companion.add("spot", kind="image")
    companion.do({"op": "select", "uuids": [uuid]}, {"op": "show", "kind": "image"})
    body = {"what": "point", "uuid": uuid}
    answer = answered(companion, body, lambda: companion.act("click", "image"))
    x, y = answer["point"]
    assert -8 < x < 16
    assert -8 < y < 16


def test_a_dialog_of_the_user(companion: WindowClient) -> None:
    companion.add("peak")
    before = companion.snapshot()
    companion.act("open_dialog", "Question")
    companion.datalab.wait_until(lambda: dialog_is_open(companion), CALL)
    assert companion.ask("GET", "hello")["dialog"] == "Question"
    assert companion.snapshot() == before
    with pytest.raises(RefusedError) as refused:
        companion.do({"op": "clear"})
    assert (refused.value.status, refused.value.answer["error"]) == (423, "dialog")
    reply = companion.ask("GET", "ready", wait=0.2)
    assert reply == {"ready": False, "dialog": "Question"}
    companion.act("close_dialogs")
    assert companion.ask("GET", "ready", wait=CALL)["ready"]
    assert companion.snapshot() == before


def test_what_is_not_in_time_is_never_done(companion: WindowClient) -> None:
    companion.add("peak")
    before = companion.snapshot()
    companion.act("keep_busy", 2)
    with pytest.raises(RefusedError) as refused:
        companion.do({"op": "clear"}, wait=0.5)
    assert (refused.value.status, refused.value.answer["error"]) == (423, "busy")
    assert companion.ask("GET", "hello")["pid"]  # which does not wait for the window
    assert companion.ask("GET", "ready", wait=CALL)["ready"]
    assert companion.snapshot() == before
