"""When adding an object changes nothing: the sameness of values and of records."""

from __future__ import annotations

import datetime as dt
import math
import zoneinfo
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given

from datalab_workspace.encoding.typed_json import decode, encode
from datalab_workspace.model.equality import equal
from datalab_workspace.model.metadata_values import snapshot, values_equal
from datalab_workspace.model.record import Record
from datalab_workspace.testing import strategies

PARIS = zoneinfo.ZoneInfo("Europe/Paris")
AT = dt.datetime(2024, 10, 27, 2, 30, tzinfo=PARIS)
PADDED = np.zeros(2, np.dtype([("a", "u1"), ("b", "f8")], align=True))


def nan():
    """A NaN that is no other: containers take the same object for an equal one."""
    return float("nan")


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (nan(), nan()),
        (1, 1.0),
        (1, np.int8(1)),
        (0.5, np.float32(0.5)),
        (np.float64("nan"), nan()),
        ([nan()], [nan()]),
        ({"a": (nan(),)}, {"a": (nan(),)}),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({nan(): 1}, {nan(): 1}),
        ({(1, nan()): 1}, {(1, nan()): 1}),
        ({nan()}, {nan()}),
        pytest.param({frozenset({nan(), 1})}, {frozenset({1, nan()})}, id="sets"),
        (Decimal("sNaN"), Decimal("sNaN")),
        (np.array([nan()]), np.array([nan()])),
        (np.zeros(1, "u1,U2")[0], np.zeros(1, "u1,U2")[0]),
        (PADDED, PADDED.copy()),
        (
            np.ma.MaskedArray([1, 2], mask=[True, False]),
            np.ma.MaskedArray([9, 2], mask=[True, False]),
        ),
    ],
    ids=repr,
)
def test_values_that_are_the_same(a, b):
    assert values_equal(a, b)
    assert values_equal(b, a)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (True, 1),
        (False, None),
        (1, "1"),
        ("a", b"a"),
        ([1], (1,)),
        ({1}, frozenset({1})),
        ({"a": 1}, {"a": 2}),
        ({"a": 1}, {"b": 1}),
        ({"a": 1}, {"a": 1, "b": None}),
        ({nan(): 1}, {nan(): 2}),
        ({nan(): 1}, {1.5: 1}),
        (Decimal("1.10"), Decimal("1.1")),
        (AT, AT.replace(fold=1)),
        (AT, AT.astimezone(dt.timezone.utc)),
        (AT, AT.replace(tzinfo=None)),
        (np.array([1]), [1]),
        (np.array([1], "i4"), np.array([1], "i8")),
        (np.array([1]), np.array([[1]])),
        (np.array([0.0]), np.array([-0.0])),
        (np.zeros(1, "u1,U2"), np.ones(1, "u1,U2")),
        (np.ma.MaskedArray([1, 2]), np.array([1, 2])),
        (
            np.ma.MaskedArray([1, 2], mask=[True, False]),
            np.ma.MaskedArray([1, 2], mask=[False, False]),
        ),
        (np.datetime64("2024-01-01"), np.datetime64("NaT")),
    ],
    ids=repr,
)
def test_values_that_differ(a, b):
    assert not values_equal(a, b)
    assert not values_equal(b, a)


def test_what_padding_holds_makes_no_difference():
    other = PADDED.copy()
    other.view("u1").reshape(2, -1)[:, 1:8] = 7  # between the fields
    assert values_equal(PADDED, other)


@given(strategies.values())
def test_a_copy_is_the_same(value):
    assert values_equal(value, snapshot(value))


@given(strategies.values())
def test_what_was_written_and_read_is_the_same(value):
    assert values_equal(value, decode(encode(value)))


def signal(*, fields=None, metadata=None, y=1.0):
    data = np.array([[0.0, 1.0], [y, y]])
    return Record("signal", fields or {}, {"xydata": data}, metadata or {})


def test_every_record_has_a_uuid_that_does_not_count():
    assert signal().uuid != signal().uuid
    assert equal(signal(), signal())


@pytest.mark.parametrize(
    ("stored", "new"),
    [
        (signal(fields={"title": "a"}), signal(fields={"title": "b"})),
        (signal(fields={"autoscale": True}), signal(fields={"autoscale": False})),
        (signal(fields={"yscalemax": 5.0}), signal()),
        (
            signal(fields={"yscalemax": math.nan}),
            signal(fields={"yscalemax": math.nan}),
        ),
        (signal(metadata={"__colormap": "a"}), signal(metadata={"__colormap": "b"})),
        (signal(metadata={"color": "#f00", "style": "-"}), signal()),
        (signal(y=math.nan), signal(y=math.nan)),
    ],
)
def test_what_datalab_fills_in_does_not_count(stored, new):
    assert equal(stored, new)


@pytest.mark.parametrize(
    ("stored", "new"),
    [
        (signal(), signal(fields={"yscalemax": 5.0})),
        (signal(fields={"yscalemax": 4.0}), signal(fields={"yscalemax": 5.0})),
        (signal(fields={"xlabel": "a"}), signal()),
        (signal(fields={"xlabel": None}), signal(fields={"xlabel": ""})),
        (signal(metadata={"color": "#f00"}), signal(metadata={"color": "#0f0"})),
        (signal(), signal(metadata={"color": "#0f0"})),
        (signal(metadata={"_mine": 1}), signal()),
        (signal(metadata={1: 1}), signal()),
        (signal(y=0.0), signal(y=-0.0)),
        (signal(), Record("signal")),
        (signal(), Record("image")),
    ],
)
def test_what_the_user_gave_counts(stored, new):
    assert not equal(stored, new)


def test_arrays_that_differ_in_shape_are_not_read():
    class Unreadable:
        shape, dtype, nbytes = (2, 5), np.dtype("f8"), 80

        def read(self):
            raise AssertionError("read")

    assert not equal(Record("signal", arrays={"xydata": Unreadable()}), signal())
