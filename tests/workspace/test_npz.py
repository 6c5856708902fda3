"""Records as NPZ bodies: nothing is lost on the way, and nothing hostile gets in."""

from __future__ import annotations

import io
import json
import struct
import tracemalloc
import zipfile
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datalab_workspace.encoding import sidecar, zip_archive
from datalab_workspace.encoding.carriers import FILE, NPZ, RPC
from datalab_workspace.errors import DamagedFileError, UnsupportedDtypeError
from datalab_workspace.live.codecs import npz
from datalab_workspace.model.record import Record
from datalab_workspace.model.sigima_objects import to_object, to_record
from datalab_workspace.testing import assert_same, strategies
from datalab_workspace.testing.comparison import value_differences
from datalab_workspace.testing.samples import OBJECTS
from datalab_workspace.testing.samples.images import image, spot
from datalab_workspace.testing.samples.signals import gaussian


def body_of(record: Record) -> bytes:
    return b"".join(npz.encode(record))


def through(record: Record) -> Record:
    """What DataLab gives back of a record: it drops most keys with an underscore."""
    with zipfile.ZipFile(io.BytesIO(body_of(record))) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    head = json.loads(members["metadata.json"])
    head["obj_metadata"] = {
        key: value
        for key, value in head["obj_metadata"].items()
        if not key.startswith("_") or key == "_roi_"
    }
    return npz.decode(archive_of(members | {"metadata.json": json.dumps(head)}))


def archive_of(members: dict[str, Any], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    with io.BytesIO() as file:
        with zipfile.ZipFile(file, "w", method) as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        return file.getvalue()


def npy(array: Any) -> bytes:
    with io.BytesIO() as file:
        np.save(file, array, allow_pickle=True)
        return file.getvalue()


@pytest.mark.parametrize("make", OBJECTS.values(), ids=OBJECTS)
def test_an_object_comes_back_as_it_was(make: Any) -> None:
    record = to_record(make())

    assert_same(to_object(record), to_object(through(record)))


# A failure shows the object, and guidata's repr casts complex numbers.
@pytest.mark.filterwarnings("ignore:Casting complex values to real")
@settings(max_examples=60)
@given(strategies.objects())
def test_any_object_comes_back_as_it_was(obj: Any) -> None:
    record = to_record(obj)

    assert_same(to_object(record), to_object(through(record)))


# A failure shows the object, and guidata's repr casts complex numbers.
@pytest.mark.filterwarnings("ignore:Casting complex values to real")
@settings(max_examples=40)
@given(strategies.objects(), st.sampled_from((NPZ, RPC)))
def test_what_was_sent_can_be_read_from_a_file_of_datalab(obj: Any, form: Any) -> None:
    """DataLab keeps in its file what it was sent; only order and types may differ."""
    record = to_record(obj)
    plain = sidecar.split(record, form)

    assert_same(to_object(record), to_object(sidecar.join(plain, FILE)))


def test_it_is_what_numpy_and_zipfile_read() -> None:
    record = to_record(spot())

    with np.load(io.BytesIO(body_of(record)), allow_pickle=False) as archive:
        assert not [*value_differences(record.data, archive["data"])]
    with zipfile.ZipFile(io.BytesIO(body_of(record))) as archive:
        assert archive.testzip() is None
        head = json.loads(archive.read("metadata.json"))
    assert (head["type"], head["title"]) == ("image", record.title)
    assert head["obj_metadata"]["__uuid"] == record.uuid


def test_where_nothing_is_lost_there_is_no_sidecar() -> None:
    obj = gaussian()
    obj.metadata = {"n": 1, "text": "a", "list": [1, "b", True, 2.5]}

    assert sidecar.KEY not in sidecar.split(to_record(obj), NPZ).metadata


def test_lists_of_which_datalab_makes_arrays_come_back_as_lists() -> None:
    obj = gaussian()
    obj.metadata = {"coords": [1, 2], "deep": {"coords": [[1.5]]}}
    plain = sidecar.split(to_record(obj), NPZ)
    plain.metadata["coords"] = np.array([1, 2])
    plain.metadata["deep"]["coords"] = np.array([[1.5]])

    assert sidecar.join(plain, RPC).metadata == obj.metadata


def test_what_the_file_can_not_hold_is_not_sent_either() -> None:
    """DataLab could not save a project with it."""
    obj = gaussian()
    obj.metadata = {"none": None, "a/b": 1, "deep": {"none": None, "x": 1}}

    plain = sidecar.split(to_record(obj), NPZ)

    assert plain.metadata.keys() == {"deep", sidecar.KEY}
    assert plain.metadata["deep"] == {"x": 1}


def test_a_dtype_that_datalab_lacks_is_named() -> None:
    with pytest.raises(UnsupportedDtypeError, match="uint64"):
        npz.encode(to_record(image(np.array([[2**63 + 1]], np.uint64))))


def test_large_data_are_not_copied() -> None:
    record = to_record(image(np.ones((2048, 2048), np.uint16)))
    size = record.nbytes

    tracemalloc.start()
    try:
        parts = npz.encode(record)
        encoding = tracemalloc.get_traced_memory()[1]
        body = bytearray(b"".join(parts))
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        found = npz.decode(body)
        decoding = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()

    assert np.shares_memory(np.frombuffer(body, np.uint8), found.array("data"))
    assert encoding < size / 10
    assert decoding < size / 10


def test_every_array_can_be_written_to() -> None:
    for make in (spot, gaussian):
        record = npz.decode(body_of(to_record(make())))
        data = record.array("data" if record.kind == "image" else "xydata")
        assert data is not None
        assert data.flags.writeable
        assert data.flags.aligned


# -- archives -------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [50, 400, 1000])
def test_archives_too_large_for_their_headers(
    limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The 4 GiB above which sizes and offsets take 64 bits are made small."""
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", limit)
    contents = {"a": b"x" * 100, "b": b"y" * 500, "c": b"", "d": b"z" * 3}

    packed = b"".join(zip_archive.stored((name, [c]) for name, c in contents.items()))

    wide = {name for name, content in contents.items() if len(content) > limit}
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == contents
        versions = {info.filename: info.extract_version for info in archive.infolist()}
    assert wide <= {name for name, version in versions.items() if version == 45}
    ours = zip_archive.Archive(packed, most=4, largest=0)
    assert {name: bytes(ours.read(name)) for name in contents} == contents


def test_a_member_in_parts_is_one_and_is_not_copied() -> None:
    parts = [b"head", bytearray(100), memoryview(np.zeros(1000, np.uint8))]

    buffers = zip_archive.stored([("a", parts), ("b", [])])

    with zipfile.ZipFile(io.BytesIO(b"".join(buffers))) as archive:
        assert archive.testzip() is None
        assert archive.read("a") == b"head" + bytes(1100)
        assert archive.read("b") == b""
    assert np.shares_memory(
        parts[2], max(map(memoryview, buffers), key=lambda buffer: buffer.nbytes)
    )


def test_the_same_members_give_the_same_archive() -> None:
    record = to_record(spot())

    assert body_of(record) == body_of(record)
    with zipfile.ZipFile(io.BytesIO(body_of(record))) as archive:
        assert {info.date_time for info in archive.infolist()} == {
            (1980, 1, 1, 0, 0, 0)
        }


IMAGE = {"data.npy": npy(np.ones((2, 2))), "metadata.json": '{"type": "image"}'}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_any_archive_of_datalab_is_read(method: int) -> None:
    record = npz.decode(archive_of(IMAGE | {"later.json": "{}"}, method), uuid="u")

    assert (record.kind, record.shape, record.uuid) == ("image", (2, 2), "u")


def signal_of(**rows: Any) -> dict[str, Any]:
    members = {f"{name}.npy": npy(row) for name, row in rows.items()}
    return members | {"metadata.json": '{"type": "signal"}'}


HOSTILE: dict[str, dict[str, Any]] = {
    "no metadata": {"data.npy": IMAGE["data.npy"]},
    "no data": {"metadata.json": IMAGE["metadata.json"]},
    "metadata that is no JSON": IMAGE | {"metadata.json": "{"},
    "metadata that is deep": IMAGE | {"metadata.json": "[" * 100_000},
    "metadata that is a list": IMAGE | {"metadata.json": "[]"},
    "no type": IMAGE | {"metadata.json": "{}"},
    "an unknown type": IMAGE | {"metadata.json": '{"type": "table"}'},
    "a type that is a list": IMAGE | {"metadata.json": '{"type": []}'},
    "a label that is a number": IMAGE
    | {"metadata.json": '{"type": "image", "xlabel": 1}'},
    "an origin that is a text": IMAGE
    | {"metadata.json": '{"type": "image", "x0": "a"}'},
    "metadata of the object that are a list": IMAGE
    | {"metadata.json": '{"type": "image", "obj_metadata": [1]}'},
    "pickled objects": IMAGE | {"data.npy": npy(np.array([[None]], object))},
    "texts": IMAGE | {"data.npy": npy(np.array([["a"]]))},
    "records": IMAGE | {"data.npy": npy(np.zeros((1, 1), "i4,f8"))},
    "a cube": IMAGE | {"data.npy": npy(np.zeros((2, 2, 2)))},
    "a row": IMAGE | {"data.npy": npy(np.zeros(2))},
    "too few bytes": IMAGE | {"data.npy": npy(np.ones((2, 2)))[:-1]},
    "too many bytes": IMAGE | {"data.npy": npy(np.ones((2, 2))) + b"x"},
    "no array": IMAGE | {"data.npy": b"x" * 200},
    "nothing": IMAGE | {"data.npy": b""},
    "a code for a header": IMAGE
    | {"data.npy": b"\x93NUMPY\x01\x00\x14\x00" + b"__import__('os').x()"},
    "a shape beyond all": IMAGE
    | {"data.npy": npy(np.ones((2, 2))).replace(b"(2, 2)", b"(1<<70,)")},
    "a negative shape": IMAGE
    | {"data.npy": npy(np.ones((2, 2))).replace(b"(2, 2)", b"(-2,-2")},
    "rows of different lengths": signal_of(x=np.ones(2), y=np.ones(3)),
    "no y": signal_of(x=np.ones(2)),
    "a region that is ragged": IMAGE
    | {
        "metadata.json": '{"type": "image", "obj_metadata": {"_roi_": '
        '{"single_rois": [{"coords": [[1], [1, 2]]}]}}}'
    },
}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("members", HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_object_is_refused(members: dict[str, Any], method: int) -> None:
    with pytest.raises(DamagedFileError):
        npz.decode(archive_of(members, method))


def test_a_bomb_does_not_unfold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(npz, "_LARGEST", 1 << 20)
    data = np.zeros((1 << 11, 1 << 11), np.uint8)
    body = archive_of(IMAGE | {"data.npy": npy(data)})

    with pytest.raises(DamagedFileError, match="more than the limit"):
        npz.decode(body)


def test_a_member_that_unfolds_to_more_than_it_says_is_refused() -> None:
    text = json.dumps({"type": "image", "title": "x" * 10_000})
    body = archive_of(IMAGE | {"metadata.json": text})
    assert npz.decode(body).title == "x" * 10_000
    forged = body.replace(struct.pack("<L", len(text)), struct.pack("<L", 10))

    with pytest.raises(DamagedFileError):
        npz.decode(forged)


def test_too_many_members_are_refused() -> None:
    with pytest.raises(DamagedFileError, match="members"):
        npz.decode(archive_of(IMAGE | {str(n): "" for n in range(100)}))


@settings(max_examples=300)
@given(st.data())
def test_damage_is_told_or_harmless(data: st.DataObject) -> None:
    body = bytearray(body_of(to_record(spot())))
    for _ in range(data.draw(st.integers(1, 3))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.sampled_from((0, 1, 100)))

    try:
        record = npz.decode(body[: len(body) - cut])
    except DamagedFileError:
        return
    assert record.kind == "image"
