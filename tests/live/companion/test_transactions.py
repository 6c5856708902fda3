"""Transactions: what each operation does, and that a failing one leaves nothing."""

from __future__ import annotations

from typing import Any

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
    assert hello["sigima"] == companion.evaluate("__import__('sigima').__version__")


def test_hello_needs_no_metadata_of_packages(companion: WindowClient) -> None:
    """A DataLab in one executable has none."""
    metadata = "__import__('importlib.metadata').metadata"
    companion.evaluate(f"[vars({metadata}).update(_kept={metadata}.Distribution)][1:]")
    companion.evaluate(f"[delattr({metadata}, 'Distribution')][1:]")
    try:
        assert companion.ask("GET", "hello")["datalab"]
    finally:
        restore = f"setattr({metadata}, 'Distribution', vars({metadata}).pop('_kept'))"
        companion.evaluate(f"[{restore}][1:]")


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


#: Operations on the signals "a" and "b", each of which changes something.
OPERATIONS = [
    {"op": "add", "record": 0, "name": "new"},
    {"op": "add", "record": 0, "group": "new group"},
    {"op": "replace", "uuid": "a", "record": 0},
    {"op": "edit", "uuid": "a", "fields": {"xunit": "s"}, "metadata": [["k", 1]]},
    {"op": "rename", "uuid": "a", "name": "other"},
    {"op": "remove", "uuids": ["a"]},
    {"op": "move", "uuids": ["a"], "group": "second"},
    {"op": "add_group", "kind": "image", "group": "new group"},
    {"op": "rename_group", "kind": "signal", "group": "second", "title": "2"},
    {"op": "remove_group", "kind": "signal", "group": "empty"},
    {"op": "clear"},
    {"op": "select", "uuids": ["b"]},
    {"op": "show", "kind": "image"},
]
#: Operations that fail.
FAILING = [
    {"op": "add", "record": 5},
    {"op": "replace", "uuid": "none", "record": 0},
    {"op": "edit", "uuid": "none"},
    {"op": "edit", "uuid": "c", "fields": {"unknown": 1}},
    {"op": "edit", "uuid": "c", "fields": {"title": "x"}},
    {"op": "edit", "uuid": "c", "metadata": [["__uuid", "x"]]},
    {"op": "rename", "uuid": "none", "name": "x"},
    {"op": "remove", "uuids": ["none"]},
    {"op": "move", "uuids": ["c"], "group": "none"},
    {"op": "rename_group", "kind": "signal", "group": "none", "title": "x"},
    {"op": "remove_group", "kind": "signal", "group": "third"},
    {"op": "select", "uuids": ["none"]},
    {"op": "show", "kind": "macro"},
    {"op": "unknown"},
    "no operation",
]


def named(op: Any, uuids: dict[str, str]) -> Any:
    """Return an operation with UUIDs in place of names."""
    if not isinstance(op, dict):
        return op
    replaced = dict(op)
    if "uuid" in op:
        replaced["uuid"] = uuids.get(op["uuid"], op["uuid"])
    if "uuids" in op:
        replaced["uuids"] = [uuids.get(uuid, uuid) for uuid in op["uuids"]]
    return replaced


def filled(companion: WindowClient) -> dict[str, str]:
    """Fill the window; return the UUIDs of the objects by name."""
    a, b = companion.add("a", "b")
    (second,) = companion.add("second", group="second")
    (c,) = companion.add("c", group="third")
    companion.do(
        {"op": "add_group", "kind": "signal", "group": "empty"},
        {"op": "select", "uuids": [a]},
    )
    return {"a": a, "b": b, "c": c, "second": second}


@pytest.mark.parametrize("failing", FAILING, ids=str)
def test_all_or_nothing(companion: WindowClient, failing: Any) -> None:
    """Whatever was done before the operation that fails is not done."""
    uuids = filled(companion)
    before, tree = companion.snapshot(), companion.evaluate(TREE)
    for op in OPERATIONS:
        if op["op"] == "clear" or (op["op"] == "add" and failing == op):
            continue
        with pytest.raises(RefusedError) as refused:
            companion.do(
                named(op, uuids), named(failing, uuids), records=[signal("new")]
            )
        assert refused.value.status in {400, 404, 409, 422}
    assert companion.snapshot() == before
    assert companion.evaluate(TREE) == tree


TREE = "str(main.signalpanel.objview) + str(main.imagepanel.objview)"


@pytest.mark.parametrize("op", OPERATIONS, ids=lambda op: str(op["op"]))
def test_what_cannot_be_drawn_is_undone(companion: WindowClient, op: Any) -> None:
    """DataLab fails when it draws, after everything else was done."""
    uuids = filled(companion)
    before, tree = companion.snapshot(), companion.evaluate(TREE)
    fail = (
        "[setattr(p, 'selection_changed', lambda *a, _p=p, **k: "
        "(delattr(_p, 'selection_changed'), 1 / 0)) and None"
        " for p in [main.signalpanel]]"
    )
    companion.evaluate(fail)
    # The selection of another object makes DataLab draw.
    select = {"op": "select", "uuids": [] if op["op"] == "clear" else [uuids["b"]]}
    with pytest.raises(RefusedError) as refused:
        companion.do(named(op, uuids), select, records=[signal("new")])
    assert (refused.value.status, refused.value.answer["error"]) == (422, "refused")
    assert companion.snapshot() == before
    assert companion.evaluate(TREE) == tree
    assert companion.datalab.take_companion_log().count("does not draw a change") == 1


@pytest.mark.parametrize("op", OPERATIONS, ids=lambda op: str(op["op"]))
def test_only_show_flips_the_panel(companion: WindowClient, op: Any) -> None:
    uuids = filled(companion)
    companion.do({"op": "show", "kind": "image"})
    companion.evaluate(COUNT_FLIPS)
    if op["op"] != "show":  # all others concern signals
        companion.do(named(op, uuids), records=[signal("new")])
    assert companion.evaluate("main.flips") == []
    companion.do({"op": "show", "kind": "signal"})
    companion.add("picture", kind="image")
    assert companion.evaluate("main.flips") == [0]
    assert companion.snapshot()["panels"]["shown"] == "signal"


COUNT_FLIPS = (
    "[setattr(main, 'flips', []),"
    " main.tabwidget.currentChanged.connect(main.flips.append)][2:]"
)


def outline(companion: WindowClient) -> object:
    """Return what undoing must restore: all but revisions."""
    state = companion.snapshot()
    kept = ("uuid", "kind", "name", "shape", "dtype", "fields", "roi", "results")
    objects = {o["uuid"]: {k: o[k] for k in kept} for o in state["objects"]}
    groups = {
        kind: [
            (group["uuid"], group["title"], group["objects"])
            for group in state["panels"][kind]["groups"]
        ]
        for kind in ("signal", "image")
    }
    return objects, groups


@pytest.mark.parametrize(
    "ops",
    [
        [{"op": "add", "record": 0, "name": "new"}],
        [{"op": "add", "record": 0, "group": "new group"}],
        [{"op": "remove", "uuids": ["b"]}],
        [{"op": "remove", "uuids": ["a", "c", "d"]}],
        [{"op": "replace", "uuid": "b", "record": 0}],
        [{"op": "replace", "uuid": "b", "record": 0, "group": "second"}],
        [{"op": "edit", "uuid": "b", "fields": {"xunit": "s"}, "metadata": [["k", 1]]}],
        [{"op": "rename", "uuid": "b", "name": "B"}],
        [
            {"op": "rename", "uuid": "a", "name": "x"},
            {"op": "rename", "uuid": "b", "name": "a"},
            {"op": "rename", "uuid": "a", "name": "b"},
        ],
        [{"op": "move", "uuids": ["a"], "group": "second", "index": 0}],
        [{"op": "move", "uuids": ["c"], "group": "first", "index": 0}],
        [{"op": "add_group", "kind": "image", "group": "new"}],
        [{"op": "rename_group", "kind": "signal", "group": "second", "title": "2"}],
        [{"op": "clear"}],
    ],
    ids=lambda ops: "+".join(op["op"] for op in ops),
)
def test_undo_and_redo(companion: WindowClient, ops: list[dict[str, object]]) -> None:
    uuids = dict(
        zip("abcd", companion.add("a", "b", "c", "d", group="first"), strict=True)
    )
    companion.add("e", group="second")
    composed = {"op": "add", "record": 0, "name": "fft(s002)", "composed": True}
    companion.do(composed, records=[signal("fft(s002)")])
    companion.do({"op": "select", "uuids": [uuids["b"]]})
    for op in ops:
        for key, value in op.items():
            if key == "uuid":
                op[key] = uuids.get(str(value), value)
            elif isinstance(value, list) and key == "uuids":
                op[key] = [uuids.get(v, v) for v in value]
    before = outline(companion)
    done = companion.do(*ops, records=[signal("new", 20)])
    after = outline(companion)
    assert after != before
    undone = companion.ask("POST", "undo", {"ticket": done["ticket"]})
    assert outline(companion) == before
    companion.ask("POST", "undo", {"ticket": undone["ticket"]})
    assert outline(companion) == after


def test_undo_is_refused_after_a_change(companion: WindowClient) -> None:
    (uuid,) = companion.add("peak")
    done = companion.do({"op": "edit", "uuid": uuid, "fields": {"xunit": "s"}})
    companion.act("rename", "signal", uuid, "line")
    with pytest.raises(RefusedError) as refused:
        companion.ask("POST", "undo", {"ticket": done["ticket"]})
    assert (refused.value.status, refused.value.answer["error"]) == (409, "changed")


def test_undo_follows_later_numbers(companion: WindowClient) -> None:
    """Titles with numbers in them do not keep a removal from being undone."""
    a, b, c = companion.add("a", "b", "c")
    composed = {"op": "add", "record": 0, "name": "fft(s002)", "composed": True}
    (fft,) = companion.do(composed, records=[signal("fft(s002)")])["uuids"]
    removed = companion.do({"op": "remove", "uuids": [b]})
    companion.do({"op": "remove", "uuids": [a]})
    assert titles(companion) == [["c", "fft(sxxx)"]]
    companion.ask("POST", "undo", {"ticket": removed["ticket"]})
    assert titles(companion) == [["b", "c", "fft(s001)"]]
    assert companion.snapshot()["panels"]["signal"]["groups"][0]["objects"] == [
        b,
        c,
        fft,
    ]
