"""Save and load with h5py, zarr and anndata what `test_peers` saves and loads.

Usage: ``python with_peers.py FOLDER``. Each line of the standard input is a library and
a task. The answer is one line: the seconds that the task took.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable
from pathlib import Path

import anndata
import h5py
import numpy as np
import zarr

FOLDER = Path(sys.argv[1])
OBJECTS = POINTS = 1000
SIDE = 8192  # 128 MiB of 16-bit pixels
REGION = np.s_[1000:1256, 2000:2256]
ATTRIBUTES = {
    "title": "",
    "annotations": "",
    "xlabel": "Time",
    "xunit": "s",
    "ylabel": "",
    "yunit": "",
    "autoscale": True,
    "xscalelog": False,
    "yscalelog": False,
}
METADATA = {"gain": 0.5, "channel": 1, "color": "#1f77b4"}

signals = [
    np.vstack([np.linspace(0, 1, POINTS), np.full(POINTS, float(number))])
    for number in range(OBJECTS)
]
image = np.random.default_rng(1).integers(0, 1 << 16, (SIDE, SIDE), "u2")


# -- h5py -----------------------------------------------------------------------------


def h5py_save_signals() -> None:
    with h5py.File(FOLDER / "h5py-signals", "w") as file:
        for number, data in enumerate(signals):
            group = file.create_group(f"s{number}")
            group.attrs.update({**ATTRIBUTES, "title": f"signal {number}"})
            group.create_group("metadata").attrs.update(METADATA)
            group["data"] = data


def h5py_load_signals() -> None:
    with h5py.File(FOLDER / "h5py-signals") as file:
        loaded = [
            (dict(group.attrs), dict(group["metadata"].attrs), group["data"][()])
            for group in file.values()
        ]
    assert len(loaded) == OBJECTS


def h5py_list_signals() -> None:
    with h5py.File(FOLDER / "h5py-signals") as file:
        listed = [
            (group.attrs["title"], group["data"].shape, group["data"].dtype)
            for group in file.values()
        ]
    assert len(listed) == OBJECTS


def h5py_save_image() -> None:
    with h5py.File(FOLDER / "h5py-image", "w") as file:
        file["data"] = image


def h5py_load_image() -> None:
    with h5py.File(FOLDER / "h5py-image") as file:
        file["data"][()]


def h5py_read_region() -> None:
    with h5py.File(FOLDER / "h5py-image") as file:
        file["data"][REGION]


# -- zarr -----------------------------------------------------------------------------


def _zarr(name: str) -> str:
    return str(FOLDER / f"zarr-{name}")


def zarr_save_signals() -> None:
    root = zarr.open_group(_zarr("signals"), mode="w")
    for number, data in enumerate(signals):
        attributes = {**ATTRIBUTES, "title": f"signal {number}", "metadata": METADATA}
        # Without compression, as the other two.
        array = root.create_array(
            f"s{number}", data=data, chunks=data.shape, compressors=None
        )
        array.update_attributes(attributes)
    zarr.consolidate_metadata(_zarr("signals"))


def zarr_load_signals() -> None:
    root = zarr.open_group(_zarr("signals"), mode="r")
    loaded = [(dict(array.attrs), array[...]) for _, array in root.arrays()]
    assert len(loaded) == OBJECTS


def zarr_list_signals() -> None:
    root = zarr.open_group(_zarr("signals"), mode="r")
    listed = [
        (array.attrs["title"], array.shape, array.dtype) for _, array in root.arrays()
    ]
    assert len(listed) == OBJECTS


def zarr_save_image() -> None:
    zarr.create_array(
        _zarr("image"),
        data=image,
        chunks=(1024, 1024),
        compressors=None,
        overwrite=True,
    )


def zarr_load_image() -> None:
    zarr.open_array(_zarr("image"), mode="r")[...]


def zarr_read_region() -> None:
    zarr.open_array(_zarr("image"), mode="r")[REGION]


# -- anndata --------------------------------------------------------------------------


def anndata_save_signals() -> None:
    with h5py.File(FOLDER / "anndata-signals", "w") as file:
        for number, data in enumerate(signals):
            element = {
                **ATTRIBUTES,
                "title": f"signal {number}",
                "metadata": METADATA,
                "data": data,
            }
            anndata.io.write_elem(file, f"s{number}", element)


def anndata_load_signals() -> None:
    with h5py.File(FOLDER / "anndata-signals") as file:
        loaded = [anndata.io.read_elem(group) for group in file.values()]
    assert len(loaded) == OBJECTS


def anndata_list_signals() -> None:
    with h5py.File(FOLDER / "anndata-signals") as file:
        listed = [
            (
                anndata.io.read_elem(group["title"]),
                group["data"].shape,
                group["data"].dtype,
            )
            for group in file.values()
        ]
    assert len(listed) == OBJECTS


def anndata_save_image() -> None:
    with h5py.File(FOLDER / "anndata-image", "w") as file:
        anndata.io.write_elem(file, "data", image)


def anndata_load_image() -> None:
    with h5py.File(FOLDER / "anndata-image") as file:
        anndata.io.read_elem(file["data"])


def anndata_read_region() -> None:
    with h5py.File(FOLDER / "anndata-image") as file:
        anndata.experimental.read_elem_lazy(file["data"])[REGION].compute()


def seconds(task: Callable[[], None]) -> float:
    gc.collect()
    gc.disable()
    try:
        start = time.perf_counter()
        task()
        return time.perf_counter() - start
    finally:
        gc.enable()


def main() -> None:
    for line in sys.stdin:
        library, task = line.split()
        sys.stdout.write(f"{seconds(globals()[f'{library}_{task}'])}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
