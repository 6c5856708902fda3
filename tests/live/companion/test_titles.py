"""Titles and names, while DataLab and its user renumber and rename."""

from __future__ import annotations

import random

import pytest

from support.real_datalab.application import CALL
from support.real_datalab.window_client import RefusedError, WindowClient, signal

pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]


def objects(companion: WindowClient) -> dict[str, tuple[str, str]]:
    """Return the title and the name of each object."""
    found = companion.snapshot()["objects"]
    return {o["uuid"]: (o["fields"]["title"], o["name"]) for o in found}


def test_given_titles_stay(companion: WindowClient) -> None:
    """The user removes objects, and DataLab rewrites titles that look composed."""
    chance = random.Random(1)
    titles = [f"s{n:03d} of xs001y gs001 {n}" for n in range(1, 111)]
    uuids = companion.add(*titles)
    companion.do(
        {"op": "rename_group", "kind": "signal", "group": "", "title": "gs001 s1"}
    )
    left = dict(zip(uuids, titles, strict=True))
    for _ in range(100):
        gone = chance.choice(list(left))
        del left[gone]
        companion.act("remove", "signal", [gone])
        assert companion.snapshot()["removed"] == []
    assert objects(companion) == {u: (title, title) for u, title in left.items()}
    assert companion.act("titles", "signal") == left
    (group,) = companion.snapshot()["panels"]["signal"]["groups"]
    assert group["title"] == "gs001 s1"
    texts = companion.evaluate("str(main.signalpanel.objview).split('\\n')")
    assert [text.split(": ", 1)[1] for text in texts[1:]] == list(left.values())


def test_composed_titles_follow_the_numbers(companion: WindowClient) -> None:
    a, b, c = companion.add("a", "b", "c")
    op = {"op": "add", "record": 0, "name": "fft(s003)", "composed": True}
    (fft,) = companion.do(op, records=[signal("fft(s003)")])["uuids"]
    companion.act("remove", "signal", [a])
    # The name stays: only the numbers in the title have changed.
    assert objects(companion)[fft] == ("fft(s002)", "fft(s003)")
    companion.do({"op": "remove", "uuids": [b]})
    assert objects(companion)[fft] == ("fft(s001)", "fft(s003)")
    companion.do({"op": "remove", "uuids": [c]})
    assert objects(companion)[fft][0] == "fft(sxxx)"


def test_a_title_can_name_an_object_of_the_same_transaction(
    companion: WindowClient,
) -> None:
    (a,) = companion.add("a")
    companion.do(
        {"op": "add", "record": 0, "name": "b"},
        {"op": "add", "record": 1, "name": "fft(s002)", "composed": True},
        {"op": "remove", "uuids": [a]},
        records=[signal("b"), signal("fft(s002)")],
    )
    assert [title for title, _ in objects(companion).values()] == ["b", "fft(s001)"]


def test_a_rename_by_the_user_ends_the_care(companion: WindowClient) -> None:
    a, b, c = companion.add("a", "s001 mine", "c")
    companion.act("rename", "signal", b, "fft(s003)")
    assert objects(companion)[b] == ("fft(s003)", "fft(s003)")
    companion.act("remove", "signal", [a])
    assert objects(companion)[b][0] == "fft(s002)"
    assert objects(companion)[c] == ("c", "c")


def test_names_are_unique(companion: WindowClient) -> None:
    (a,) = companion.add("peak")
    b = companion.act("add", "signal", "peak", [1, 2])
    assert objects(companion) == {a: ("peak", "peak"), b: ("peak", "peak (2)")}
    companion.do({"op": "remove", "uuids": [a]})
    assert objects(companion) == {b: ("peak", "peak (2)")}
    companion.act("rename", "signal", b, "line")
    assert objects(companion) == {b: ("line", "line")}


@pytest.mark.parametrize("op", ["add", "rename"])
def test_a_name_in_use_is_refused(companion: WindowClient, op: str) -> None:
    a, b = companion.add("a", "b")
    wanted = {"op": op, "record": 0, "uuid": b, "name": "a"}
    with pytest.raises(RefusedError) as refused:
        companion.do(wanted, records=[signal("x")])
    reply = refused.value.answer
    assert refused.value.status == 409
    assert (reply["error"], reply["name"], reply["holder"]) == ("name", "a", a)


@pytest.mark.parametrize("name", ["", "a\nb", "\x00"])
def test_an_impossible_name_is_refused(companion: WindowClient, name: str) -> None:
    (a,) = companion.add("a")
    with pytest.raises(RefusedError) as refused:
        companion.do({"op": "rename", "uuid": a, "name": name})
    assert refused.value.answer["error"] == "refused"


def test_expectations(companion: WindowClient) -> None:
    a, b = companion.add("a", "b")
    good = {"names": {"a": a, "new": None}, "rev": {a: companion.snapshot()["rev"]}}
    companion.do({"op": "edit", "uuid": b, "fields": {"xunit": "s"}}, expect=good)
    before = companion.snapshot()
    for expect in (
        {"names": {"a": b}},
        {"names": {"a": None}},
        {"names": {"new": a}},
        {"rev": {b: good["rev"][a]}},
    ):
        with pytest.raises(RefusedError) as refused:
            companion.do({"op": "clear"}, expect=expect)
        assert (refused.value.status, refused.value.answer["error"]) == (409, "changed")
    with pytest.raises(RefusedError) as refused:
        companion.do({"op": "clear"}, expect={"names": {"a": b}})
    assert refused.value.answer["names"] == {"a": a}
    assert companion.snapshot() == before


def test_two_clients_see_the_same_names(companion: WindowClient) -> None:
    companion.add("peak")
    companion.act("add", "signal", "peak", [1, 2])
    other = WindowClient(companion.datalab)
    other.act("add", "signal", "peak", [1, 2])
    assert objects(other) == objects(companion)
    assert other.ask("GET", "ready", wait=CALL)["ready"]
