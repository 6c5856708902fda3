"""Supported keys and values of metadata, and unsupported values."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import fractions
import pathlib
import threading
import uuid
import zoneinfo
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

_MOMENT = dt.datetime(2024, 10, 27, 2, 30, 15, 123456)  # noqa: DTZ001
_IST = dt.timezone(dt.timedelta(hours=5, minutes=30), "IST")
_ODD = dt.timezone(-dt.timedelta(hours=3, minutes=12, seconds=7, microseconds=5))


def _atoms() -> dict[str, Any]:
    return {
        "none": None,
        "true": True,
        "false": False,
        "zero": 0,
        "negative": -1,
        "int64-max": 2**63 - 1,
        "int64-min": -(2**63),
        "beyond-int64": 2**63,
        "beyond-uint64": 2**64 + 1,
        "negative-beyond": -(2**63) - 1,
        "googol": 10**100,
        "beyond-the-digits-of-a-text": -(10**5000),
        "float": 0.1,
        "whole-float": 3.0,
        "negative-zero": -0.0,
        "infinity": float("inf"),
        "negative-infinity": float("-inf"),
        "nan": float("nan"),
        "smallest-float": 5e-324,
        "largest-float": 1.7976931348623157e308,
        "complex": 1.5 - 2j,
        "complex-specials": complex(float("nan"), -0.0),
        "complex-infinity": complex(float("-inf"), float("inf")),
        "decimal": decimal.Decimal("1.10"),
        "decimal-nan": decimal.Decimal("-NaN123"),
        "decimal-infinity": decimal.Decimal("-Infinity"),
        "fraction": fractions.Fraction(-1, 3),
        "large-fraction": fractions.Fraction(10**400 + 1, 10**399),
        "uuid": uuid.UUID("123e4567-e89b-42d3-a456-426614174000"),
        "posix-path": pathlib.PurePosixPath("/data/a b.txt"),
        "windows-path": pathlib.PureWindowsPath("C:\\data\\b.txt"),
        "path": pathlib.Path("relative") / "file",
    }


def _texts() -> dict[str, Any]:
    return {
        "empty-text": "",
        "text": "plain",
        "unicode-text": "caf\u00e9 \u4fe1\u53f7 \U0001f9ea",
        "lines": "one\ntwo\r\n\tthree",
        "nul-text": "a\x00b",
        "surrogate-text": "half \ud83d",
        "long-text": "line of a log\n" * 10_000,
        "callable-text": "#callable#datalab.app.run",
        "json-text": '{"$": "tuple", "v": [1]}',
        "empty-bytes": b"",
        "bytes": b"\x00\xff\x80text",
        "ascii-bytes": b"text",
        "bytearray": bytearray(b"\x01\x00"),
    }


def _times() -> dict[str, Any]:
    paris = zoneinfo.ZoneInfo("Europe/Paris")
    return {
        "datetime": _MOMENT,
        "datetime-min": dt.datetime.min,  # noqa: DTZ901
        "datetime-max": dt.datetime.max,  # noqa: DTZ901
        "datetime-utc": _MOMENT.replace(tzinfo=dt.timezone.utc),
        "datetime-offset": _MOMENT.replace(tzinfo=_ODD),
        "datetime-named-offset": _MOMENT.replace(tzinfo=_IST),
        "datetime-zone": _MOMENT.replace(tzinfo=paris),
        "datetime-zone-fold": _MOMENT.replace(tzinfo=paris, fold=1),
        "datetime-fold": _MOMENT.replace(fold=1),
        "date": dt.date(1, 1, 1),
        "time": dt.time(23, 59, 59, 999999),
        "time-utc": dt.time(1, 2, tzinfo=dt.timezone.utc),
        "time-zone": dt.time(1, 2, tzinfo=paris),
        "timedelta": dt.timedelta(days=-1, microseconds=1),
        "timedelta-max": dt.timedelta.max,
    }


def _scalars() -> dict[str, Any]:
    numbers = "bool_ int8 uint8 int16 uint16 int32 uint32 int64 uint64 float16 float32"
    numbers += " float64 longdouble complex64 complex128 clongdouble"
    point = np.zeros(1, [("x", "<f8"), ("name", "<U3")])
    point[0] = (1.5, "p")
    return {name: getattr(np, name)(1) for name in numbers.split()} | {
        "uint64-max": np.uint64(2**64 - 1),
        "float32-tenth": np.float32(0.1),
        "float64-nan": np.float64("nan"),
        "float16-negative-zero": np.float16(-0.0),
        "longdouble-third": np.longdouble(1) / 3,
        "str_": np.str_("caf\u00e9"),
        "bytes_": np.bytes_(b"\xffx"),
        "datetime64-ns": np.datetime64("2024-01-02T03:04:05.123456789"),
        "datetime64-month": np.datetime64("2024-02"),
        "datetime64-nat": np.datetime64("NaT"),
        "timedelta64": np.timedelta64(-3, "ms"),
        "row-of-a-table": point[0],
    }


def _arrays() -> dict[str, Any]:
    codes = "?bBhHiIqQefdgFDG"
    table = np.zeros(2, [("n", "<i4"), ("inner", [("v", ">f8", (2,)), ("t", "<U4")])])
    table["inner"]["t"] = ["a", "caf\u00e9"]
    return {f"array-{np.dtype(c).name}": np.array([0, 1, 1], c) for c in codes} | {
        "array-big-endian": np.array([1, 2], ">i4"),
        "array-big-endian-complex": np.array([1j], ">c16"),
        "array-0d": np.array(1.5),
        "array-0d-text": np.array("t"),
        "array-empty": np.empty(0),
        "array-empty-2d": np.empty((3, 0), "i2"),
        "array-empty-text": np.empty(0, "<U5"),
        "array-3d": np.arange(24, dtype="u1").reshape(2, 3, 4),
        "array-fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "array-strided": np.arange(20)[::-3],
        "array-large": np.arange(20_000.0),
        "array-specials": np.array([np.nan, -np.inf, -0.0]),
        "array-nan-payload": np.array([0x7FF8000000000123], "u8").view("f8"),
        "array-text": np.array(["a", "", "caf\u00e9"]),
        "array-text-big-endian": np.array(["a", "b"], ">U2"),
        "array-text-many": np.array([f"name {i}" for i in range(2000)]),
        "array-bytes": np.array([b"a", b"\xff\x00b"]),
        "array-datetime64": np.array(["2024-01-01", "NaT"], "M8[us]"),
        "array-timedelta64": np.array([1, -2], "m8[D]"),
        "array-structured": table,
        "array-padded": np.zeros(2, np.dtype([("a", "u1"), ("b", "f8")], align=True)),
        "array-of-arrays": np.zeros(2, [("grid", "<i2", (2, 2))]),
        "array-no-fields": np.zeros(2, []),
    }


def _masked() -> dict[str, Any]:
    floats = np.ma.MaskedArray(
        [1.0, np.nan, 3.0], mask=np.array([False, True, False]), fill_value=-9.0
    )
    return {
        "masked": floats,
        "masked-nothing": np.ma.MaskedArray([1, 2]),
        "masked-no-element": np.ma.MaskedArray(
            [1, 2], mask=np.array([False, False]), fill_value=7
        ),
        "masked-all": np.ma.MaskedArray(np.eye(2), mask=True),
        "masked-text": np.ma.MaskedArray(
            ["a", "b"], mask=np.array([True, False]), fill_value="?"
        ),
        "masked-0d": np.ma.MaskedArray(5.0, mask=True),
        "masked-empty": np.ma.MaskedArray(np.empty((0, 2))),
        "masked-table": np.ma.MaskedArray(
            np.zeros(2, [("a", "<i4"), ("b", "<f8")]),
            mask=np.array([(1, 0), (0, 1)], [("a", "?"), ("b", "?")]),
        ),
    }


def _containers() -> dict[str, Any]:
    deep: Any = "bottom"
    for level in range(60):
        deep = {"down": deep} if level % 2 else [deep]
    return {
        "empty-list": [],
        "empty-tuple": (),
        "empty-dict": {},
        "empty-set": set(),
        "empty-frozenset": frozenset(),
        "list": [1, 2.5, "a", True],
        "list-of-none": [None, [None, ()]],
        "tuple": (1, "a", (2.0, [3])),
        "set": {1, 2.5, "a", None, (1, 2)},
        "set-of-sets": {frozenset({frozenset({1})}), frozenset()},
        "frozenset": frozenset({b"x", dt.date(2024, 1, 1)}),
        "list-of-arrays": [np.arange(3), np.array([1j])],
        "list-of-texts": ["", "\x00", "caf\u00e9"],
        "list-of-bytes": [b"\xff", bytearray(b"x")],
        "list-long": list(range(300)),
        "dict": {"a": 1, "b": {"c": [1, {"d": 2.5}]}},
        "dict-of-none": {"a": None, "b": {"c": None, "d": 1}},
        "dict-of-arrays": {"x": np.arange(3.0), "deep": {"y": np.eye(2, dtype="f4")}},
        "dict-of-everything": {"t": (None, {1}), "b": b"\x00", "when": _MOMENT},
        "dict-with-slash": {"a/b": 1, "/": {"x": 1}, "": 2, ".": 3, "..": {}},
        "dict-with-markers": {"__dict": 5, "__seq": 1, "x__type__": "d", "__seq0": 2},
        "dict-with-odd-keys": {1: "a", 2.5: "b", None: "c", (1, "x"): "d", b"k": 1},
        "dict-with-nan-key": {float("nan"): 1},
        "dict-like-typed-json": {"$": "tuple", "v": [1]},
        "dict-with-sidecar-key": {"datalab_workspace": {"format": 1}},
        "deep": deep,
    }


def _of(
    group: Callable[[], dict[str, Any]],
) -> dict[str, Callable[[], Any]]:
    """Return a factory for each value, which returns a new one each time."""
    return {name: partial(_member, group, name) for name in group()}


def _member(group: Callable[[], dict[str, Any]], name: str) -> Any:
    return group()[name]


#: Factories of values that a workspace returns unchanged, with their types.
VALUES: dict[str, Callable[[], Any]] = {
    **_of(_atoms),
    **_of(_texts),
    **_of(_times),
    **_of(_scalars),
    **_of(_arrays),
    **_of(_masked),
    **_of(_containers),
}

#: Keys of metadata, at the top level and in nested dicts.
KEYS: dict[str, Any] = {
    "empty": "",
    "slash": "/",
    "path": "exposure/gain",
    "leading-slash": "/DataLab_Version",
    "dot": ".",
    "dots": "..",
    "up": "../x",
    "spaces": "  a key  ",
    "unicode": "caf\u00e9 \U0001f9ea",
    "nul": "a\x00b",
    "surrogate": "half \ud83d",
    "newline": "two\nlines",
    "long": "k" * 5000,
    "dict-marker": "__dict",
    "sequence-marker": "__seq",
    "item-marker": "__seq0",
    "type-marker": "when__type__",
    "only-type-marker": "__type__",
    "callable": "#callable#datalab",
    "private": "_mine",
    "option": "__colormap",
    "sidecar": "datalab_workspace",
    "typed-json": "$",
    "like-a-field": "xlabel",
    "like-a-dataset": "xydata",
    "like-a-result": "Geometry_mine_dict",
    "integer": 1,
    "huge-integer": 2**70,
    "boolean": True,
    "float": 2.5,
    "none": None,
    "bytes": b"key",
    "tuple": (1, ("a", None)),
    "date": dt.date(2024, 1, 2),
    "uuid": uuid.UUID(int=5),
    "frozenset": frozenset({1, "a"}),
}


class Colour(enum.Enum):
    """An enumeration whose members are not numbers or strings."""

    RED = (255, 0, 0)


class Code(enum.IntEnum):
    """An enumeration whose members are numbers."""

    OK = 200


class Unit(str, enum.Enum):
    """An enumeration whose members are strings."""

    METRE = "m"


class Limit(float, enum.Enum):
    """An enumeration whose members are numbers with a fraction."""

    LOW = 0.5


class Label(str):
    """A subclass of `str`."""

    __slots__ = ()


class Point(tuple[float, float]):
    """A subclass of `tuple`."""

    __slots__ = ()


#: Values of subclasses, and the plain values that are stored.
DEMOTED: dict[str, tuple[Any, Any]] = {
    "int-enum": (Code.OK, 200),
    "text-enum": (Unit.METRE, "m"),
    "float-enum": (Limit.LOW, 0.5),
    "enums-inside": ({Unit.METRE: [Unit.METRE]}, {"m": ["m"]}),
    "text": (Label("label"), "label"),
    "tuple": (Point((1.0, 2.0)), (1.0, 2.0)),
    "dict": (OrderedDict(b=1, a=[Code.OK]), {"b": 1, "a": [200]}),
    "key": ({Label("k"): 1, Code.OK: 2}, {"k": 1, 200: 2}),
}


def _endless() -> list[Any]:
    endless: list[Any] = []
    endless.append(endless)
    return endless


#: Factories of values that `add` refuses.
REFUSED_VALUES: dict[str, Callable[[], Any]] = {
    "object": object,
    "function": lambda: print,
    "class": lambda: int,
    "module": lambda: np,
    "generator": lambda: (i for i in "a"),
    "range": lambda: range(3),
    "memoryview": lambda: memoryview(b"x"),
    "enum": lambda: Colour.RED,
    "lock": threading.Lock,
    "exception": lambda: ValueError("x"),
    "ellipsis": lambda: ...,
    "array-of-objects": lambda: np.array([{}, None], object),
    "structured-array-of-objects": lambda: np.zeros(1, [("o", object)]),
    "array-of-raw-bytes": lambda: np.zeros(2, "V3"),
    "overlapping-fields": lambda: np.zeros(
        1, {"names": ["a", "b"], "formats": ["i4", "i2"], "offsets": [0, 0]}
    ),
    "in-a-list": lambda: [1, [object()]],
    "in-a-tuple": lambda: (1, {"a": object()}),
    "in-a-set": lambda: {object()},
    "as-a-key": lambda: {object(): 1},
    "in-a-key": lambda: {(1, object()): 1},
    "endless": _endless,
}
