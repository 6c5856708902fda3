"""Read one measured file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datalab_workspace.errors import UnreadableFileError, WorkspaceError
from datalab_workspace.formats.raw_io import open_regular
from datalab_workspace.measured_files import arrays, formats, pictures
from datalab_workspace.measured_files.cameras import read_sif
from datalab_workspace.measured_files.notes import Notes
from datalab_workspace.measured_files.options import ReadOptions, given
from datalab_workspace.measured_files.spectra import read_mca
from datalab_workspace.model.naming import as_name
from datalab_workspace.model.record import SOURCE_KEY
from datalab_workspace.runtime import explained

if TYPE_CHECKING:
    from sigima import ImageObj, SignalObj


def read_file(
    path: Path, options: ReadOptions, notes: Notes
) -> Sequence[SignalObj | ImageObj]:
    """Return the objects of a file, with the titles that DataLab gives them.

    Args:
        path: The file.
        options: The options of the call.
        notes: Takes what the user should know.

    Raises:
        UnreadableFileError: The file cannot be read, or not in one way only.
        OSError: The file cannot be opened.
    """
    with open_regular(path):
        pass  # the plain error for a path that is missing, forbidden, or not a file
    try:
        objects = _read(path, options, notes)
    except WorkspaceError:
        raise
    except ModuleNotFoundError as error:
        raise explained(error, f"reading {path.name!r}") from None
    except MemoryError:
        raise UnreadableFileError.of(path, "there is not enough memory") from None
    except Exception as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the system's; readers raise their own without a number
        if reason := pictures.missing_codec(error):
            raise UnreadableFileError.of(path, *reason) from None
        said = " ".join(str(error).split())[:300]
        raise UnreadableFileError.of(
            path,
            f"its reader failed ({type(error).__name__}: {said})",
            "check that the file is whole and of the format that its suffix says",
        ) from error
    _check(path, objects)
    for obj in objects:
        # Names of files may have characters that names of objects have not.
        obj.title = as_name(obj.title)
        # Some of sigima's readers replace the metadata that has the path.
        obj.metadata[SOURCE_KEY] = as_name(obj.metadata.get(SOURCE_KEY) or str(path))
    if _is_image(objects[0]):
        pictures.check_stack(path, len(objects), options)
        _check_frames(path, objects, options)
    return objects


def _read(
    path: Path, options: ReadOptions, notes: Notes
) -> Sequence[SignalObj | ImageObj]:
    suffix = path.suffix.lower()
    if suffix in formats.TABLES | formats.MORE_TABLES:
        from datalab_workspace.measured_files.tables import read_table_file

        return read_table_file(path, options, notes)
    if suffix == ".npy":
        return arrays.read_npy(path, options)
    if suffix == ".mat":
        return arrays.read_mat(path, options)
    kinds = formats.kinds_of(path)
    if suffix in formats.DICOM:
        kinds = ["image"]
    elif not kinds or (suffix == ".raw" and not given(options.raw)):
        raise formats.refusal(path)
    if options.kind is not None and options.kind not in kinds:
        raise UnreadableFileError.of(
            path, f"files that end in {suffix!r} hold {kinds[0]}s", "leave kind out"
        )
    if kinds == ["image"]:
        return _read_image(path, options, notes)
    if suffix == ".mca":
        return read_mca(path, notes)
    return arrays.with_sigima(path, options.kind or kinds[0])


def _read_image(path: Path, options: ReadOptions, notes: Notes) -> Sequence[ImageObj]:
    suffix = path.suffix.lower()
    if suffix in formats.DICOM:
        from datalab_workspace.measured_files.dicom import read_dicom

        return read_dicom(path, options, notes)
    if suffix in formats.TIFF:
        return pictures.read_tiff(path, options, notes)
    if suffix == ".sif":
        return read_sif(path, notes)
    if suffix == ".raw":
        return _read_raw(path, options)
    if suffix in formats.PICTURES:
        pictures.check_picture(path, notes)
    return arrays.with_sigima(path, "image")


def _read_raw(path: Path, options: ReadOptions) -> Sequence[ImageObj]:
    try:
        from sigima.io import RawImageImportParam, read_images
    except ImportError:
        raise UnreadableFileError.of(
            path, "this version of sigima has no reader for it", "update sigima"
        ) from None

    values = given(options.raw)
    missing = [name for name in ("width", "height", "dtype") if name not in values]
    if missing:
        raise UnreadableFileError.of(
            path, "an image without a header", f"pass {', '.join(missing)} as well"
        )
    return list(read_images(str(path), param=RawImageImportParam.create(**values)))


def _check(path: Path, objects: Sequence[Any]) -> None:
    """Raise an error unless a reader has returned objects.

    Raises:
        UnreadableFileError: It is empty, or an array has the wrong number of axes.
    """
    if not objects:
        raise UnreadableFileError.of(
            path, "its reader found no data in it", "check what it holds"
        )
    for obj in objects:
        data = obj.data if _is_image(obj) else obj.xydata
        if data is None or data.size == 0:
            raise UnreadableFileError.of(path, f"{obj.title!r} is empty")
        if data.ndim != 2:
            raise UnreadableFileError.of(
                path,
                f"its reader returned data of shape {data.shape}, not an image",
                "read it with the program that wrote it, and export each image",
            )


def _check_frames(path: Path, objects: Sequence[Any], options: ReadOptions) -> None:
    """Raise an error for frames that are the rows of an image with colors.

    Raises:
        UnreadableFileError: They may be; sigima reads frames by imageio, which returns
            both as an array of three axes.
    """
    count, width = len(objects), objects[0].data.shape[1]
    if count > 1 and width in (3, 4) and options.stack != "images":
        raise UnreadableFileError.of(
            path,
            f"it may hold {count} frames, or one image with {width} colors",
            "pass stack='images' to read the frames",
        )


def _is_image(obj: object) -> bool:
    return not hasattr(obj, "xydata")
