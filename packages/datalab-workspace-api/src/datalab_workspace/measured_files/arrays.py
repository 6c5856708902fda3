"""Read signals and images from NumPy and MATLAB files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datalab_workspace.errors import UnreadableFileError
from datalab_workspace.measured_files.options import ReadOptions
from datalab_workspace.measured_files.pictures import as_images, color_axis, gray

if TYPE_CHECKING:
    from sigima import ImageObj, SignalObj

_BY_HAND = "load it with {} and pass its arrays to workspace.add(name, array)"


def read_npy(path: Path, options: ReadOptions) -> Sequence[SignalObj | ImageObj]:
    """Return the objects of a NumPy file.

    An array of one axis, of two columns or of two rows is a signal, any other array an
    image; of three axes, an image for each frame.

    Raises:
        UnreadableFileError: The array has no numbers, or another shape.
    """
    try:
        data = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        if isinstance(error, FileNotFoundError | PermissionError):
            raise
        # The messages of NumPy advise to unpickle.
        reason = "" if "pickle" in str(error) or "objects" in str(error) else error
        raise UnreadableFileError.of(
            path, "it is not an array of numbers" + f" ({reason})" * bool(reason)
        ) from None
    _check_numbers(path, data)
    is_curve = data.ndim == 1 or (data.ndim == 2 and 2 in data.shape)
    kind = options.kind or ("signal" if is_curve else "image")
    if data.ndim == 3 and kind == "image":
        colors = color_axis(path, "QYX", data.shape, options)
        frames = np.asarray(data)[None] if colors is not None else np.asarray(data)
        if colors is not None:
            frames = gray(frames)
        return as_images(path, list(frames), options)
    wanted = (1, 2) if kind == "signal" else (2,)
    if data.ndim not in wanted:
        raise UnreadableFileError.of(
            path,
            f"an array of shape {data.shape} is not a{'n' if kind == 'image' else ''} "
            f"{kind}",
            _BY_HAND.format("numpy.load"),
        )
    if kind == "image" and data.dtype.str[1:] in ("u4", "i8", "u8"):
        # Sigima rounds large integers.
        return as_images(path, [np.asarray(data)], options)
    return with_sigima(path, kind)


def _check_numbers(path: Path, data: np.ndarray[Any, Any]) -> None:
    if data.dtype.kind not in "biufc":
        raise UnreadableFileError.of(
            path,
            f"its array has the dtype {data.dtype}, not numbers",
            _BY_HAND.format("numpy.load"),
        )
    if data.size == 0:
        raise UnreadableFileError.of(path, f"its array of shape {data.shape} is empty")


def read_mat(path: Path, options: ReadOptions) -> Sequence[SignalObj | ImageObj]:
    """Return the objects of a MATLAB file.

    Vectors, and arrays of two columns or rows, are signals; other matrices are images.

    Raises:
        UnreadableFileError: The file has both, or variables of another kind.
    """
    import scipy.io

    try:
        variables = scipy.io.whosmat(path)
    except NotImplementedError:
        raise UnreadableFileError.of(
            path,
            "it is a MATLAB file of version 7.3, which is HDF5",
            "save it in MATLAB with the option -v7, or read it with h5py",
        ) from None
    except Exception as error:  # noqa: BLE001 - a damaged file raises errors of any kind
        raise UnreadableFileError.of(
            path, f"it is not a MATLAB file, or it is damaged ({error})"
        ) from None
    described = ", ".join(
        f"{name} ({'x'.join(map(str, shape))} {kind})"
        for name, shape, kind in variables
    )
    kinds = {_kind_of(shape, dtype) for _, shape, dtype in variables}
    kind = options.kind or (kinds.pop() if len(kinds) == 1 else None)
    if kind is None or (options.kind is not None and None in kinds):
        mixed = None not in kinds and kinds
        raise UnreadableFileError.of(
            path,
            f"it holds {described or 'no variable'}",
            "pass kind='signal' or kind='image'"
            if mixed
            else _BY_HAND.format("scipy.io.loadmat"),
        )
    return with_sigima(path, kind)


def _kind_of(shape: Sequence[int], dtype: str) -> str | None:
    """Return the kind of object that a variable of MATLAB is, or None."""
    numbers = dtype in ("double", "single", "logical") or dtype.lstrip("u").startswith(
        "int"
    )
    if not numbers or len(shape) != 2 or 0 in shape or tuple(shape) == (1, 1):
        return None
    return "signal" if min(shape) <= 2 else "image"


def refuse_npz(path: Path) -> UnreadableFileError:
    """Return the error for an archive of arrays, with their names."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            names = ", ".join(archive.files[:8])
    except (ValueError, OSError):
        names = "arrays"
    return UnreadableFileError.of(
        path, f"an archive holds {names}", _BY_HAND.format("numpy.load")
    )


def with_sigima(path: Path, kind: str) -> Sequence[SignalObj | ImageObj]:
    """Return the objects that sigima reads from a file.

    Args:
        path: The file.
        kind: "signal" or "image".
    """
    from sigima import io

    read = io.read_signals if kind == "signal" else io.read_images
    return list(read(str(path)))
