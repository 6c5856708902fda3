"""Read images from DICOM files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datalab_workspace.errors import UnreadableFileError
from datalab_workspace.measured_files.arrays import with_sigima
from datalab_workspace.measured_files.notes import Notes
from datalab_workspace.measured_files.options import ReadOptions
from datalab_workspace.measured_files.pictures import as_images, gray
from datalab_workspace.runtime import is_installed, remedy_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sigima import ImageObj


def read_dicom(path: Path, options: ReadOptions, notes: Notes) -> Sequence[ImageObj]:
    """Return the images of a DICOM file: the values as they are stored.

    Sigima's image stands where it has the pixels that pydicom decodes; pydicom's
    pixels do for compressed files, several frames, colors and other byte orders.

    Raises:
        UnreadableFileError: The file has no image, or pydicom cannot decode it.
        ModuleNotFoundError: pydicom is not installed.
    """
    if not is_installed("pydicom"):
        raise UnreadableFileError.of(
            path,
            "a DICOM file needs pydicom, which is not installed here",
            remedy_for(),
        )
    import pydicom

    try:
        dataset = pydicom.dcmread(path, force=True)
        frames = int(dataset.get("NumberOfFrames") or 1)
        colors = int(dataset.get("SamplesPerPixel") or 1)
        if "TransferSyntaxUID" not in dataset.file_meta:
            # The default of the standard, for files from before it had this entry.
            dataset.file_meta.TransferSyntaxUID = pydicom.uid.ImplicitVRLittleEndian
        pixels = dataset.pixel_array
    except Exception as error:  # noqa: BLE001 - decoders raise errors of any kind
        raise UnreadableFileError.of(
            path,
            f"pydicom cannot decode it ({' '.join(str(error).split())[:200]})",
            "a compressed file may need the package pylibjpeg with its plugins",
        ) from None
    if colors > 1:
        pixels = gray(pixels)
        notes.add("a color image is the mean of its colors", path)
    if dataset.get("RescaleSlope", 1) != 1 or dataset.get("RescaleIntercept", 0) != 0:
        notes.add(
            "the values are those that the file stores, without its rescale slope and "
            "intercept, as in DataLab",
            path,
        )
    if frames == 1 and colors == 1:
        found = _sigimas(path)
        if found and np.array_equal(found[0].data, pixels):
            return found
    return as_images(path, list(pixels) if frames > 1 else [pixels], options)


def _sigimas(path: Path) -> Sequence[Any]:
    try:
        return with_sigima(path, "image")
    except Exception:  # noqa: BLE001 - pydicom reads what sigima cannot
        return ()
