"""Transactions: what each operation does, and that a failing one leaves nothing."""

from __future__ import annotations

import numpy as np
import pytest

from support.real_datalab.window_client import RefusedError, WindowClient, image, signal

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]


def titles(companion: WindowClient, kind: str = "signal") -> list[list[str]]:
    """Return the titles of the objects in each group."""
    state = companion.snapshot()
    title = {o["uuid"]: o["fields"]["title"] for o in state["objects"]}
    return [[title[u] for u in g["objects"]] for g in state["panels"][kind]["groups"]]


def test_hello(companion: WindowClient) -> None:
    hello = companion.ask("GET", "hello")
    assert (hello["protocol"], hello["datalab"], hello["dialog"]) == (1, "1.3.0", None)


def test_added_object_comes_back_whole(companion: WindowClient) -> None:
    sent = signal("peak", xlabel="t", xunit="s", ylabel="U")
    sent.metadata.update({"user": 1, "array": np.arange(3)})
    companion.do({"op": "add", "record": 0, "name": "peak"}, records=[sent])
    (found,) = companion.records(sent.uuid)
    np.testing.assert_array_equal(found.data, sent.data)
    assert found.fields == sent.fields
    assert {k: found.metadata[k] for k in ("user",)} == {"user": 1}


def test_an_image_is_added_without_a_flip(companion: WindowClient) -> None:
    companion.add("spot", kind="image")
    state = companion.snapshot()
    assert state["panels"]["shown"] == "signal"
    assert state["objects"][0]["shape"] == [8, 8]


def test_operations(companion: WindowClient) -> None:
    a, b, c = companion.add("a", "b", "c")
    (d,) = companion.add("d", group="second")
    assert titles(companion) == [["a", "b", "c"], ["d"]]
    companion.do({"op": "move", "uuids": [a], "group": "second", "index": 0})
    assert titles(companion) == [["b", "c"], ["a", "d"]]
    companion.do({"op": "rename", "uuid": a, "name": "A"})
    companion.do({"op": "remove", "uuids": [b, d]})
    assert titles(companion) == [["c"], ["A"]]
    companion.do(
        {"op": "edit", "uuid": c, "fields": {"xunit": "s"}, "metadata": [["k", 1]]}
    )
    (found,) = companion.records(c)
    assert (found.fields["xunit"], found.metadata["k"]) == ("s", 1)
    companion.do({"op": "replace", "uuid": c, "record": 0}, records=[signal("x", 20)])
    (found,) = companion.records(c)
    assert (found.shape, found.title, found.uuid) == ((20,), "c", c)
    assert "k" not in found.metadata
    companion.do({"op": "select", "uuids": [a, c]})
    assert set(companion.snapshot()["panels"]["signal"]["selection"]) == {a, c}
    companion.do({"op": "show", "kind": "image"})
    assert companion.snapshot()["panels"]["shown"] == "image"
    companion.do({"op": "clear"})
    assert titles(companion) == []


def test_an_object_becomes_one_of_the_other_kind(companion: WindowClient) -> None:
    (uuid,) = companion.add("peak")
    picture = image("peak")
    picture.uuid = uuid
    companion.do(
        {"op": "remove", "uuids": [uuid]},
        {"op": "add", "record": 0, "name": "peak"},
        {"op": "edit", "uuid": uuid, "fields": {"xunit": "mm"}},
        records=[picture],
    )
    (found,) = companion.snapshot()["objects"]
    assert (found["uuid"], found["kind"], found["name"]) == (uuid, "image", "peak")
    assert found["fields"]["xunit"] == "mm"


@pytest.mark.parametrize(
    "failing",
    [
        {"op": "remove", "uuids": ["none"]},
        {"op": "add", "record": 5},
        {"op": "rename", "uuid": "none", "name": "x"},
        {"op": "unknown"},
    ],
)
def test_all_or_nothing(companion: WindowClient, failing: dict[str, object]) -> None:
    a, b = companion.add("a", "b")
    companion.do({"op": "select", "uuids": [a]})
    before = companion.snapshot()
    with pytest.raises(RefusedError):
        companion.do(
            {"op": "remove", "uuids": [a]},
            {"op": "rename", "uuid": b, "name": "a"},
            {"op": "add", "record": 0, "name": "c", "group": "new"},
            failing,
            records=[signal("c")],
        )
    assert companion.snapshot() == before
