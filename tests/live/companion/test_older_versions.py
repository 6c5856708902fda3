"""The companion in each older DataLab: the main requests, once."""

from __future__ import annotations

import numpy as np
import pytest

from support.real_datalab.application import CALL, Application
from support.real_datalab.companion import Companion
from support.real_datalab.window_client import RefusedError, WindowClient, image, signal

# The first may have to make an environment.
pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture
def older(older_datalab: Application) -> WindowClient:
    """A client of an older DataLab, which is empty."""
    client = WindowClient(older_datalab)
    client.do({"op": "clear"}, {"op": "show", "kind": "signal"})
    return client


def names(client: WindowClient) -> dict[str, str]:
    return {o["uuid"]: o["name"] for o in client.snapshot()["objects"]}


def test_it_starts(older: WindowClient) -> None:
    hello = older.ask("GET", "hello")

    assert hello["datalab"] in ("1.0.4", "1.1.1", "1.2.2")
    assert hello["dialog"] is None
    assert "Traceback" not in older.datalab.log()
    older.datalab.check_companion_log()


def test_objects_come_back_whole(older: WindowClient) -> None:
    sent = [signal("peak", xlabel="t", xunit="s"), image("spot", side=64, xunit="mm")]
    sent[0].metadata.update({"user": 1, "array": np.arange(3), "pair": (1, None)})

    ops = [{"op": "add", "record": n, "name": r.title} for n, r in enumerate(sent)]
    uuids = older.do(*ops, records=sent)["uuids"]

    assert uuids == [record.uuid for record in sent]
    for record, found in zip(sent, older.records(*uuids), strict=True):
        np.testing.assert_array_equal(found.data, record.data)
        assert found.fields | record.fields == found.fields
    assert older.records(uuids[0])[0].metadata["pair"] == (1, None)


def test_the_operations(older: WindowClient) -> None:
    a, b, c = older.add("a", "b", "c")
    (d,) = older.add("d", group="second")
    (spot,) = older.add("spot", kind="image")
    titled = {"op": "add", "record": 0, "name": "fft(s003)", "composed": True}
    (fft,) = older.do(titled, records=[signal("fft(s003)")])["uuids"]

    done = older.do(
        {"op": "add_group", "kind": "signal", "group": "third"},
        {"op": "move", "uuids": [a], "group": "third", "index": 0},
        {"op": "rename", "uuid": a, "name": "A"},
        {"op": "edit", "uuid": c, "fields": {"xunit": "s"}, "metadata": [["k", 1]]},
        {"op": "replace", "uuid": c, "record": 0},
        {"op": "replace", "uuid": spot, "record": 1},
        {"op": "remove", "uuids": [b, d]},
        {"op": "select", "uuids": [a, c]},
        {"op": "show", "kind": "image"},
        records=[signal("c", 20), image("other", 4)],
    )

    state = older.snapshot()
    panel = state["panels"]["signal"]
    assert [group["objects"] for group in panel["groups"]] == [[c, fft], [], [a]]
    assert set(panel["selection"]) == {a, c}
    assert state["panels"]["shown"] == "image"
    assert older.act("titles", "signal") == {c: "c", fft: "fft(s001)", a: "A"}
    assert older.records(c)[0].shape == (20,)
    older.ask("POST", "undo", {"ticket": done["ticket"]})
    titles = {a: "a", b: "b", c: "c", fft: "fft(s003)", d: "d"}
    assert older.act("titles", "signal") == titles
    np.testing.assert_array_equal(older.records(spot)[0].data, image().data)


def test_computing(older: WindowClient) -> None:
    a, b = older.add("a", "b")
    difference = {"name": "difference", "on": [a], "with": b}

    (result,) = older.ask("POST", "compute", difference)["uuids"]

    assert older.records(result)[0].title == "s001-s002"
    with pytest.raises(RefusedError):
        older.ask("POST", "compute", {"name": "ifft", "on": [a]})


def test_a_screenshot(older: WindowClient) -> None:
    assert older.ask("GET", "screenshot", what="signal").startswith(b"\x89PNG")


def test_a_transaction_that_fails_does_nothing(older: WindowClient) -> None:
    (a,) = older.add("a")
    wrong = {"op": "rename", "uuid": "none", "name": "x"}

    with pytest.raises(RefusedError) as caught:
        older.do({"op": "rename", "uuid": a, "name": "b"}, wrong)

    assert caught.value.status == 404
    assert names(older) == {a: "a"}


def test_the_window_changes(older: WindowClient) -> None:
    a, b = older.add("a", "b")
    state = older.snapshot()

    older.act("rename", "signal", a, "renamed")
    added = older.act("add", "signal", "new", [1.0, 2.0])
    older.act("remove", "signal", [b])

    events = older.ask(
        "GET", "events", since=state["rev"], boot=state["boot"], wait=CALL
    )
    found = {event["event"] for event in events["events"]}
    assert found & {"added", "changed", "selection", "shown"}
    assert names(older) == {a: "renamed", added: "new"}


def test_a_dialog_lets_reads_through(older: WindowClient) -> None:
    (a,) = older.add("a")
    older.act("open_dialog", "A question")
    older.datalab.wait_until(lambda: bool(older.act("dialogs")), CALL)

    try:
        assert names(older) == {a: "a"}
        with pytest.raises(RefusedError) as caught:
            older.add("b")
    finally:
        older.act("close_dialogs")

    assert caught.value.answer["dialog"] == "A question"
    assert names(older) == {a: "a"}


def test_the_web_api_has_the_routes(older: WindowClient) -> None:
    datalab = older.datalab
    companion: Companion = datalab.companion
    if not datalab.has_web_api:
        with pytest.raises(OSError, match="refused"):
            companion.at(datalab.url).ask("GET", "hello")
        return

    assert companion.at(datalab.url).ask("GET", "hello")["boot"] == companion.boot
