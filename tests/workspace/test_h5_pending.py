"""Objects of a project without our manifest: read when they are used, without HDF5."""

from __future__ import annotations

import os
import pickle
import random
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import h5py
import numpy as np
import pytest

from datalab_workspace import Workspace
from datalab_workspace import open as open_project
from datalab_workspace.encoding.sidecar import KEY
from datalab_workspace.errors import StaleFileError, UnsafeFileError, WorkspaceError
from datalab_workspace.formats.h5 import layout, native
from datalab_workspace.formats.h5.direct import DirectReader
from datalab_workspace.formats.h5.guard import Limits
from datalab_workspace.formats.h5.hdf5_objects import HDF5Reader
from datalab_workspace.formats.h5.open_file import opened
from datalab_workspace.formats.h5.panels import in_order
from datalab_workspace.formats.h5.reader import read_project
from datalab_workspace.formats.h5.writer import write_project
from datalab_workspace.model.project import Group, Project
from datalab_workspace.model.record import KINDS, PendingRecord, Record
from datalab_workspace.testing.samples import KEYS, OBJECTS, VALUES
from support.project_files import drop_manifest

DATALAB = Path(__file__).parents[1] / "data" / "datalab"
PIXELS = np.arange(12.0).reshape(3, 4)
METADATA = {
    "text": "naïve",
    "empty": "",
    "flag": True,
    "count": 3,
    "gain": 2.5,
    "phase": 1 - 2j,
    "list": [1, "two", [3.0]],
    "dict": {"nested": {"array": np.arange(5, dtype="i4")}},
    "array": np.arange(6.0).reshape(2, 3),
}
SIGNAL = "DataLab_Sig/gs001: /s001: signal"
IMAGE = "DataLab_Ima/gi001: /i001: image"


@pytest.fixture
def path(tmp_path):
    """A project of one signal and one image, as DataLab saves it: without manifest."""
    workspace = Workspace()
    workspace.add("signal", np.linspace(0, 1, 10))
    workspace.add("image", PIXELS)
    for name in workspace:
        workspace.edit(name, xlabel="Time", metadata=METADATA)
    return drop_manifest(workspace.save(tmp_path / "project.h5"))


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    """A project of every sample object, and of an image for every metadata sample."""
    path = tmp_path_factory.mktemp("samples") / "samples.h5"
    workspace = Workspace()
    for name, make in OBJECTS.items():
        workspace.add(name, make())
    records = [workspace.record(name) for name in workspace]
    metadata = {n: {"value": v(), "inner": {"list": [v()]}} for n, v in VALUES.items()}
    metadata |= {n: {key: 1, "inner": {key: [None]}} for n, key in KEYS.items()}
    for name, values in metadata.items():
        records.append(Record("image", {"title": name}, {"data": PIXELS}, values))
    groups = [Group(kind, "", [r for r in records if r.kind == kind]) for kind in KINDS]
    write_project(path, Project(groups))
    return drop_manifest(path)


# -- with HDF5 and without it ---------------------------------------------------------


def both_ways(path):
    """Return each object's path, its parts without HDF5 or None, and those by HDF5."""
    found = []
    with (
        opened(path, Limits()) as direct_file,
        opened(path, Limits()) as hdf5_file,
    ):
        direct, hdf5 = DirectReader.of(direct_file), HDF5Reader(hdf5_file)
        for section in layout.SECTIONS.values():
            panel = direct_file.guard.child(direct_file.root, section.encode())
            for group in (
                () if panel is None else in_order(direct_file.guard, panel, "")
            ):
                members = h5py.h5o.open(panel, group.key)
                for link in in_order(direct_file.guard, members, group.name):
                    where = f"/{section}/{group.name}/{link.name}"
                    member = hdf5_file.guard.resolve(hdf5_file.root, where)
                    parts = direct.parts(link.address, where)
                    found.append((where, parts, hdf5.parts(member, where)))
    return found


def exact(value):
    """Return a value in a form that compares its types, bits and order."""
    if isinstance(value, dict):
        return [(exact(key), exact(item)) for key, item in value.items()]
    if isinstance(value, list):
        return [exact(item) for item in value]
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, float | np.generic):
        return type(value), np.asarray(value).tobytes()
    return type(value), hex(value) if type(value) is int else repr(value)


def exact_parts(parts):
    return exact(parts.attributes), exact(parts.metadata), sorted(parts.arrays.items())


@pytest.mark.parametrize("name", ["full.h5", "datalab_1_0.h5", "history.h5"])
def test_objects_that_datalab_saved_are_the_same_without_hdf5(name):
    found = both_ways(DATALAB / name)
    assert found
    for where, direct, hdf5 in found:
        assert direct is not None, where
        assert exact_parts(direct) == exact_parts(hdf5), where


def test_every_sample_is_the_same_without_hdf5(samples):
    found = both_ways(samples)
    left_to_hdf5 = [where for where, direct, _ in found if direct is None]
    assert len(left_to_hdf5) <= len(found) // 20, left_to_hdf5
    for where, direct, hdf5 in found:
        if direct is not None:
            assert exact_parts(direct) == exact_parts(hdf5), where


def test_a_list_shows_what_the_objects_have(samples):
    groups = read_project(samples, lazy=True).project.groups
    items = [item for group in groups for item in group.items]
    assert sum(isinstance(item, PendingRecord) for item in items) > len(items) // 2
    eager = {item.uuid: item for item in read_project(samples).project.items()}
    assert [item.uuid for item in items] == list(eager)
    for item in items:
        if isinstance(item, PendingRecord):
            record = item.resolve()
            assert (record.uuid, record.kind) == (item.uuid, item.kind)
            record.arrays = {name: record.array(name) for name in record.arrays}
            expected = eager[item.uuid]
            for part in ("fields", "metadata", "arrays"):
                found = exact(getattr(record, part))
                assert found == exact(getattr(expected, part)), item.title


# -- what only HDF5 reads -------------------------------------------------------------


def _numbers(image):
    image["metadata"].attrs["value"] = np.arange(3)


def _strings(image):
    image["metadata"].attrs["value"] = ["a", "b"]


def _fixed_string(image):
    image["metadata"].attrs["value"] = np.bytes_("fixed")


def _no_value(image):
    image["metadata"].attrs["value"] = h5py.Empty("f8")


def _chunks(image):
    values = np.arange(100.0).reshape(10, 10)
    image["metadata"].create_dataset("value", data=values, chunks=(5, 5))


def _single_number(image):
    image["metadata"]["value"] = 2.5


def _new_form(image):
    image["metadata"].create_group("value", track_order=True).attrs["__dict"] = 0


def _many_members(image):
    for number in range(300):
        image["metadata"][f"value{number}"] = [number]


def _packed_data(image):
    del image["data"]
    image.create_dataset("data", data=PIXELS, compression="gzip")


def _never_written(image):
    image.create_dataset("metadata/value", (3, 3), "f8")


@pytest.mark.parametrize(
    "spoil",
    [
        _numbers,
        _strings,
        _fixed_string,
        _no_value,
        _chunks,
        _single_number,
        _new_form,
        _many_members,
        _packed_data,
        _never_written,
    ],
)
def test_other_forms_are_left_to_hdf5(path, spoil):
    with h5py.File(path, "r+") as file:
        spoil(file[IMAGE])
    _, direct, hdf5 = both_ways(path)[1]
    assert direct is None
    lazy = open_project(path).record("image")
    assert exact(lazy.array("data")) == exact(PIXELS)
    assert lazy.metadata.keys() | {"__uuid", "__number"} >= hdf5.metadata.keys() - {KEY}
    assert exact(lazy.metadata.get("value")) == exact(hdf5.metadata.get("value"))


@pytest.mark.parametrize(
    "options",
    [{"userblock_size": 512}, {"libver": "latest"}],
    ids=["user block", "newest form"],
)
def test_file_of_another_form_is_read_by_hdf5(path, tmp_path, options):
    other = tmp_path / "other.h5"
    with h5py.File(path) as source, h5py.File(other, "w", **options) as target:
        for name in source:
            source.copy(name, target)
    expected, found = open_project(path), open_project(other)
    assert found.list() == expected.list()
    for name in found:
        assert exact(found.record(name).metadata) == exact(
            expected.record(name).metadata
        )


# -- damage ---------------------------------------------------------------------------


def contents(path, *, obstacles=None, lazy=False):
    """Return all objects of a file in comparable form, or None if it is refused."""
    try:
        with opened(path, Limits()) as file:
            groups = native.read_groups(file, obstacles, lazy=lazy)
        records = [
            item.resolve() if isinstance(item, PendingRecord) else item
            for group in groups
            for item in group.items
        ]
    except WorkspaceError:
        return None
    return [
        (
            record.kind,
            exact(record.fields),
            exact(record.metadata),
            record.shape,
            record.dtype,
            list(record.arrays),
        )
        for record in records
    ]


@pytest.mark.parametrize(
    "flips", [60, pytest.param(1500, marks=pytest.mark.slow)], ids=["few", "many"]
)
def test_flipped_bit_changes_nothing_without_hdf5_that_hdf5_does_not_see(path, flips):
    whole = path.read_bytes()
    undamaged = contents(path)
    random_numbers = random.Random(15)
    for _ in range(flips):
        content = bytearray(whole)
        at = random_numbers.randrange(len(content))
        content[at] ^= 1 << random_numbers.randrange(8)
        path.write_bytes(content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # attributes that are left out
            by_hdf5 = contents(path, obstacles=[])
            for lazy in (False, True):
                found = contents(path, lazy=lazy)
                # HDF5 finds some objects by name, and fails if it cannot.
                assert found == by_hdf5 or (by_hdf5 is None and found == undamaged), at


# -- references -----------------------------------------------------------------------


def pending(path):
    return list(read_project(path, lazy=True).project.items())


def test_pending_object_is_pickled_by_reference(path):
    for item in pending(path):
        content = pickle.dumps(item)
        assert len(content) <= 1000
        record, other = item.resolve(), pickle.loads(content).resolve()
        assert other.uuid == record.uuid
        assert exact(other.metadata) == exact(record.metadata)
        assert exact(other.fields) == exact(record.fields)


def test_opened_workspace_is_pickled_before_its_objects_are_read(path):
    workspace = open_project(path)
    other = pickle.loads(pickle.dumps(workspace))
    assert other.list() == workspace.list()
    for name in workspace:
        found, expected = other.record(name), workspace.record(name)
        assert exact(found.metadata) == exact(expected.metadata)


@pytest.mark.parametrize("change", ["touched", "written again", "removed"])
def test_object_of_a_changed_file_is_lost(path, change):
    items = pending(path)
    if change == "touched":
        os.utime(path, (0, 0))
    elif change == "written again":
        path.write_bytes(path.read_bytes() + b"\0")
    else:
        path.unlink()
    for item in items:
        with pytest.raises(StaleFileError, match=rf"{item.title}.*load the file again"):
            item.resolve()


def test_object_that_hdf5_must_read_is_lost_too(path):
    with h5py.File(path, "r+") as file:
        _strings(file[IMAGE])
    image = pending(path)[1]
    assert image.resolve().metadata["value"] == ["a", "b"]
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(StaleFileError, match=r"image.*load the file again"):
        image.resolve()


@pytest.mark.parametrize("uuid", [None, "not a UUID", 7, "of the signal"])
def test_object_without_a_uuid_of_its_own_keeps_the_new_one(path, uuid):
    with h5py.File(path, "r+") as file:
        attributes = file[IMAGE]["metadata"].attrs
        del attributes["__uuid"]
        if uuid == "of the signal":
            uuid = file[SIGNAL]["metadata"].attrs["__uuid"]
        if uuid is not None:
            attributes["__uuid"] = uuid
    signal, image = pending(path)
    assert image.uuid not in (uuid, signal.uuid)
    assert image.resolve().uuid == image.uuid == image.resolve().uuid
    assert image.resolve().metadata.keys() == METADATA.keys()


def test_objects_that_share_an_array_are_refused_when_the_second_is_used(path):
    with h5py.File(path, "r+") as file:
        file[IMAGE]["metadata/shared"] = file[SIGNAL]["metadata/array"]
    with pytest.raises(UnsafeFileError, match="is in the file twice"):
        Workspace().load(path)
    signal, image = pending(path)
    signal.resolve()
    signal.resolve()  # which does not count twice
    for _ in range(2):
        with pytest.raises(UnsafeFileError, match=r"shared is in the file twice"):
            image.resolve()


def test_object_that_many_threads_read_at_once_is_not_counted_twice(path):
    signal, _ = pending(path)
    with ThreadPoolExecutor(8) as threads:
        records = list(threads.map(lambda _: signal.resolve(), range(64)))
    assert {record.uuid for record in records} == {signal.uuid}


def test_more_objects_than_a_number_has_digits_for_keep_their_order(tmp_path):
    path = tmp_path / "project.h5"
    with h5py.File(path, "w") as file:
        file["DataLab_Version"] = "1.3.0"
        group = file.create_group("DataLab_Sig/gs001: ")
        group.attrs["title"] = ""
        for number in range(1, 1101):
            signal = group.create_group(f"s{number:03d}: signal")
            signal.attrs["title"] = f"signal {number}"
            signal["xydata"] = np.zeros((2, number % 3))
    workspace = open_project(path)
    assert workspace.list() == [f"signal {number}" for number in range(1, 1101)]
    assert workspace.record("signal 1000").shape == (1,)
