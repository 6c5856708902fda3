"""Events: what happens in the window reaches a waiting client."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from support.real_datalab.window_client import WindowClient

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]


def after(companion: WindowClient, act: Callable[[], Any]) -> list[dict[str, Any]]:
    """Return the events of the look that follows an action."""
    state = companion.snapshot()
    wait = {"since": state["rev"], "boot": state["boot"], "wait": 20}
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(companion.ask, "GET", "events", **wait)
        act()
        answer = waiting.result()
    assert not answer["missed"]
    return list(answer["events"])


def names(events: list[dict[str, Any]]) -> set[str]:
    return {event["event"] for event in events}


def test_the_window_adds_an_object(companion: WindowClient) -> None:
    events = after(companion, lambda: companion.act("add", "signal", "new", [1, 2]))
    assert names(events) >= {"added"}
    assert all(event["by"] is None for event in events)


def test_the_window_renames_an_object(companion: WindowClient) -> None:
    (uuid,) = companion.add("peak")
    companion.do({"op": "select", "uuids": [uuid]})
    events = after(companion, lambda: companion.act("rename", "signal", uuid, "line"))
    assert {"event": "changed", "uuids": [uuid], "parts": ["title"]}.items() <= events[
        0
    ].items()
    assert companion.snapshot()["objects"][0]["name"] == "line"


def test_the_window_removes_an_object(companion: WindowClient) -> None:
    (uuid, _) = companion.add("peak", "other")
    companion.do({"op": "select", "uuids": [uuid]})
    events = after(companion, lambda: companion.act("remove", "signal", [uuid]))
    assert ["removed", [uuid]] in [[e["event"], e["uuids"]] for e in events]


def test_the_window_selects_and_shows(companion: WindowClient) -> None:
    (uuid,) = companion.add("peak")
    events = after(companion, lambda: companion.act("select", "signal", [uuid]))
    assert [[e["event"], e["uuids"]] for e in events] == [["selection", [uuid]]]
    assert names(after(companion, lambda: companion.act("show", "image"))) == {"shown"}


def test_a_silent_change_is_found(companion: WindowClient) -> None:
    (uuid,) = companion.add("peak")
    change = f"setattr(main.signalpanel.objmodel[{uuid!r}], 'xunit', 's')"
    events = after(companion, lambda: companion.evaluate(change))
    assert events[0]["parts"] == ["labels"]


def test_the_author_is_reported(companion: WindowClient) -> None:
    events = after(companion, lambda: companion.add("peak"))
    assert [event["by"] for event in events] == [companion.client]


def test_a_snapshot_tells_what_changed_since(companion: WindowClient) -> None:
    a, b = companion.add("a", "b")
    before = companion.snapshot()
    query = {"since": before["rev"], "boot": before["boot"]}
    same = companion.snapshot(**query)
    assert (same["full"], same["objects"], same["panels"]) == (False, [], None)
    answer = companion.do({"op": "remove", "uuids": [a]}, **query)
    assert answer["snapshot"]["removed"] == [a]
    assert answer["snapshot"]["rev"] == answer["rev"]
    companion.do({"op": "edit", "uuid": b, "fields": {"xunit": "s"}})
    (found,) = companion.snapshot(**query)["objects"]
    assert found["changed"].keys() == {"labels"}
