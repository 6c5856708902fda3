"""Write images as pictures: TIFF, PNG, BMP, JPEG and JPEG 2000.

Upstream: docs/upstream/sigima_writers.md
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, BinaryIO

import numpy as np

from datalab_workspace.export_formats.base import NamedRecord, data_of
from datalab_workspace.model.metadata_values import converts_exactly
from datalab_workspace.model.plain_arrays import filled_with_nan
from datalab_workspace.model.record import Record
from datalab_workspace.runtime import require

#: The dtypes of which ImageJ's TIFF can hold pixel sizes.
_IMAGEJ = (np.uint8, np.uint16, np.float32)


def write_tiff(images: Sequence[NamedRecord], file: BinaryIO, lossy: bool) -> None:
    """Write an image of any dtype as TIFF.

    Images of the dtypes of ImageJ carry the pixel size, the origin and the unit as
    ImageJ writes them.
    """
    require("tifffile", "a TIFF file", "export to .npy")
    import tifffile

    record = images[0].record
    pixels = filled_with_nan(data_of(record)) if lossy else data_of(record)
    data = np.ma.getdata(pixels)
    if not data.dtype.isnative:
        data = data.astype(data.dtype.newbyteorder("="))
    # Without "minisblack", an image of three or four rows is taken for RGB.
    options: dict[str, Any] = {"photometric": "minisblack"}
    if _is_calibrated(record):
        options |= _imagej_options(record)
    tifffile.imwrite(file, data, **options)


def tiff_parts(record: Record) -> frozenset[str]:
    """Return the parts of an image that a TIFF file of it holds."""
    if not _is_calibrated(record):
        return frozenset()
    return frozenset(
        ("calibration",) if record.fields["zunit"] else ("calibration", "units")
    )


def _is_calibrated(record: Record) -> bool:
    if not record.fields["is_uniform_coords"]:
        return False
    same_unit = record.fields["xunit"] == record.fields["yunit"]
    positive = all(_number(record, name) > 0 for name in ("dx", "dy"))
    return record.dtype in _IMAGEJ and same_unit and positive


def picture_problem(record: Record, *dtypes: str) -> str | None:
    """Return why the pixels of an image do not fit into a picture, or None.

    Args:
        record: The image.
        dtypes: The dtypes of a picture.
    """
    data = data_of(record)
    if data.size == 0:
        return "it has no pixels"
    if _fitting(data, dtypes) is not None:
        return None
    return f"its values ({data.dtype}) are not all of {' or '.join(dtypes)}"


def write_picture(
    images: Sequence[NamedRecord],
    file: BinaryIO,
    lossy: bool,  # noqa: ARG001  (what does not fit was refused otherwise)
    *,
    picture_format: str,
    dtypes: tuple[str, ...],
) -> None:
    """Write the pixels of an image as a grey picture.

    Values that the picture cannot hold are scaled: the range of the image, or its
    `zscalemin` to `zscalemax`, becomes that of the picture.
    """
    require("PIL", "a picture", "export to .npy")
    from PIL import Image

    record = images[0].record
    data = filled_with_nan(data_of(record))
    dtype = _fitting(data, dtypes)
    pixels = _scaled(data, record, np.dtype(dtypes[-1])) if dtype is None else data
    options = {"irreversible": False} if picture_format == "JPEG2000" else {}
    picture = Image.fromarray(pixels.astype(dtype or dtypes[-1]))
    picture.save(file, format=picture_format, **options)


def _fitting(data: np.ndarray[Any, Any], dtypes: tuple[str, ...]) -> str | None:
    return next((one for one in dtypes if converts_exactly(data, np.dtype(one))), None)


def _scaled(
    data: np.ndarray[Any, Any], record: Record, dtype: np.dtype[Any]
) -> np.ndarray[Any, Any]:
    values = data.astype(np.float64)
    finite = np.isfinite(values)
    low, high = record.fields["zscalemin"], record.fields["zscalemax"]
    present = values[finite] if finite.any() else np.zeros(1)
    bottom = float(present.min() if low is None else low)
    top = float(present.max() if high is None else high)
    span = top - bottom or 1.0
    values[~finite] = bottom
    most = np.iinfo(dtype).max
    return np.rint(np.clip((values - bottom) / span, 0, 1) * most).astype(dtype)


def _imagej_options(record: Record) -> dict[str, Any]:
    dx, dy = _number(record, "dx"), _number(record, "dy")
    unit = str(record.fields["xunit"] or "").replace("µ", "\\u00B5")
    metadata: dict[str, Any] = {"axes": "YX"}
    if unit:
        metadata["unit"] = unit
    for axis, step in (("x", dx), ("y", dy)):
        origin = _number(record, f"{axis}0")
        if origin:
            metadata[f"{axis}origin"] = -origin / step  # in pixels
    return {"imagej": True, "resolution": (1 / dx, 1 / dy), "metadata": metadata}


def _number(record: Record, name: str) -> float:
    value = record.fields[name]
    assert isinstance(value, float)
    return value
