"""Damaged requests to the real DataLab: no dialog opens, and nothing is half done."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from uuid import uuid4

import pytest

from datalab_workspace.live.codecs import frame
from datalab_workspace.live.codecs.frame import FrameWriter
from support.real_datalab.application import Application
from support.real_datalab.window_client import WindowClient, image, signal

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]

COUNT = 400
#: JSON values that no operation expects everywhere.
VALUES = [
    None,
    True,
    -1,
    1 << 70,
    1.5,
    "",
    "x" * 300,
    [],
    [[]],
    {},
    {"$": "set", "v": 1},
]


def requests(seed: int) -> Iterator[tuple[str, bytes, str]]:
    """Yield paths, bodies and media types: valid ones with one to three faults."""
    chance = random.Random(seed)
    for _ in range(COUNT):
        if chance.random() < 0.5:
            yield "transaction", damaged(transaction(), chance), frame.MEDIA_TYPE
        else:
            path, content = chance.choice(list(contents()))
            for _ in range(chance.randint(1, 3)):
                replace_a_value(content, chance)
            yield path, json.dumps(content).encode(), "application/json"


def transaction() -> bytes:
    """Return the frame of a transaction that adds two objects."""
    writer = FrameWriter()
    records = [writer.encode_record(record) for record in (signal("a"), image("b"))]
    ops = [{"op": "add", "record": n, "name": name} for n, name in enumerate("ab")]
    header = {"ops": ops, "records": records, "expect": {"names": {"a": None}}}
    return b"".join(writer.parts(header))


def contents() -> Iterator[tuple[str, dict[str, object]]]:
    """Yield JSON bodies, by the path of their request."""
    uuid = str(uuid4())
    yield "objects", {"uuids": [uuid], "parts": "all"}
    yield "compute", {"name": "normalize", "on": [uuid], "parameters": {}}
    yield "open", {"paths": ["/nowhere/a.csv"], "kind": "signal"}
    yield "undo", {"ticket": uuid}
    for op in (
        {"op": "edit", "uuid": uuid, "fields": {"xunit": "s"}, "metadata": [["k", 1]]},
        {"op": "rename", "uuid": uuid, "name": "x"},
        {"op": "remove", "uuids": [uuid]},
        {"op": "move", "uuids": [uuid], "group": "g", "index": 0},
        {"op": "add_group", "kind": "signal", "group": "g"},
        {"op": "rename_group", "kind": "signal", "group": "g", "title": "h"},
        {"op": "remove_group", "kind": "signal", "group": "g"},
        {"op": "select", "uuids": [uuid]},
        {"op": "show", "kind": "image"},
    ):
        expect = {"names": {"x": None}, "rev": {uuid: 1}}
        yield "transaction", {"ops": [op], "expect": expect, "label": "x"}


def damaged(body: bytes, chance: random.Random) -> bytes:
    """Return bytes of which some are changed, missing or added."""
    content = bytearray(body)
    # Most of them in the header, which is what a receiver has to understand.
    end = int.from_bytes(body[4:8], "little") if chance.random() < 0.8 else len(body)
    for _ in range(chance.randint(1, 3)):
        place = chance.randrange(min(end, len(content)))
        match chance.randrange(3):
            case 0:
                content[place] = chance.randrange(256)
            case 1:
                del content[place : place + chance.randint(1, 40)]
            case 2:
                content[place:place] = chance.randbytes(chance.randint(1, 40))
    return bytes(content)


def replace_a_value(content: object, chance: random.Random) -> None:
    """Replace a random value of a JSON object, or remove it."""
    while isinstance(content, dict | list) and content:
        keys = list(content) if isinstance(content, dict) else range(len(content))
        key = chance.choice(list(keys))
        if isinstance(content[key], dict | list) and chance.random() < 0.7:
            content = content[key]
        elif chance.random() < 0.2:
            del content[key]
            return
        else:
            content[key] = chance.choice(VALUES)
            return


def test_damaged_bodies_are_refused(attended_companion_datalab: Application) -> None:
    """A value in its place may be accepted, and then the whole of it is done."""
    client = WindowClient(attended_companion_datalab)
    companion = attended_companion_datalab.companion
    failed: list[object] = []
    seen: set[int] = set()
    connection = companion.connect()
    for path, body, media_type in requests(seed=14):
        headers = companion.authorization | {"Content-Type": media_type}
        connection.request("POST", f"/api/kernel/v1/{path}?wait=5", body, headers)
        answer = connection.getresponse()
        received = answer.read()
        if answer.headers["Content-Type"] == frame.MEDIA_TYPE:
            content = frame.read(received)[0]
        else:
            content = json.loads(received)
        seen.add(answer.status)
        if answer.status not in (200, 400, 404, 409, 422):
            failed.append((answer.status, content, path, body[:600]))
        if answer.status == 200 and media_type == frame.MEDIA_TYPE:
            assert len(client.snapshot()["objects"]) == len(content["uuids"])
            client.do({"op": "clear"})
        else:
            assert client.snapshot()["objects"] == []
    connection.close()

    assert failed == []
    assert seen >= {200, 400, 404}
    assert attended_companion_datalab.boxes() == []
