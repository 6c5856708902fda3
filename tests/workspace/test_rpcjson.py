"""Records as DataLab's JSON of objects, with guidata's own codec as the peer."""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from sigima.client.utils import dataset_to_rpcjson, rpcjson_to_dataset

from datalab_workspace.errors import DamagedFileError
from datalab_workspace.live.codecs import rpc_json
from datalab_workspace.model.metadata_values import arrays_equal
from datalab_workspace.model.record import Record
from datalab_workspace.model.sigima_objects import to_object, to_record
from datalab_workspace.testing import assert_same, strategies
from datalab_workspace.testing.samples import OBJECTS
from datalab_workspace.testing.samples.signals import gaussian


def through(record: Record) -> Record:
    with np.errstate(invalid="ignore"):  # infinite complex numbers
        obj = rpcjson_to_dataset(rpc_json.encode(record))
    return rpc_json.decode(dataset_to_rpcjson(obj))


@pytest.mark.parametrize("make", OBJECTS.values(), ids=OBJECTS)
def test_an_object_comes_back_as_it_was(make: Any) -> None:
    record = to_record(make())

    found = through(record)

    assert found.uuid == record.uuid
    assert_same(to_object(record), to_object(found))


# A failure shows the object, and guidata's repr casts complex numbers.
@pytest.mark.filterwarnings("ignore:Casting complex values to real")
@settings(max_examples=60)
@given(strategies.objects())
def test_any_object_comes_back_as_it_was(obj: Any) -> None:
    record = to_record(obj)

    assert_same(to_object(record), to_object(through(record)))


@pytest.mark.parametrize("dtype", ["c16", "c8"])
@pytest.mark.parametrize("imaginary", [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("real", [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan])
def test_the_signs_of_zeros_come_back(
    real: float, imaginary: float, dtype: str
) -> None:
    """The codec of guidata adds the parts, which may change the sign of a zero."""
    record = Record("image", {}, {"data": np.zeros((1, 2), dtype)})
    record.data[0, 0] = complex(real, imaginary)

    found = through(record)

    assert arrays_equal(record.data, found.data)


def test_an_object_of_sigimas_own_is_read_as_it_is() -> None:
    obj = gaussian()
    obj.metadata = {"n": 1, "list": [1, "b", None]}

    found = rpc_json.decode(dataset_to_rpcjson(obj))

    assert_same(obj, to_object(found))


@pytest.mark.parametrize(
    "data",
    [
        None,
        True,
        [],
        ["sigima.objects", "SignalObj"],
        ["sigima.objects", "SignalObj", 1],
        ["sigima.objects", "SignalObj", "{"],
        ["sigima.objects", "SignalObj", "[]"],
        ["sigima.objects", "SignalObj", "{}"],
        ["sigima.objects", "SignalObj", "[" * 100_000],
        ["sigima.objects", "SignalObj", '{"metadata": {}, "xydata": [1, 2]}'],
        ["sigima.objects", "ImageObj", '{"metadata": {}, "xcoords": 1}'],
        ["sigima.objects", "SignalObj", '{"metadata": {}, "title": 1}'],
        ["sigima.objects", "GeometryResult", "{}"],
        ["sigima.objectsx", "SignalObj", "{}"],
        ["os", "system", "{}"],
    ],
)
def test_what_is_no_object_is_refused(data: Any) -> None:
    with pytest.raises(DamagedFileError):
        rpc_json.decode(data)


def test_nothing_is_imported_that_a_peer_names() -> None:
    assert "antigravity" not in sys.modules
    with pytest.raises(DamagedFileError, match=r"antigravity\.SignalObj"):
        rpc_json.decode(["antigravity", "SignalObj", json.dumps({})])
    assert "antigravity" not in sys.modules
