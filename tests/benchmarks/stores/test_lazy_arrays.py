"""Arrays that are read from their file in parts or along their chunks, beside h5py."""

from __future__ import annotations

import time
import zlib

import h5py
import numpy as np
import pytest

from datalab_workspace.formats.atomic import FileStamp
from datalab_workspace.formats.h5.lazy import FileArray
from support.measurement import compare

DATA = "group/object/data"
#: Chunks of a 32 MiB image; the last two show most of what a wrong order costs.
CHUNKS = {
    "one chunk": (4096, 4096),
    "columns": (4096, 64),
    "rows": (64, 4096),
    "squares": (512, 512),
}
SPARSE = (1 << 16, 1 << 15)  # 4 GiB of 16-bit pixels


def reference(path):
    with h5py.File(path) as file:
        dataset = file[DATA]
        place = dataset.shape, np.dtype(dataset.dtype.str)
        offset = dataset.id.get_offset()
    where = "group/object", "data"
    return FileArray(path, FileStamp.of(path), "", *where, *place, offset=offset)


def write(path, **options):
    with h5py.File(path, "w") as file:
        file["DataLab_Version"] = "1.3.0"
        file.create_dataset(DATA, **options)
    return path


def cpu(work):
    """Measure the processor time of all threads."""

    def measured():
        start = time.process_time()
        work()
        return time.process_time() - start

    return measured


def read_by_h5py(path, key=(), *, checked=False):
    with h5py.File(path) as file:
        found = file[DATA][key]
    if checked:
        zlib.crc32(found.reshape(-1).view("u1"))
    return found


@pytest.mark.parametrize("chunks", CHUNKS.values(), ids=CHUNKS)
def test_a_compressed_image_is_read_along_its_chunks(memory, chunks):
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 1 << 10, (4096, 4096), "u2")
    path = write(memory / "image.h5", data=pixels, chunks=chunks, compression="gzip")
    referred = reference(path)
    np.testing.assert_array_equal(referred.read(), pixels)
    read = compare(
        f"read 32 MiB of gzip in chunks of {chunks}, CPU, against h5py with checksum",
        cpu(referred.read),
        cpu(lambda: read_by_h5py(path, checked=True)),
        rounds=5,
    )
    streamed = compare(
        f"stream 32 MiB of gzip in chunks of {chunks}, CPU, against h5py with checksum",
        cpu(lambda: [None for _ in referred.blocks()]),
        cpu(lambda: read_by_h5py(path, checked=True)),
        rounds=5,
    )
    assert read.ratio <= 1.3
    assert streamed.ratio <= 1.3


def test_a_hostile_file_of_huge_chunks_is_bounded(memory):
    """Each of 8 chunks of 80 MB, of 0.6 MB in the file, is decompressed once."""
    shape = (8 * 5000, 8000)
    path = write(
        memory / "bomb.h5",
        shape=shape,
        dtype="u2",
        chunks=(shape[0], 1000),
        compression="gzip",
        compression_opts=9,
    )
    with h5py.File(path, "r+") as file:
        for first in range(0, shape[1], 1000):
            file[DATA][:, first : first + 1000] = 1
    referred = reference(path)
    compared = compare(
        f"read 640 MB from {path.stat().st_size / 1e6:.2f} MB, CPU",
        cpu(referred.read),
        cpu(lambda: read_by_h5py(path, checked=True)),
        rounds=5,
    )
    assert compared.ratio <= 1.3


KEYS = {
    "64 x 64": np.s_[30_000:30_064, 20_000:20_064],
    "100 rows": np.s_[30_000:30_100],
    "a column": np.s_[:, 77],
    "a preview": np.s_[::512, ::512],
}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_a_part_of_four_gigabytes(memory, key):
    path = memory / "sparse.h5"
    if not path.exists():
        with h5py.File(path, "w") as file:
            file["DataLab_Version"] = "1.3.0"
            space = h5py.h5s.create_simple(SPARSE)
            plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            plist.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
            plist.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
            owner = file.create_group("group/object").id
            u2 = h5py.h5t.NATIVE_UINT16
            h5py.h5d.create(owner, b"data", u2, space, plist)
    referred = reference(path)
    np.testing.assert_array_equal(referred[key], read_by_h5py(path, key))
    compared = compare(
        f"read {key} of 4 GiB, CPU, against h5py",
        cpu(lambda: referred[key]),
        cpu(lambda: read_by_h5py(path, key)),
        rounds=5,
    )
    assert compared.ratio <= 1.3
