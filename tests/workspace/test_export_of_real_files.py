"""The files that sigima ships go through a workspace into files and libraries."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sigima
import tifffile

from datalab_workspace import Workspace
from datalab_workspace.backends import MemoryBackend
from datalab_workspace.model.record import Kind

FOLDER = Path(sigima.__file__).parent / "data" / "tests"
FOLDERS: dict[Kind, Path] = {
    "signal": FOLDER / "curve_formats",
    "image": FOLDER / "image_formats",
}


@pytest.fixture(scope="module")
def workspace() -> Workspace:
    """A workspace with the objects of all files."""
    workspace = Workspace(backend=MemoryBackend())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # about the reading
        for kind, folder in FOLDERS.items():
            files = sorted(path for path in folder.iterdir() if path.is_file())
            workspace.read(files, kind=kind)
    return workspace


@pytest.fixture
def silent() -> Iterator[None]:
    """Warnings about the metadata that the files leave out are expected."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        yield


def test_there_are_enough_files(workspace: Workspace) -> None:
    assert len(workspace.list("signal")) > 30
    assert len(workspace.list("image")) > 10


@pytest.mark.usefixtures("silent")
def test_all_data_is_in_the_files(workspace: Workspace, tmp_path: Path) -> None:
    names, signals = workspace.list(), workspace.list("signal")
    arrays = workspace.export(names, tmp_path / "arrays", format="npy")
    for name, path in zip(names, arrays, strict=True):
        record = workspace.record(name)
        loaded = np.load(path)
        loaded = loaded.T if record.kind == "signal" else loaded
        np.testing.assert_array_equal(loaded, record.data)
    tables = workspace.export(signals, tmp_path / "tables", format="csv")
    for name, path in zip(signals, tables, strict=True):
        frame = pd.read_csv(path, float_precision="round_trip")
        obj = workspace.get(name)
        np.testing.assert_array_equal(frame.iloc[:, 1], obj.y)
        if obj.is_x_datetime():
            x = pd.to_datetime(frame.iloc[:, 0]).to_numpy()
            np.testing.assert_array_equal(x, workspace.to_pandas(name).index)
        else:
            np.testing.assert_array_equal(frame.iloc[:, 0], obj.x)
    images = workspace.list("image")
    pictures = workspace.export(images, tmp_path / "pictures", format="tif")
    for name, path in zip(images, pictures, strict=True):
        np.testing.assert_array_equal(tifffile.imread(path), workspace[name].data)


def test_all_data_comes_back_from_other_libraries(workspace: Workspace) -> None:
    other = Workspace(backend=MemoryBackend())
    methods = ["to_pandas", *(["to_xarray"] if find_spec("xarray") else [])]
    for name in workspace:
        record = workspace.record(name)
        for method in methods:
            other.add("x", getattr(record, method)(), overwrite=True)
            back = other.record("x")
            assert back.kind == record.kind
            np.testing.assert_array_equal(np.asarray(back.data), record.data)
