"""Read images from TIFF, PNG, JPEG and similar files.

Upstream: docs/upstream/sigima_reading_stacks.md
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datalab_workspace import runtime
from datalab_workspace.errors import UnreadableFileError
from datalab_workspace.measured_files.calibration import calibration
from datalab_workspace.measured_files.notes import Notes
from datalab_workspace.measured_files.options import ReadOptions
from datalab_workspace.model.record import SOURCE_KEY

if TYPE_CHECKING:
    import tifffile
    from sigima import ImageObj

_COLOR = "a color image is the mean of red, green and blue, as in DataLab"
_STACK = "pass stack='images' to read an image from each frame"


def read_tiff(path: Path, options: ReadOptions, notes: Notes) -> list[ImageObj]:
    """Return the images of a TIFF file: one for each frame of a stack.

    Sigima takes the first axis of a stack for rows and the last one for colors. So the
    axes that the file gives decide here, and tifffile reads it, as it does for sigima.

    Raises:
        UnreadableFileError: The file is damaged, or its axes can be read in several
            ways, or ``stack="refuse"`` was passed and it is a stack.
    """
    runtime.require("tifffile", "reading a TIFF file")
    import tifffile

    frames: list[np.ndarray[Any, Any]] = []
    try:
        with tifffile.TiffFile(path) as file:
            scale = calibration(file)
            for series in file.series:
                if series.axes:
                    frames += _frames(path, series, options, notes)
    except UnreadableFileError:
        raise
    except ModuleNotFoundError as error:
        raise runtime.explained(error, f"the compression of {path.name!r}") from None
    except (tifffile.TiffFileError, ValueError, IndexError, KeyError) as error:
        if reason := missing_codec(error):
            raise UnreadableFileError.of(path, *reason) from None
        raise UnreadableFileError.of(
            path, f"it is not a TIFF file, or it is damaged ({error})"
        ) from None
    images = as_images(path, frames, options)
    if len(images) == 1:
        _show_both_values(images[0])
    return [scale.applied(image) for image in images]


def missing_codec(error: Exception) -> tuple[str, str] | None:
    """Return why a TIFF file cannot be decompressed without imagecodecs, and a remedy.

    Args:
        error: An error of tifffile, such as "<COMPRESSION.LZW: 5> requires the
            'imagecodecs' package".

    Returns:
        The reason and the remedy; None if the error has another reason.
    """
    if "'imagecodecs'" not in str(error) or runtime.is_installed("imagecodecs"):
        return None
    named = re.search(r"COMPRESSION\.(\w+)", str(error))
    what = f"its compression, {named[1]}," if named else "its compression"
    if runtime.IN_BROWSER:  # imagecodecs is not built for browsers
        return f"{what} cannot be read in a browser", "save it without compression"
    reason = f"{what} needs imagecodecs, which is not installed here"
    return reason, runtime.remedy_for()


def _show_both_values(image: ImageObj) -> None:
    """Set the range of colors of an image of two values, as sigima does."""
    few = np.unique(image.data[:1, :100])
    if len(few) <= 2 and len(values := np.unique(image.data)) == 2:
        image.zscalemin, image.zscalemax = values.tolist()


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
    colors = color_axis(path, axes, shape, options)
    data = series.asarray()
    if axes == "YX":
        return [data]
    if colors is not None:
        data = gray(np.moveaxis(data, colors, -1))
        axes = axes[:colors] + axes[colors + 1 :]
        notes.add(_COLOR, path)
    if "X" in axes:  # or else the last of three axes was that of the colors
        data = np.moveaxis(data, [axes.index("Y"), axes.index("X")], [-2, -1])
    return list(data.reshape(-1, *data.shape[-2:]))


def color_axis(
    path: Path, axes: str, shape: Sequence[int], options: ReadOptions
) -> int | None:
    """Return the index of the axis of the colors, None if there is none.

    Args:
        path: The file.
        axes: Names of the axes, as tifffile gives them: S are the colors.
        shape: The lengths of the axes.
        options: The options of the call.

    Raises:
        UnreadableFileError: The axes may be frames or colors. Programs write a stack of
            three or four frames as colors in planes, and colors as a stack of frames.
    """
    planes = axes == "SYX"
    thin = len(shape) == 3 and shape[-1] in (3, 4) and axes.endswith("YX")
    if not planes and not thin:
        return axes.index("S") if "S" in axes else None
    if options.stack in (None, "refuse"):
        number = shape[0] if planes else shape[-1]
        raise UnreadableFileError.of(
            path,
            f"its data of shape {tuple(shape)} may be {shape[0]} frames or an image "
            f"with {number} colors",
            "pass stack='images' or stack='colors'",
        )
    if options.stack == "images":
        return None
    return 0 if planes else 2


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
        image = create_image(title, metadata={SOURCE_KEY: str(path)})
        # A frame of a stack is copied: it would keep the others in memory.
        copy = len(frames) > 1 or not frame.flags.owndata
        image.data = np.array(frame, frame.dtype.newbyteorder("="), copy=copy or None)
        images.append(image)
    return images


def check_stack(path: Path, count: int, options: ReadOptions) -> None:
    """Raise an error for a file of several images if the caller wants none."""
    if count > 1 and options.stack == "refuse":
        raise UnreadableFileError.of(path, f"it holds {count} images", _STACK)


def check_picture(path: Path, notes: Notes) -> None:
    """Note that a PNG, JPEG or BMP image has colors, and refuse an animation.

    Sigima takes the frames of an animation for rows, and its columns for colors.

    Raises:
        UnreadableFileError: The file holds several frames.
    """
    from PIL import Image

    with Image.open(path) as image:
        frames = getattr(image, "n_frames", 1)
        if frames > 1:
            raise UnreadableFileError.of(
                path, f"it holds {frames} frames", "convert it to a TIFF file"
            )
        has_colors = image.mode in ("RGB", "RGBA", "CMYK", "YCbCr", "P", "PA")
    if has_colors:
        notes.add(_COLOR, path)
