"""Read images from the files of Andor's cameras and spectrometers.

Upstream: docs/upstream/sigima_reading_andor.md
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from datalab_workspace.measured_files.arrays import with_sigima
from datalab_workspace.measured_files.notes import Notes

if TYPE_CHECKING:
    from sigima import ImageObj


def read_sif(path: Path, notes: Notes) -> Sequence[ImageObj]:
    """Return the images of an Andor file with all their pixels.

    Sigima computes the width of an image with the binning of its rows. So it leaves out
    the last pixels of a spectrum, for which the camera has added up its rows.
    """
    from sigima.io.image.funcs import SIFFile

    images = with_sigima(path, "image")
    file = SIFFile(str(path))
    # The names are sigima's: `xbin` is the binning of the rows.
    width = (file.right - file.left + 1) // file.ybin
    height = (file.top - file.bottom + 1) // file.xbin
    if (file.width, file.height) == (width, height):
        return images
    notes.add(
        f"its images have {width} x {height} pixels; DataLab reads {file.width} x "
        f"{file.height} of them",
        path,
    )
    file.width, file.height = width, height
    for image, frame in zip(images, file.read(), strict=True):
        image.data = frame
    return images
