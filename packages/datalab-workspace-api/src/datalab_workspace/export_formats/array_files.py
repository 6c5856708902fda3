"""Write the data of objects as arrays: NumPy, MATLAB and sigima's HDF5 files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

import numpy as np

from datalab_workspace.export_formats.base import (
    PARTS,
    NamedRecord,
    data_of,
    user_metadata,
)
from datalab_workspace.model.metadata_values import values_equal
from datalab_workspace.model.plain_arrays import filled_with_nan
from datalab_workspace.model.record import PRIMARY_ARRAY, Record
from datalab_workspace.model.sigima_objects import to_object
from datalab_workspace.runtime import require


def write_npy(objects: Sequence[NamedRecord], file: BinaryIO, lossy: bool) -> None:
    """Write an array: (N, 2) or (N, 4) for a signal, the pixels of an image."""
    np.save(file, _array(objects[0].record, lossy), allow_pickle=False)


def write_mat(objects: Sequence[NamedRecord], file: BinaryIO, lossy: bool) -> None:
    """Write the array of `write_npy` as the variable "sig" or "img" of MATLAB 5."""
    require("scipy", "a MATLAB file", "export to .npy")
    from scipy.io import savemat

    record = objects[0].record
    data = _array(record, lossy)
    if data.dtype == np.float16:  # which MATLAB does not have
        data = data.astype(np.float32)
    savemat(file, {"sig" if record.kind == "signal" else "img": data})


def mat_problem(record: Record) -> str | None:
    """Return why the data of an object cannot be written for MATLAB, or None."""
    if record.nbytes >= 2**31:
        return "it has more than 2 GiB, which a file of MATLAB 5 cannot hold"
    return None


def write_sigima(objects: Sequence[NamedRecord], file: BinaryIO, lossy: bool) -> None:
    """Write a file of sigima, which holds the object with its metadata."""
    record = objects[0].record
    arrays = {**record.arrays}
    if lossy:
        arrays[PRIMARY_ARRAY[record.kind]] = filled_with_nan(data_of(record))
    lost = unkept_metadata(record)
    kept = {key: value for key, value in record.metadata.items() if key not in lost}
    file.write(_sigima_bytes(Record(record.kind, dict(record.fields), arrays, kept)))


def sigima_parts(record: Record) -> frozenset[str]:
    """Return the parts of an object that sigima's file of it holds."""
    return frozenset(PARTS) - ({"metadata"} if unkept_metadata(record) else set())


def unkept_metadata(record: Record) -> list[Any]:
    """Return the metadata keys whose values sigima's files cannot hold."""
    plain = (str, int, float, bool)
    unusual = [
        k for k in user_metadata(record) if type(record.metadata[k]) not in plain
    ]
    return [key for key in unusual if not _survives(key, record.metadata[key])]


def _survives(key: Any, value: Any) -> bool:
    from sigima.io import read_signals

    tried = Record("signal", {}, {"xydata": np.zeros((2, 1))}, {key: value})
    try:
        content = _sigima_bytes(tried)
        with TemporaryDirectory() as folder:
            path = Path(folder, "tried.h5sig")
            path.write_bytes(content)
            (read,) = read_signals(str(path))
    except Exception:  # noqa: BLE001  any value may fail in any way
        return False
    return bool(values_equal(read.metadata.get(key), value))


def _sigima_bytes(record: Record) -> bytes:
    require("sigima", "a file of sigima", "save a project")
    from sigima.io import write_image, write_signal

    is_signal = record.kind == "signal"
    with TemporaryDirectory() as folder:
        path = Path(folder, "object.h5sig" if is_signal else "object.h5ima")
        (write_signal if is_signal else write_image)(str(path), to_object(record))
        return path.read_bytes()


def _array(record: Record, lossy: bool) -> np.ndarray[Any, Any]:
    array = data_of(record)
    data = filled_with_nan(array) if lossy else np.ma.getdata(array)
    return data.T if record.kind == "signal" else data
