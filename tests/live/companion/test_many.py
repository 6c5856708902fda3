"""Several clients, re-entrancy, and separate windows of objects."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from support.real_datalab.window_client import WindowClient, image, signal

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]


def test_writers_lose_nothing(companion: WindowClient) -> None:
    clients = [WindowClient(companion.datalab) for _ in range(3)]

    def work(number: int) -> None:
        for count in range(15):
            clients[number].add(f"{number} {count}")

    with ThreadPoolExecutor() as pool:
        list(pool.map(work, range(3)))
    state = companion.snapshot()
    assert {o["name"] for o in state["objects"]} == {
        f"{number} {count}" for number in range(3) for count in range(15)
    }
    assert {o["by"] for o in state["objects"]} == {client.client for client in clients}


def test_a_request_waits_while_another_draws(companion: WindowClient) -> None:
    """DataLab's drawing runs the event loop, in which the next request arrives.

    The one that draws fails in the end, and takes nothing of the other one with it.
    """
    (uuid,) = companion.add("a")
    companion.evaluate(
        "[setattr(main.signalpanel, 'selection_changed', "
        "lambda *a, _p=main.signalpanel, **k: (delattr(_p, 'selection_changed'),"
        " acting.run_event_loop(1.0), 1 / 0))][1:]"
    )
    with ThreadPoolExecutor() as pool:
        drawing = pool.submit(
            companion.do,
            {"op": "add", "record": 0, "name": "drawn"},
            {"op": "select", "uuids": [uuid]},
            records=[signal("drawn")],
        )
        companion.datalab.wait_until(
            lambda: companion.evaluate("acting.event_loop_runs()"), 20
        )
        adding = pool.submit(companion.add, "b")
        assert adding.result()
        assert drawing.exception() is not None
    assert [o["name"] for o in companion.snapshot()["objects"]] == ["a", "b"]
    assert companion.datalab.take_companion_log().count("does not draw a change") == 1


@pytest.mark.parametrize("kind", ["signal", "image"])
def test_separate_windows_of_a_removed_object_close(
    companion: WindowClient, kind: str
) -> None:
    record = signal("object") if kind == "signal" else image("object")
    companion.do({"op": "add", "record": 0}, records=[record])
    panel = f"main.{kind}panel"
    companion.evaluate(f"[{panel}.open_separate_view([{record.uuid!r}])][1:]")
    views = f"len({panel}._BaseDataPanel__separate_views)"
    assert companion.evaluate(views) == 1
    companion.do({"op": "remove", "uuids": [record.uuid]})
    assert companion.evaluate(views) == 0


def test_the_project_is_modified(companion: WindowClient) -> None:
    (uuid,) = companion.add("a")
    for op, modifies in (
        ({"op": "edit", "uuid": uuid, "fields": {"xunit": "s"}}, True),
        ({"op": "rename", "uuid": uuid, "name": "b"}, True),
        ({"op": "add_group", "kind": "image", "group": "new"}, True),
        ({"op": "select", "uuids": [uuid]}, False),
        ({"op": "show", "kind": "image"}, False),
    ):
        companion.evaluate("main.set_modified(False)")
        companion.do(op)
        assert companion.evaluate("main.is_modified()") is modifies
