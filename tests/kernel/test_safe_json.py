"""Whatever a cell shows leaves the kernel as valid JSON."""

from __future__ import annotations

import base64
import datetime
import json
from pathlib import PurePosixPath

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datalab_kernel.shell.safe_json import plain, safe_text

UTC = datetime.timezone.utc
#: Text with halves of surrogate pairs, as names of files may have.
ANY_TEXT = st.text(
    st.one_of(st.characters(), st.characters(categories=["Cs"])), max_size=20
)
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        ANY_TEXT,
        st.binary(max_size=8),
        st.dates(),
        st.datetimes(),
        st.sampled_from([np.int8(-1), np.uint64(2**64 - 1), np.float32(0.5)]),
        st.sampled_from([np.bool_(True), np.str_("text"), np.arange(3), {1, 2}]),
    ),
    lambda children: st.one_of(
        st.lists(children, max_size=3),
        st.tuples(children, children),
        st.dictionaries(st.one_of(ANY_TEXT, st.integers()), children, max_size=3),
    ),
    max_leaves=12,
)


@given(VALUES)
def test_any_value_becomes_json_that_stays_the_same(value) -> None:
    converted = plain(value)

    encoded = json.dumps(converted, allow_nan=False, ensure_ascii=False).encode()
    assert json.loads(encoded) == converted
    assert plain(converted) == converted


@given(ANY_TEXT)
def test_text_keeps_all_that_can_be_encoded(text: str) -> None:
    safe = safe_text(text)

    safe.encode()
    if not any("\ud800" <= character <= "\udfff" for character in text):
        assert safe == text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.int64(40), 40),
        (np.float64(0.5), 0.5),
        (np.bool_(True), True),
        (np.arange(4).reshape(2, 2), [[0, 1], [2, 3]]),
        (np.datetime64("2026-11-29"), "2026-11-29"),
        ({3}, [3]),
        (range(2), [0, 1]),
        (2**70, float(2**70)),
        (-(2**63), -(2**63)),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (datetime.datetime(2026, 11, 29, tzinfo=UTC), "2026-11-29T00:00:00+00:00"),
        (b"\x89PNG", base64.b64encode(b"\x89PNG").decode()),
        (PurePosixPath("/a"), "/a"),
        ("half \ud83d", "half \ufffd"),
        ("\ud83d\ude00", "\N{GRINNING FACE}"),
        ({1: {None: "\udcff"}}, {"1": {"null": "\ufffd"}}),
    ],
)
def test_values_become_what_front_ends_expect(value, expected) -> None:
    assert plain(value) == expected
    assert type(plain(value)) is type(expected)


@pytest.mark.parametrize("value", [object(), 1j])
def test_what_has_no_form_in_json_is_refused(value) -> None:
    with pytest.raises(TypeError, match="JSON has no form of objects of type"):
        plain({"a": [value]})


def test_keys_that_json_lacks_are_refused() -> None:
    with pytest.raises(TypeError, match="JSON has no keys of type tuple"):
        plain({"a": {("a",): 1}})
