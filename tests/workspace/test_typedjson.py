"""Typed JSON: every value comes back, and nothing but values is ever made."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datalab_workspace.encoding.typed_json import decode, encode
from datalab_workspace.testing import strategies
from datalab_workspace.testing.comparison import value_differences
from datalab_workspace.testing.samples import KEYS, REFUSED_VALUES, VALUES


def through_json(value, put=None, get=None):
    return decode(json.loads(json.dumps(encode(value, put), allow_nan=False)), get)


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_a_value_comes_back_as_it_was(value):
    assert not list(value_differences(value(), through_json(value())))


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_a_key_comes_back_as_it_was(key):
    value = {key: {key: [1]}, "beside": None}
    assert not list(value_differences(value, through_json(value)))


@given(strategies.values())
def test_any_value_comes_back_as_it_was(value):
    assert not list(value_differences(value, through_json(value)))


@given(strategies.values())
def test_the_same_value_is_always_written_the_same(value):
    assert json.dumps(encode(value)) == json.dumps(encode(through_json(value)))


def test_plain_values_are_written_as_themselves():
    value = {"a": [1, 2.5, "text", True, None], "b": {"c": {}}}
    assert encode(value) is not value
    assert encode(value) == value


def test_what_is_read_shares_nothing_and_can_be_written_to():
    data = encode([np.arange(3)])
    first, second = decode(data)[0], decode(data)[0]
    first[0] = 7
    assert second.tolist() == [0, 1, 2]


def test_arrays_can_be_put_elsewhere():
    places = []

    def put(array):
        places.append(array)
        return len(places) - 1

    value = {
        "plain": np.arange(3),
        "masked": np.ma.MaskedArray([1.0, 2.0], mask=[True, False]),
        "deep": [(np.eye(2),)],
    }
    found = through_json(value, put, lambda place: places[place])
    assert len(places) >= 2
    assert found["plain"] is places[0]
    assert not list(value_differences(value, found))


def test_an_array_elsewhere_is_not_made_up():
    data = encode(np.arange(3), lambda _: 0)
    with pytest.raises(ValueError, match="elsewhere"):
        decode(data)


@pytest.mark.parametrize("value", [object, print, ..., range(3)], ids=repr)
def test_other_values_are_refused(value):
    with pytest.raises(TypeError, match="cannot be encoded as JSON"):
        encode([value])


@pytest.mark.parametrize(
    "data",
    [
        {"$": "object", "v": "os.system"},
        {"$": "float", "v": "five"},
        {"$": "tuple"},
        {"$": "tuple", "v": 5},
        {"$": None, "v": 1},
        {"$": ["tuple"], "v": []},
        {"$": "dict", "v": [["a"]]},
        {"$": "dict", "v": [[{}, 1]]},
        {"$": "set", "v": [{"a": 1}]},
        {"$": "bytes", "v": "not base 64"},
        {"$": "datetime", "v": "yesterday"},
        {"$": "datetime", "v": ["2024-01-01", 1e9, None, 0]},
        {"$": "fraction", "v": [1, 0]},
        {"$": "decimal", "v": "x"},
        {"$": "uuid", "v": "x"},
        {"$": "array", "v": ["<f8", [2], ""]},
        {"$": "array", "v": ["|O", [1], "AAAAAAAAAAA="]},
        {"$": "array", "v": [[["a", "|O"]], [1], "AAAAAAAAAAA="]},
        {"$": "array", "v": ["<f8", [2], "AAAAAAAAAAA="]},
        {"$": "array", "v": ["nonsense", [1], "AAAAAAAAAAA="]},
        {"$": "array", "v": ["<f8", [10**7], ""]},
        {"$": "scalar", "v": ["|O", [], "AAAAAAAAAAA="]},
        {"$": "masked", "v": [1, 2]},
    ],
    ids=str,
)
def test_what_was_not_written_by_us_is_a_value_error(data):
    with pytest.raises(ValueError, match="the value with the tag"):
        decode([data])


TAGS = (
    *("float", "tuple", "set", "complex", "bytes", "datetime", "date", "timedelta"),
    *("path", "fraction", "dict", "array", "scalar", "masked", "elsewhere"),
)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
        | st.builds(
            lambda tag, payload: {"$": tag, "v": payload},
            st.sampled_from(
                [
                    "float",
                    "tuple",
                    "set",
                    "complex",
                    "bytes",
                    "datetime",
                    "array",
                    "scalar",
                    "masked",
                    "dict",
                    "path",
                    "fraction",
                    "timedelta",
                    "elsewhere",
                    "date",
                ]
            ),
            inner,
        )
    ),
    max_leaves=6,
)


@given(_json)
def test_whatever_is_read_is_a_value_or_a_value_error(data):
    try:
        value = decode(data)
    except ValueError:
        return
    encode(value)  # of a type that we write ourselves


def test_the_samples_of_refused_values_are_refused_here_too():
    for name, make in REFUSED_VALUES.items():
        if name not in ("endless", "overlapping-fields"):
            with pytest.raises((TypeError, ValueError)):
                through_json(make())
