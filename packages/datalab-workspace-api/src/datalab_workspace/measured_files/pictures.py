"""Read images from TIFF, PNG, JPEG and similar files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datalab_workspace.errors import UnreadableFileError
from datalab_workspace.measured_files.calibration import calibration
from datalab_workspace.measured_files.notes import Notes
from datalab_workspace.measured_files.options import ReadOptions

if TYPE_CHECKING:
    import tifffile
    from sigima import ImageObj

_COLOR = "a color image is the mean of red, green and blue, as in DataLab"
_STACK = "pass stack='images' to read an image from each frame"


def read_tiff(path: Path, options: ReadOptions, notes: Notes) -> list[ImageObj]:
    """Return the images of a TIFF file: one for each frame of a stack.

    Sigima reads a file with one image without colors. It would take the first axis of
    a stack for rows and the last one for colors; so the axes that the file gives
    decide here.

    Raises:
        UnreadableFileError: The file is damaged, or its axes can be read in several
            ways, or ``stack="refuse"`` was passed and it is a stack.
    """
    import tifffile

    try:
        with tifffile.TiffFile(path) as file:
            series = [part for part in file.series if part.axes]
            if len(series) == 1 and series[0].axes == "YX":
                scale = calibration(file)
                frames = None
            else:
                scale = calibration(file)
                frames = [
                    frame
                    for part in series
                    for frame in _frames(path, part, options, notes)
                ]
    except (tifffile.TiffFileError, ValueError, IndexError, KeyError) as error:
        if isinstance(error, UnreadableFileError):
            raise
        raise UnreadableFileError.of(
            path, f"it is not a TIFF file, or it is damaged ({error})"
        ) from None
    if frames is None:
        from sigima.io import read_images

        images = list(read_images(str(path)))
    else:
        images = as_images(path, frames, options)
    return [scale.applied(image) for image in images]


def _frames(
    path: Path, series: tifffile.TiffPageSeries, options: ReadOptions, notes: Notes
) -> list[np.ndarray[Any, Any]]:
    """Return the images of a series of pages, gray ones."""
    axes, shape = series.axes, series.shape
    if "Y" not in axes or "X" not in axes:
        raise UnreadableFileError.of(
            path,
            f"its data has the axes {axes!r} and the shape {shape}, not an image's",
        )
    if axes.endswith("YX"):
        check_colors(path, shape, options)
    data = series.asarray()
    if "S" in axes:
        data = gray(np.moveaxis(data, axes.index("S"), -1))
        axes = axes.replace("S", "")
        notes.add(_COLOR, path)
    order = [axes.index("Y"), axes.index("X")]
    data = np.moveaxis(data, order, [-2, -1])
    return list(data.reshape(-1, *data.shape[-2:]))


def check_colors(path: Path, shape: Sequence[int], options: ReadOptions) -> None:
    """Raise an error for a stack of frames that may be one image with colors."""
    if len(shape) == 3 and shape[-1] in (3, 4) and options.stack is None:
        raise UnreadableFileError.of(
            path,
            f"its data of shape {tuple(shape)} may be {shape[0]} frames or an image "
            f"with {shape[-1]} colors",
            _STACK,
        )


def gray(colors: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the mean of red, green and blue, which are the last axis, as sigima does.

    Of two colors, the second one is the opacity.
    """
    if colors.shape[-1] <= 2:
        return colors[..., 0]
    mean = colors[..., :3].mean(axis=-1)
    if colors.dtype.kind in "iu":
        mean = np.round(mean)
    result: np.ndarray[Any, Any] = mean.astype(colors.dtype)
    return result


def as_images(
    path: Path, frames: Sequence[np.ndarray[Any, Any]], options: ReadOptions
) -> list[ImageObj]:
    """Return an image for each frame, with titles as sigima gives them.

    Raises:
        UnreadableFileError: There are several, and ``stack="refuse"`` was passed.
    """
    from sigima import create_image

    check_stack(path, len(frames), options)
    images = []
    for index, frame in enumerate(frames):
        title = path.name + (f" {index:02d}" if len(frames) > 1 else "")
        image = create_image(title, metadata={"source": str(path)})
        # A copy, which neither a file nor the other frames keep in memory.
        image.data = np.array(frame, frame.dtype.newbyteorder("="))
        images.append(image)
    return images


def check_stack(path: Path, count: int, options: ReadOptions) -> None:
    """Raise an error for a file of several images if the caller wants none."""
    if count > 1 and options.stack == "refuse":
        raise UnreadableFileError.of(path, f"it holds {count} images", _STACK)


def note_colors(path: Path, notes: Notes) -> None:
    """Note that a PNG, JPEG or BMP image has colors."""
    import imageio.v3 as iio

    shape = iio.improps(path).shape
    if len(shape) == 3 and shape[-1] in (3, 4):
        notes.add(_COLOR, path)
