"""Histories as JSON: complete, small, and read without harm."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datalab_workspace.history.steps import (
    Call,
    Cell,
    Code,
    Edit,
    FileRead,
    Reference,
    Step,
    Stored,
    Unknown,
    closure,
)
from datalab_workspace.history.storage import rows, rows_reader
from support.made_histories import HERE, call, chain, unknown


def packed_size(document: Any) -> int:
    """Return the bytes of a document in a file."""
    return len(json.dumps(document, separators=(",", ":")))


def loop(count: int, *, equal: bool, name: str | None = "b") -> Step:
    """Return the latest step of a loop."""
    same = Call("sigima.signal.moving_average", 1, {"n": 3, "mode": "reflect"})
    step = Step(FileRead("a.csv", "read", 10, 3))
    for number in range(count):
        action = same if equal else Call(same.operation, 1, {"n": number})
        made = None if name is None else Stored("uuid", name)
        step = Step(action, (step,), None, HERE, made)
    return step


def described(latest: Step) -> list[Any]:
    """Return all that steps say, as plain data."""
    steps = closure(latest)
    numbers = {id(step): number for number, step in enumerate(steps)}
    return [
        (
            type(step.action).__name__,
            [_plain(getattr(step.action, name)) for name in step.action.__slots__],
            [numbers[id(one)] for one in step.inputs],
            _plain(step.cell),
            None if step.environment is None else dict(step.environment.versions),
            None if step.stored is None else step.stored.name,
        )
        for step in steps
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, Cell):
        needs = None if value.needs is None else [_plain(one) for one in value.needs]
        return value.number, value.text, needs, value.session, value.order, value.failed
    return value


def test_that_every_kind_of_step_is_read_as_it_was_written() -> None:
    end = Step(
        Call(
            "sigima.image.fft", 2, {"shift": None}, {"a": 1}, True, True, "datalab", 3
        ),
        (chain(), unknown("why", 4), Step(Reference("u", "n", (1, "<f8", (2, 3))))),
    )
    document = rows.write(end, text_of=lambda cell: cell.text, paths=True).steps
    again = rows_reader.read(json.loads(json.dumps(document)))
    assert described(again) == described(end)


def test_that_cells_have_no_texts_if_no_code_made_the_object() -> None:
    cell = Cell(1, "secret = 1")
    written = rows.write(call("fft", cell=cell), text_of=lambda cell: cell.text)
    assert "secret" not in json.dumps(written.steps)
    assert written.private == ""
    with_code = Step(Code(cell), (), cell)
    written = rows.write(with_code, text_of=lambda cell: cell.text)
    assert "secret" in json.dumps(written.steps)
    assert written.private == "text"


def test_that_equal_steps_are_stored_once() -> None:
    document = rows.write(loop(1000, equal=True)).steps
    assert packed_size(document) <= 1000
    assert len(closure(rows_reader.read(document))) == 1001


def test_that_ten_thousand_different_steps_take_little_room() -> None:
    document = rows.write(loop(9_999, equal=False)).steps
    assert packed_size(document) <= rows.MOST_BYTES
    assert len(closure(rows_reader.read(document))) == 10_000


def test_that_the_oldest_steps_are_folded_into_their_number() -> None:
    document = rows.write(loop(19_999, equal=True)).steps
    first, *others = closure(rows_reader.read(document))
    assert isinstance(first.action, Unknown)
    assert first.action.folded == 10_000
    assert len(others) == rows.MOST_STEPS


def test_that_folding_keeps_an_object_small() -> None:
    step = Step(FileRead("a.csv", "read"))
    for number in range(2000):
        noise = zlib.crc32(b"%d" % number) * 12345678987654321
        parameters = {"seed": str(noise**12)}
        step = Step(Call("sigima.signal.fft", 1, parameters), (step,))
    document = rows.write(step).steps
    assert packed_size(document) <= rows.MOST_BYTES + 2
    found = closure(rows_reader.read(document))
    assert isinstance(found[0].action, Unknown)
    assert found[0].action.folded == 2001 - (len(found) - 1)


def test_that_values_without_json_are_left_out() -> None:
    document = rows.write(Step(Call("sigima.signal.fft", 1, {"x": object()}))).steps
    action = rows_reader.read(document).action
    assert isinstance(action, Call)
    assert action.parameters is None


def test_that_fields_and_regions_keep_their_types() -> None:
    edit = Edit({"xlabel": "t", "x0": 1.5, "zscalemin": None}, None, True)
    step = Step(edit, (Step(Unknown("it was given")),))
    action = rows_reader.read(rows.write(step).steps).action
    assert isinstance(action, Edit)
    assert (dict(action.fields), action.roi, action.sets_roi) == (
        {"xlabel": "t", "x0": 1.5, "zscalemin": None},
        None,
        True,
    )


def test_that_a_bomb_is_not_unpacked() -> None:
    bomb = base64.b64encode(zlib.compress(b'{"rows":[' + b" " * (1 << 27))).decode()
    with pytest.raises(ValueError, match="expand to more than 16 MiB"):
        rows_reader.read(bomb)


ROW: list[Any] = [0]


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "not base64",
        {},
        {"rows": []},
        {"rows": 5},
        {"rows": [ROW]},
        {"acts": [["?", "r", 0]], "rows": [[0, 1]]},
        {"acts": [["?", "r", 0]], "rows": [[0, [0]]]},
        {"acts": [["?", "r", 0]], "rows": [[0, [-1]]]},
        {"acts": [["?", "r", 0]], "rows": [ROW, [0, 1, 0, 0, 0, 10**9]]},
        {"acts": [["?", "r", 0]], "rows": [ROW, *[[0, 1, 0, 0, 0, 9000]] * 2]},
        {"acts": [["?", "r", 0]], "rows": [[True]]},
        {"acts": [["?", 5, 0]], "rows": [ROW]},
        {"acts": [["c", "os.system('x')", 1, {}]], "rows": [ROW]},
        {"acts": [["c", "sigima.signal.fft", 1, [1]]], "rows": [ROW]},
        {"acts": [["c", "sigima.signal.fft", "1", {}]], "rows": [ROW]},
        {"acts": [["f", "a", "exec", 1, 1]], "rows": [ROW]},
        {"acts": [["e", [1]]], "rows": [ROW]},
        {"acts": [["e", {}, None]], "rows": [ROW]},
        {"acts": [["e", {}, None]], "rows": [ROW, [0, [1, 1]]]},
        {"acts": [["@", "u", "n", [1]]], "rows": [ROW]},
        {"acts": [["n", 1, "", True]], "cells": [[1, 5]], "rows": [ROW]},
        {"cells": [[1, "s", 1, {"text": 5}]], "rows": []},
        {
            "acts": [["n", 1, "", True]],
            "cells": [[1, "", 0, {"needs": [1]}]],
            "rows": [ROW],
        },
    ],
)
def test_that_a_malformed_document_is_refused(document: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        rows_reader.read(document)


def test_that_an_action_of_a_newer_version_is_a_gap() -> None:
    document = {"acts": [["future", 1, 2]], "rows": [[0]]}
    action = rows_reader.read(document).action
    assert isinstance(action, Unknown)
    assert "newer version" in action.reason


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=20,
)
_ROW = st.lists(st.integers(-2, 3) | _JSON, max_size=7)
_ACTION = st.tuples(st.sampled_from("cenf@?x"), _JSON, _JSON, _JSON).map(list)
_DOCUMENT = st.fixed_dictionaries(
    {"rows": st.lists(_ROW, max_size=5), "acts": st.lists(_ACTION, max_size=3)},
    optional={
        "env": st.lists(_JSON, max_size=2),
        "cells": st.lists(st.lists(_JSON, max_size=4), max_size=3),
        "made": st.lists(_JSON, max_size=2),
    },
)


@settings(max_examples=150, deadline=None)
@given(_DOCUMENT | _JSON)
def test_that_any_document_is_read_or_refused(document: Any) -> None:
    try:
        latest = rows_reader.read(document)
    except ValueError:
        return
    assert described(rows_reader.read(rows.write(latest).steps))
