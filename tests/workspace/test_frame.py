"""Frames: any records come back, and no damaged body is anything but an error."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datalab_workspace.errors import DamagedFileError
from datalab_workspace.live.codecs import frame
from datalab_workspace.model.sigima_objects import to_object, to_record
from datalab_workspace.testing.comparison import differences
from datalab_workspace.testing.strategies import objects


def written(*values: Any) -> bytes:
    writer = frame.FrameWriter()
    return b"".join(writer.parts({"values": writer.encode(list(values))}))


@given(st.lists(objects(), max_size=3))
def test_objects_come_back(originals: list[Any]) -> None:
    writer, sent = frame.FrameWriter(), [to_record(obj) for obj in originals]
    header = {"objects": [writer.encode_record(record) for record in sent]}
    header, arrays = frame.read(b"".join(writer.parts(header)))
    received = [frame.decode_record(data, arrays) for data in header["objects"]]
    assert [record.uuid for record in received] == [record.uuid for record in sent]
    for original, record in zip(originals, received, strict=True):
        assert not list(differences(original, to_object(record)))


def test_arrays_are_views_of_the_body_and_begin_at_multiples_of_64() -> None:
    body = written(np.arange(5, dtype=np.uint8), np.arange(7.0))
    header, arrays = frame.read(body)
    assert [offset % 64 for _, _, offset in header["blobs"]] == [0, 0]
    assert all(not array.flags.owndata and array.flags.aligned for array in arrays)


def test_the_writer_copies_no_array_in_c_order() -> None:
    image = np.zeros((300, 200), np.uint16)
    writer = frame.FrameWriter()
    writer.put(image)
    _, part, *_ = writer.parts({})
    assert np.shares_memory(np.frombuffer(part, np.uint16), image)


@pytest.mark.parametrize("dtype", [">f8", "U3", "datetime64[s]"])
def test_other_arrays_travel_in_the_header(dtype: str) -> None:
    array = np.zeros(3, dtype)
    header, arrays = frame.read(written(array))
    [back] = frame.decode(header["values"], arrays)
    assert not arrays
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)


@given(st.data())
def test_a_damaged_body_is_an_error_or_another_valid_frame(data: st.DataObject) -> None:
    body = bytearray(written(np.arange(3), {"a": (1, np.ones((2, 2)))}))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(body) - 1))
        body[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(body)))
    for damaged in (body, body[:cut]):
        try:
            header, arrays = frame.read(bytes(damaged))
        except DamagedFileError:
            continue
        assert isinstance(header, dict)
        assert sum(array.nbytes for array in arrays) <= len(damaged)


@pytest.mark.parametrize(
    ("blobs", "reason"),
    [
        ('[["|O", [1], 64]]', "not a dtype"),
        ('[["<V8", [1], 64]]', "not a dtype"),
        ('[["<f8", [1000000000000], 64]]', "not in the frame"),
        ('[["<f8", [-1], 64]]', "not a shape"),
        ('[["<f8", [true], 64]]', "not a shape"),
        ('[["<f8", [1], 0]]', "begins at 0"),
        ('[["<f8", [1], 64], ["<f8", [1], 64]]', "begins at 64"),
        ('[["<f8", [0], 64]]', "72 bytes follow"),
        ("[[1, 2]]", "unpack"),
        ("3", "not a list"),
    ],
)
def test_arrays_that_are_not_in_the_body_are_refused(blobs: str, reason: str) -> None:
    text = f'{{"blobs": {blobs}}}'.encode()
    head = struct.pack("<4sI", b"DLK1", len(text)) + text
    with pytest.raises(DamagedFileError, match=reason):
        frame.read(head.ljust(128) + bytes(8))


def test_a_header_cannot_claim_more_than_the_body_has() -> None:
    with pytest.raises(DamagedFileError, match="longer than it may be"):
        frame.read(struct.pack("<4sI", b"DLK1", 1 << 31))
