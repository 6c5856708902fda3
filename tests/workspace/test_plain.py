"""The plain form of metadata: what every DataLab can show and keep."""

from __future__ import annotations

import copy
import datetime as dt

import numpy as np
import pytest
from hypothesis import given

from datalab_workspace.encoding.metadata import (
    ABSENT,
    is_plain_key,
    to_plain,
    to_plain_text,
)
from datalab_workspace.testing import strategies
from datalab_workspace.testing.comparison import value_differences

NUMBERS = "biufc"


def is_plain(value):
    """Tell whether a value is a text, flag, number, or a list or dict of these."""
    if type(value) is dict:
        return all(is_plain_key(k) and is_plain(item) for k, item in value.items())
    if type(value) is list:
        return all(map(is_plain, value))
    if isinstance(value, np.ndarray | np.generic):
        return value.dtype.kind in NUMBERS and value.dtype.char not in "gG"
    if type(value) is str:
        return "\x00" not in value and not any("\ud800" <= c <= "\udfff" for c in value)
    if type(value) is int:
        return -(2**63) <= value < 2**63
    return type(value) in (bool, float, complex)


@given(strategies.values())
def test_the_plain_form_is_plain(value):
    low = to_plain(value)
    assert low is ABSENT or is_plain(low)


@given(strategies.values())
def test_the_plain_form_is_always_the_same_and_nothing_changes(value):
    before = copy.deepcopy(value)
    first, second = to_plain(value), to_plain(copy.deepcopy(value))
    assert not list(value_differences(before, value))
    assert not list(value_differences(first, second))


@given(strategies.values())
def test_the_plain_form_of_a_plain_form_is_itself(value):
    low = to_plain(value)
    if low is not ABSENT:
        assert not list(value_differences(low, to_plain(low)))


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (5, 5),
        (2**63, "9223372036854775808"),
        ("a\x00b", "a\ufffdb"),
        ("half \ud83d", "half \ufffd"),
        ("#callable#os.system", " #callable#os.system"),
        ((1, "a"), [1, "a"]),
        ([None, 1], ["", 1]),
        ({"a": None, "b": 1}, {"b": 1}),
        ({"a/b": 1, "b": (1,)}, {"b": [1]}),
        ({2, 1}, [1, 2]),
        (b"\xffx", "\\xffx"),
        (dt.date(2024, 1, 2), "2024-01-02"),
        (np.str_("a"), "a"),
        (np.array(["a", "b"]), ["a", "b"]),
        (np.datetime64("2024-01"), "2024-01"),
    ],
    ids=repr,
)
def test_what_values_become(value, plain):
    assert not list(value_differences(plain, to_plain(value)))


@pytest.mark.parametrize(
    "value", [None, np.zeros(2, "i4,f8"), np.array(["name"] * 5000)], ids=type
)
def test_what_has_no_plain_form(value):
    assert to_plain(value) is ABSENT


def test_data_below_a_mask_is_shown_as_it_is():
    masked = np.ma.MaskedArray([1.0, 2.0], mask=[True, False])
    assert type(to_plain(masked)) is np.ndarray
    assert to_plain(masked).tolist() == [1, 2]


@pytest.mark.parametrize(
    "key",
    [
        *("", ".", "..", "a/b", "/", "a\x00", "\ud83d", "k" * 2000),
        *("__dict", "__seq", "__seq0", "when__type__", "#callable#x"),
        *(1, None, b"k", ("a",), True),
    ],
    ids=repr,
)
def test_keys_that_datalab_trips_over_are_none(key):
    assert not is_plain_key(key)


@pytest.mark.parametrize("key", ["a", " ", "a.b", "__colormap", "é", "Geometry_x_dict"])
def test_other_keys_are(key):
    assert is_plain_key(key)


def test_texts_of_fields():
    assert to_plain_text(None) == ""
    assert to_plain_text("a\x00") == "a\ufffd"
    assert to_plain_text(2.5) == 2.5
