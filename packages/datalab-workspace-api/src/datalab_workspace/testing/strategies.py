"""Hypothesis strategies for names, metadata and objects of all kinds."""

from __future__ import annotations

import decimal
import zoneinfo
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from datalab_workspace.testing.samples.images import image
from datalab_workspace.testing.samples.metadata import KEYS
from datalab_workspace.testing.samples.names import NAMES
from datalab_workspace.testing.samples.signals import signal

if TYPE_CHECKING:
    from sigima import ImageObj, SignalObj

Strings: TypeAlias = "st.SearchStrategy[str]"

#: Dtypes of data, including some that DataLab does not support.
SIGNAL_DTYPES = ("f8", "f4", "c16", "f2", "c8", "i4", "u2", ">f8")
IMAGE_DTYPES = ("u1", "u2", "i2", "i4", "f4", "f8", "c16", "?", "i1", "u4", "f2", ">i2")
_ZONES = ("UTC", "Europe/Paris", "Asia/Kathmandu", "America/St_Johns")


def names() -> Strings:
    """Generate names: strings without control characters and surrogates."""
    letters = st.characters(
        exclude_categories=["Cc", "Cs"], exclude_characters="\u2028\u2029"
    )
    return st.sampled_from([*NAMES.values()]) | st.text(letters, min_size=1)


def texts() -> Strings:
    """Generate strings of any characters, even some that no file can hold."""
    anything = st.characters(exclude_categories=[])
    return st.text(max_size=20) | st.text(anything, max_size=20)


def atoms() -> st.SearchStrategy[Any]:
    """Generate simple metadata values, which can be keys and set members."""
    zones = st.sampled_from(_ZONES).map(zoneinfo.ZoneInfo)
    return st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.complex_numbers(),
        texts(),
        st.binary(max_size=20),
        st.dates(),
        st.times(),
        st.datetimes(),
        st.datetimes(timezones=zones),
        st.timedeltas(),
        st.decimals(allow_nan=False) | st.just(decimal.Decimal("NaN")),
        st.fractions(),
        st.uuids(),
    )


def arrays() -> st.SearchStrategy[np.ndarray[Any, Any]]:
    """Generate small arrays of numbers, strings, bytes or dates."""
    dtypes = st.one_of(
        npst.boolean_dtypes(),
        npst.integer_dtypes(),
        npst.unsigned_integer_dtypes(),
        npst.floating_dtypes(),
        npst.complex_number_dtypes(),
        npst.unicode_string_dtypes(max_len=5),
        npst.byte_string_dtypes(max_len=5),
        npst.datetime64_dtypes(),
        npst.timedelta64_dtypes(),
    )
    shapes = npst.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
    return npst.arrays(dtypes, shapes)


def scalars() -> st.SearchStrategy[Any]:
    """Generate NumPy scalars of every type that arrays can have."""
    return npst.scalar_dtypes().flatmap(npst.from_dtype).filter(_is_scalar)


def _is_scalar(value: Any) -> bool:
    return isinstance(value, np.generic)


def keys() -> st.SearchStrategy[Any]:
    """Generate metadata keys, mostly strings."""
    awkward = st.sampled_from([*KEYS.values()])
    return texts() | awkward | atoms() | st.tuples(texts(), atoms())


def values() -> st.SearchStrategy[Any]:
    """Generate any supported metadata value."""

    def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        return st.one_of(
            st.lists(inner, max_size=3),
            st.lists(inner, max_size=3).map(tuple),
            st.dictionaries(keys(), inner, max_size=3),
        )

    sets = st.sets(atoms(), max_size=3) | st.frozensets(atoms(), max_size=3)
    leaves = st.one_of(atoms(), scalars(), arrays(), sets)
    return st.recursive(leaves, containers, max_leaves=6)


def metadata() -> st.SearchStrategy[dict[Any, Any]]:
    """Generate metadata of an object, without identity keys."""
    return st.dictionaries(keys(), values(), max_size=4)


def _labels(*axes: str) -> st.SearchStrategy[dict[str, Any]]:
    items = [f"{axis}{part}" for axis in axes for part in ("label", "unit")]
    return st.fixed_dictionaries({}, optional={i: st.none() | texts() for i in items})


def _scales(*axes: str) -> st.SearchStrategy[dict[str, Any]]:
    bounds = [f"{axis}scale{end}" for axis in axes for end in ("min", "max")]
    optional: dict[str, st.SearchStrategy[Any]] = {
        bound: st.none() | st.floats() for bound in bounds
    }
    for flag in ("autoscale", "xscalelog", "yscalelog"):
        optional[flag] = st.booleans()
    return st.fixed_dictionaries({}, optional=optional)


@st.composite
def signals(draw: st.DrawFn) -> SignalObj:
    """Generate signals of 0 to 6 points, with or without uncertainties."""
    shape = draw(st.sampled_from((2, 4))), draw(st.integers(0, 6))
    data = draw(npst.arrays(st.sampled_from(SIGNAL_DTYPES), shape))
    items = draw(_labels("x", "y")) | draw(_scales("x", "y"))
    return signal(data, metadata=draw(metadata()), **items)


@st.composite
def images(draw: st.DrawFn) -> ImageObj:
    """Generate images of at most 5 by 5 pixels, masked or not, uniform or not."""
    shape = draw(npst.array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=5))
    data = draw(npst.arrays(st.sampled_from(IMAGE_DTYPES), shape))
    if draw(st.booleans()):
        mask = draw(npst.arrays(np.bool_, shape))
        # NumPy cannot copy one-byte arrays with its default fill value, 999999.
        data = np.ma.MaskedArray(data, mask=mask, fill_value=0)
    items = draw(_labels("x", "y", "z")) | draw(_scales("x", "y", "z"))
    if draw(st.booleans()):
        for name, size in (("xcoords", shape[1]), ("ycoords", shape[0])):
            items[name] = draw(npst.arrays(np.float64, size))
        items["is_uniform_coords"] = False
    else:
        places = ("x0", "y0", "dx", "dy")
        optional = dict.fromkeys(places, st.floats())
        items |= draw(st.fixed_dictionaries({}, optional=optional))
    return image(data, metadata=draw(metadata()), **items)


def objects() -> st.SearchStrategy[SignalObj | ImageObj]:
    """Generate signals and images."""
    return st.one_of(signals(), images())
