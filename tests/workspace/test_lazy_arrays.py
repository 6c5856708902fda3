"""Arrays that are still in their file are arrays, and a part of one costs that part."""

from __future__ import annotations

from io import FileIO

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, basic_indices, integer_array_indices

from datalab_workspace import Workspace
from datalab_workspace import open as open_project
from datalab_workspace.errors import DamagedFileError, StaleFileError
from datalab_workspace.formats import raw_io
from datalab_workspace.formats.h5 import array_io, chunks, lazy, open_file, regions
from datalab_workspace.formats.h5.lazy import FileArray, FileStamp
from datalab_workspace.model.array_reference import ArrayReference
from datalab_workspace.model.index_regions import split_index

PIXELS = np.arange(600, dtype="u2").reshape(20, 30)
#: How a dataset is stored: its chunks and filters.
LAYOUTS = {
    "contiguous": {},
    "chunked": {"chunks": True},
    "gzip": {"chunks": True, "compression": "gzip", "shuffle": True},
}


def reference(path, array, **layout):
    """A reference to an array in a file of its own."""
    with h5py.File(path, "w") as file:
        file["DataLab_Version"] = "1.3.0"
        if layout.get("chunks") is True:
            layout["chunks"] = tuple(max(1, length // 3) for length in array.shape)
        dataset = file.create_dataset("group/object/data", data=array, **layout)
        offset = dataset.id.get_offset()
    stamp = FileStamp.of(path)
    place = "group/object", "data", array.shape, array.dtype
    return FileArray(path, stamp, "no UUID", *place, offset=offset)


@pytest.fixture(params=LAYOUTS)
def referred(request, tmp_path):
    return reference(tmp_path / "file.h5", PIXELS, **LAYOUTS[request.param])


@pytest.fixture(params=["plain", "converted", "masked", "gzip"])
def of_workspace(request, tmp_path):
    """The reference in a record, and the array that it stands for."""
    array = PIXELS.astype("u8") if request.param == "converted" else PIXELS
    if request.param == "masked":
        array = np.ma.MaskedArray(PIXELS, mask=PIXELS % 7 == 0, fill_value=3)
    compression = "gzip" if request.param == "gzip" else None
    workspace = Workspace()
    workspace.add("image", array)
    path = workspace.save(tmp_path / "project.h5", compression=compression)
    return open_project(path).record("image").arrays["data"], array


# -- like NumPy's own -----------------------------------------------------------------


def test_every_reference_has_what_an_array_has(of_workspace):
    lazy_array, array = of_workspace
    assert isinstance(lazy_array, ArrayReference)
    for name in ("shape", "dtype", "ndim", "size", "nbytes"):
        assert getattr(lazy_array, name) == getattr(array, name)
    assert len(lazy_array) == len(array)
    np.testing.assert_array_equal(np.ma.stack(list(lazy_array)), array)


KEYS = {
    "a region": np.s_[3:7, 10:20],
    "an element": np.s_[3, -1],
    "a row": np.s_[-2],
    "a column": np.s_[:, 4],
    "steps": np.s_[::3, 1::5],
    "backwards": np.s_[::-1, 20:3:-4],
    "an ellipsis": np.s_[..., 2],
    "None": np.s_[None, 4, None],
    "nothing": np.s_[5:5],
    "everything": np.s_[()],
    "lists": np.s_[[1, -3, 1]],
    "arrays": np.s_[np.array([[1], [5]]), np.array([2, -1])],
    "flags": PIXELS % 5 == 1,
    "flags of an axis": np.s_[:, PIXELS[0] > 12],
    "no flags": PIXELS > 1000,
    "a list and a slice": np.s_[[4, 2], ::-2],
    "mixed": np.s_[2, None, [3, 4]],
}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_an_index_selects_what_numpy_selects(of_workspace, key):
    lazy_array, array = of_workspace
    found, expected = lazy_array[key], array[key]
    assert type(found) is type(expected)
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    np.testing.assert_array_equal(np.ma.getdata(found), np.ma.getdata(expected))
    masks = [np.ma.getmaskarray(one) for one in (found, expected)]
    np.testing.assert_array_equal(*masks)


@pytest.mark.parametrize("key", [np.s_[20], np.s_[0, 0, 0], "x", 1.5, np.s_[..., ...]])
def test_an_index_that_numpy_refuses_is_refused_alike(referred, key):
    with pytest.raises(IndexError) as expected:
        PIXELS[key]
    with pytest.raises(IndexError) as found:
        referred[key]
    assert str(found.value) == str(expected.value)


def _arrays_and_keys():
    shapes = array_shapes(min_dims=1, max_dims=3, max_side=9)

    def with_key(shape):
        basic = basic_indices(shape, allow_newaxis=True, max_dims=5)
        flags = st.builds(
            lambda seed: np.random.default_rng(seed).integers(0, 2, shape) > 0,
            st.integers(0, 99),
        )
        keys = st.one_of(basic, integer_array_indices(shape), flags)
        return st.tuples(st.just(shape), keys)

    return shapes.flatmap(with_key)


@pytest.mark.parametrize("layout", LAYOUTS)
@settings(max_examples=40, deadline=None)
@given(case=_arrays_and_keys(), gap=st.sampled_from([0, 16, 1 << 20]))
def test_any_index_equals_numpy_s(layout, case, gap, tmp_path_factory):
    shape, key = case
    array = np.arange(np.prod(shape), dtype="i4").reshape(shape)
    path = tmp_path_factory.mktemp("any") / "file.h5"
    referred = reference(path, array, **LAYOUTS[layout])
    with pytest.MonkeyPatch.context() as patch:  # rows one by one, or together
        patch.setattr(regions, "_GAP", gap)
        found = referred[key]
    assert np.shape(found) == np.shape(array[key])
    np.testing.assert_array_equal(found, array[key])


def test_numpy_reads_the_whole_array(of_workspace):
    lazy_array, array = of_workspace
    plain = np.asarray(lazy_array)
    assert (type(plain), plain.dtype) == (np.ndarray, array.dtype)
    np.testing.assert_array_equal(plain, np.ma.getdata(array))
    assert np.asarray(lazy_array, dtype="f4").dtype == np.float32
    for function in (np.sum, np.mean, np.max, np.std):
        assert function(lazy_array) == function(array)
    np.testing.assert_array_equal(lazy_array + 1, array + 1)
    np.testing.assert_array_equal(
        np.vstack([lazy_array, array]), np.vstack([array] * 2)
    )
    np.testing.assert_array_equal(2 * lazy_array > array, 2 * array > array)
    assert (7 in lazy_array) == (7 in array)
    assert (lazy_array.mean(), lazy_array.ravel()[3]) == (array.mean(), array[0, 3])
    np.testing.assert_array_equal(lazy_array.T, array.T)
    assert not hasattr(lazy_array, "sort")  # which would write
    assert {lazy_array: 1}[lazy_array] == 1  # by identity


def test_shape_and_dtype_are_had_without_reading(referred, tmp_path):
    (tmp_path / "file.h5").unlink()
    assert (np.shape(referred), np.ndim(referred), np.size(referred)) == (
        (20, 30),
        2,
        600,
    )
    assert np.zeros_like(referred).dtype == np.result_type(referred) == np.uint16
    assert referred[:0].shape == (0, 30)


@pytest.mark.skipif(np.lib.NumpyVersion(np.__version__) < "2.0.0", reason="NumPy 2's")
def test_numpy_cannot_avoid_the_copy(referred):
    with pytest.raises(ValueError, match="Unable to avoid copy"):
        np.asarray(referred, copy=False)
    assert np.array(referred, copy=True).flags.writeable


def test_an_array_of_several_elements_is_neither_true_nor_false(referred):
    with pytest.raises(ValueError, match="use numpy"):
        bool(referred)
    with pytest.raises(TypeError, match="cannot be written to"):
        np.add(PIXELS, 1, out=referred)


def test_what_was_read_is_the_caller_s_own(referred):
    referred[2:4][:] = 0
    np.testing.assert_array_equal(referred[2:4], PIXELS[2:4])


def test_an_array_without_axes_is_read(tmp_path):
    referred = reference(tmp_path / "file.h5", np.array(3.5))
    assert (referred[()], float(np.asarray(referred)), referred.ndim) == (3.5, 3.5, 0)
    with pytest.raises(TypeError):
        len(referred)
    with pytest.raises(TypeError):
        iter(referred).__next__()


# -- what a part costs ----------------------------------------------------------------


@pytest.fixture
def count_bytes(monkeypatch):
    """Count the bytes that are read without HDF5."""
    counts = []

    class Counting(FileIO):
        def readinto(self, buffer):
            counts.append(super().readinto(buffer))
            return counts[-1]

    monkeypatch.setattr(raw_io, "FileIO", Counting)
    return counts


TALL, WIDE = (1 << 19, 1 << 13), (20_000, 1 << 18)
PARTS = {
    "rows": (TALL, np.s_[1000:1010], 10 << 13),
    "the end of rows": (TALL, np.s_[1000:1010, 8000:], 10 << 13),
    "an element": (TALL, np.s_[1005, 8100], 1 << 13),
    "a column": (WIDE, np.s_[:, 7], 20_000),
    "steps": (WIDE, np.s_[::100, : 1 << 13 : 2], 200 << 13),
}


@pytest.mark.parametrize(("shape", "key", "most"), PARTS.values(), ids=PARTS)
def test_a_part_of_four_gigabytes_costs_that_part(
    tmp_path, count_bytes, shape, key, most
):
    selected = np.broadcast_to(np.empty((), bool), shape)[key].shape
    position = 512 + 1005 * shape[1] + 8100
    path = tmp_path / "sparse.h5"
    with path.open("wb") as file:
        file.truncate(512 + shape[0] * shape[1])
        file.seek(position)
        file.write(b"x")
    place = "group/object", "data", shape, np.dtype("u1")
    referred = FileArray(path, FileStamp.of(path), "no UUID", *place, offset=512)
    part = referred[key]
    assert part.shape == selected
    assert part.sum() == (ord("x") if shape == TALL else 0)
    assert sum(count_bytes) <= most


def test_iterating_opens_the_file_once_for_many_rows(referred, monkeypatch):
    opened = []
    for module, name in ((raw_io, "FileIO"), (open_file, "_hdf5")):
        original = getattr(module, name)
        monkeypatch.setattr(
            module,
            name,
            lambda *args, make=original, **options: (
                opened.append(1) or make(*args, **options)
            ),
        )
    for row, expected in zip(referred, PIXELS, strict=True):
        np.testing.assert_array_equal(row, expected)
    assert len(opened) <= 5  # also to learn about the chunks


def test_iterating_reads_each_chunk_once(tmp_path, monkeypatch):
    requests = []
    read = chunks.read_region
    monkeypatch.setattr(
        lazy, "read_region", lambda *a: requests.append(a[1][0]) or read(*a)
    )
    referred = reference(tmp_path / "file.h5", PIXELS, chunks=(7, 30))
    monkeypatch.setattr(chunks, "BLOCK", 100)
    assert len(list(referred)) == 20
    assert [(part.start, part.stop) for part in requests] == [(0, 7), (7, 14), (14, 20)]


# -- other libraries ------------------------------------------------------------------


def test_dask_computes_with_it_piece_by_piece(of_workspace, count_bytes):
    dask_array = pytest.importorskip("dask.array", reason="not installed here")
    lazy_array, array = of_workspace
    pieces = dask_array.from_array(lazy_array, chunks=(5, 30))
    assert (pieces.shape, pieces.dtype, count_bytes) == (array.shape, array.dtype, [])
    np.testing.assert_array_equal(pieces[3:12, ::2].compute(), array[3:12, ::2])
    assert pieces.max().compute() == array.max()


def test_dask_names_the_same_array_alike(of_workspace):
    dask_array = pytest.importorskip("dask.array", reason="not installed here")
    one, other = (dask_array.from_array(of_workspace[0], chunks=10) for _ in "ab")
    assert one.name == other.name


@pytest.mark.slow  # a process that imports dask
def test_dask_hands_it_to_other_processes_by_reference(referred):
    dask = pytest.importorskip("dask", reason="not installed here")
    dask_array = pytest.importorskip("dask.array", reason="not installed here")
    pieces = dask_array.from_array(referred, chunks=10)
    with dask.config.set(scheduler="processes", num_workers=1):
        assert pieces[10:].min().compute() == PIXELS[10:].min()


def test_xarray_leaves_it_in_its_file_until_it_is_used(of_workspace, count_bytes):
    xarray = pytest.importorskip("xarray", reason="not installed here")
    lazy_array, array = of_workspace
    labelled = xarray.DataArray(lazy_array, dims=("y", "x"), coords={"x": range(30)})
    assert (labelled.shape, labelled.dtype, count_bytes) == ((20, 30), array.dtype, [])
    part = labelled.isel(y=slice(3, 5)).sel(x=[4, 7])
    np.testing.assert_array_equal(part.values, array[3:5, [4, 7]])
    assert float(labelled.max()) == float(array.max())
    np.testing.assert_array_equal(labelled.T.values, array.T)


# -- whole arrays, along their chunks -------------------------------------------------


SHAPES = [(20, 30), (20, 4), (3, 30), (7, 11), (1, 1)]


@pytest.mark.parametrize("chunk", SHAPES, ids=str)
@pytest.mark.parametrize("largest", [50, 1 << 20])
@pytest.mark.parametrize("block", [24, 200, 1 << 20])
def test_blocks_are_the_array_in_order(tmp_path, monkeypatch, chunk, largest, block):
    for module in (array_io, chunks):
        monkeypatch.setattr(module, "BLOCK", block)
    monkeypatch.setattr(chunks, "_LARGEST_ROW", largest)
    path = tmp_path / "file.h5"
    referred = reference(path, PIXELS, chunks=chunk, compression="gzip")
    in_order, placed = [], np.zeros_like(PIXELS)
    for index, part in referred.blocks():
        in_order.append(part.ravel().copy())
        placed[index] = part
    np.testing.assert_array_equal(np.concatenate(in_order), PIXELS.ravel())
    np.testing.assert_array_equal(placed, PIXELS)
    np.testing.assert_array_equal(referred.read(), PIXELS)


@pytest.mark.parametrize("chunk", SHAPES, ids=str)
@pytest.mark.parametrize("whole", [True, False], ids=["read", "streamed"])
def test_every_chunk_is_asked_for_once(tmp_path, monkeypatch, chunk, whole):
    for module in (array_io, chunks):
        monkeypatch.setattr(module, "BLOCK", 64)
    asked = np.zeros(PIXELS.shape, int)
    read = chunks.read_region

    def counted(dataset, region, target):
        touched = tuple(
            slice(part.start // c * c, -(-part.stop // c) * c)
            for part, c in zip(region, chunk, strict=True)
        )
        asked[touched] += 1
        read(dataset, region, target)

    monkeypatch.setattr(chunks, "read_region", counted)
    monkeypatch.setattr(lazy, "read_region", counted)
    path = tmp_path / "file.h5"
    referred = reference(path, PIXELS, chunks=chunk, compression="gzip")
    if whole:
        referred.read()
    else:
        list(referred.blocks())
    assert np.all(asked == 1)


# -- the file changes -----------------------------------------------------------------


def test_a_part_of_a_changed_file_is_read_only_of_the_same_array(tmp_path):
    workspace = Workspace()
    workspace.add("image", PIXELS)
    path = workspace.save(tmp_path / "project.h5")
    moved, changed = (open_project(path).record("image").arrays["data"] for _ in "ab")
    with h5py.File(path, "r+") as file:
        del file["datalab_workspace"]
    np.testing.assert_array_equal(moved[3:5], PIXELS[3:5])
    np.testing.assert_array_equal(moved[:, 3], PIXELS[:, 3])
    with h5py.File(path, "r+") as file:
        file["/DataLab_Ima/gi001: /i001: image/data"][19, 29] = 7
    with pytest.raises(StaleFileError, match="load the file again"):
        changed[0, 0]
    path.unlink()
    with pytest.raises(StaleFileError, match="was removed"):
        changed[0, 0]


def test_a_part_beyond_the_end_of_the_file_is_damage(tmp_path):
    path = tmp_path / "short.bin"
    path.write_bytes(bytes(1000))
    place = "group/object", "data", (100, 100), np.dtype("u1")
    referred = FileArray(path, FileStamp.of(path), "no UUID", *place, offset=0)
    assert referred[5].sum() == 0
    with pytest.raises(DamagedFileError, match="ends before"):
        referred[50]


def test_the_smallest_region_of_an_index_is_read():
    region, _ = split_index(np.s_[[7, 3], 5:1:-2], (10, 10))
    assert region == (slice(3, 8, 1), slice(3, 6, 2))


# -- a reference as an object to add --------------------------------------------------


def test_a_reference_is_added_like_the_array_that_it_stands_for(of_workspace):
    found, array = of_workspace
    workspace = Workspace()

    workspace.update({"image": found, "signal": (found[0], found[1])})

    added = workspace.get("image").data
    assert type(added) is type(array)
    np.testing.assert_array_equal(added, array)
    np.testing.assert_array_equal(workspace.get("signal").y, array[1])
