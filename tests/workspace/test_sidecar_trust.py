"""The sidecar restores what the plain form lost, and only while it still applies."""

from __future__ import annotations

import base64
import dataclasses
import json
import zlib

import numpy as np
import pytest
from hypothesis import given, settings

from datalab_workspace.encoding.arrays import RestoredArray, fingerprint
from datalab_workspace.encoding.carriers import NATIVE_DTYPES
from datalab_workspace.encoding.sidecar import KEY, join, split
from datalab_workspace.model.array_reference import ArrayReference
from datalab_workspace.model.record import PRIMARY_ARRAY, Record
from datalab_workspace.model.sigima_objects import to_object, to_record
from datalab_workspace.testing import assert_same, strategies
from datalab_workspace.testing.samples import OBJECTS
from datalab_workspace.testing.samples.images import image, spot
from datalab_workspace.testing.samples.signals import gaussian


def through(record: Record) -> Record:
    return join(split(record))


@pytest.mark.parametrize("make", OBJECTS.values(), ids=OBJECTS)
def test_an_object_comes_back_as_it_was(make):
    obj = make()
    record = to_record(obj)
    plain = split(record)
    data = plain.data
    assert data is None or data.dtype in NATIVE_DTYPES[plain.kind]
    expected = to_object(record)
    assert_same(expected, to_object(join(plain)))


# A failure shows the object, and guidata's repr casts complex numbers.
@pytest.mark.filterwarnings("ignore:Casting complex values to real")
@settings(max_examples=40)
@given(strategies.objects())
def test_any_object_comes_back_as_it_was(obj):
    record = to_record(obj)
    assert_same(to_object(record), to_object(through(record)))


def test_where_nothing_is_lost_there_is_no_sidecar():
    obj = gaussian()
    obj.metadata = {"n": 1, "text": "a", "array": np.arange(3.0), "list": [1, "b"]}
    record = to_record(obj)
    plain = split(record)
    assert KEY not in plain.metadata
    assert plain.data is record.data
    assert join(plain) is plain


@pytest.fixture
def plain():
    obj = spot()
    obj.xlabel = "a\x00b"
    obj.metadata = {"t": (1, 2), "n": None, "d": {"x": None, "y": 1}, "same": 1}
    return split(to_record(obj))


def test_it_is_one_text_under_a_public_key(plain):
    assert not KEY.startswith("_")
    assert json.loads(plain.metadata[KEY])["format"] == 1


def test_a_value_that_datalab_changed_wins(plain):
    plain.metadata["t"] = [1, 3]
    plain.metadata["d"]["y"] = 2
    plain.fields["xlabel"] = "changed"
    found = join(plain)
    assert found.metadata["t"] == [1, 3]
    assert found.metadata["d"] == {"y": 2}
    assert found.fields["xlabel"] == "changed"
    assert found.metadata["n"] is None
    assert found.metadata["same"] == 1


def test_a_value_that_datalab_removed_stays_away(plain):
    del plain.metadata["t"]
    assert "t" not in join(plain).metadata


def test_a_value_that_datalab_added_comes_along(plain):
    plain.metadata["new"] = 5
    assert join(plain).metadata["new"] == 5


@pytest.mark.parametrize(
    "change",
    [lambda data: data + 1, lambda data: data[1:], lambda data: data.astype("f8")],
    ids=["values", "shape", "dtype"],
)
def test_it_is_ignored_for_other_data(plain, change):
    plain.arrays["data"] = change(plain.arrays["data"])
    found = join(plain)
    assert KEY not in found.metadata
    assert found.metadata == {"t": [1, 2], "d": {"y": 1}, "same": 1}
    assert found.fields["xlabel"] == "a\ufffdb"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (5, "not a valid sidecar"),
        ("", "not a valid sidecar"),
        ("not JSON", "not a valid sidecar"),
        ("[]", "not a valid sidecar"),
        ("{}", "not a valid sidecar"),
        ("[" * 100_000, "not a valid sidecar"),
        ('{"format": 2}', "format 2"),
    ],
    ids=lambda value: str(value)[:10],
)
def test_an_invalid_sidecar_is_ignored_with_a_warning(plain, text, reason):
    plain.metadata[KEY] = text
    with pytest.warns(UserWarning, match=f"'spot' is ignored.*{reason}"):
        found = join(plain)
    assert found.metadata == {"t": [1, 2], "d": {"y": 1}, "same": 1}


@pytest.mark.parametrize(
    "forged",
    [
        {"metadata": [["t", {"$": "object", "v": "os.system"}]]},
        {"metadata": [["t"]]},
        {"metadata": 5},
        {"fields": {"xlabel": {"$": "tuple", "v": 1}}},
        {"arrays": {"data": {"dtype": "|O"}}},
        {"arrays": {"data": {"dtype": "<U5"}}},
        {"arrays": {"data": {"dtype": "<u2", "mask": "", "fill": None}}},
        {"arrays": {"data": {"dtype": "<u2", "mask": "AAAA", "fill": None}}},
        {"arrays": {"data": {"dtype": "<u2", "mask": "\u00e9", "fill": None}}},
        {"arrays": {"nothing": {"dtype": "<f8"}}},
    ],
    ids=str,
)
def test_a_forged_sidecar_restores_nothing(plain, forged):
    honest = json.loads(plain.metadata[KEY])
    plain.metadata[KEY] = json.dumps(honest | forged)
    with pytest.warns(UserWarning, match="cannot be read"):
        found = join(plain)
    assert found.metadata == {"t": [1, 2], "d": {"y": 1}, "same": 1}
    assert found.arrays["data"].dtype == np.uint16


def test_a_mask_cannot_be_larger_than_the_data():
    bomb = base64.b64encode(zlib.compress(bytes(10**6))).decode()
    for shape in ((0, 3), (2, 3)):
        plain = split(to_record(image(np.ma.MaskedArray(np.zeros(shape), mask=True))))
        sidecar = json.loads(plain.metadata[KEY])
        sidecar["arrays"]["data"]["mask"] = bomb
        plain.metadata[KEY] = json.dumps(sidecar)
        if shape[0] == 0:
            with pytest.warns(UserWarning, match="the mask has 1 bytes, expected 0"):
                found = join(plain)
            assert not isinstance(found.data, np.ma.MaskedArray)
        else:
            assert join(plain).data.mask.nbytes == 6


class Unread(ArrayReference):
    """A reference that counts how often it is read."""

    def __init__(self, array):
        self.array, self.reads = array, 0
        self.shape, self.dtype = array.shape, array.dtype

    def read(self):
        self.reads += 1
        return self.array.copy()


def test_an_unread_array_stays_unread_without_a_sidecar():
    reference = Unread(np.zeros((2, 3)))
    record = Record("signal", arrays={"xydata": reference})
    assert through(record).data is reference
    assert reference.reads == 0


def test_an_unread_array_is_restored_when_it_is_read():
    original = np.ma.MaskedArray(np.eye(3, dtype="i1"), mask=np.eye(3, dtype="?"))
    plain = split(Record("image", arrays={"data": original}))
    lazy = dataclasses.replace(plain, arrays=dict(plain.arrays))
    lazy.arrays["data"] = Unread(plain.arrays["data"])
    found = join(lazy).data
    assert isinstance(found, RestoredArray)
    assert (found.shape, found.dtype) == ((3, 3), np.dtype("i1"))
    read = found.read()
    assert read.dtype == np.int8
    assert np.array_equal(read.mask, original.mask)
    assert np.array_equal(read.data, original.data)


def test_the_fingerprint_tells_data_from_other_data():
    data = np.arange(6.0).reshape(2, 3)
    assert fingerprint(None) is None
    assert fingerprint(data) == fingerprint(np.asfortranarray(data))
    assert fingerprint(data) == fingerprint(Unread(data))
    others = [data + 1, data.T, data.astype("f4"), data.reshape(3, 2), -data]
    assert all(fingerprint(data) != fingerprint(other) for other in others)


def test_a_record_is_left_as_it_was():
    record = to_record(OBJECTS["image-masked"]())
    before = record.copy()
    split(record)
    assert record.metadata == before.metadata
    name = PRIMARY_ARRAY[record.kind]
    assert record.arrays[name].dtype == before.arrays[name].dtype
