"""Read one measured file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datalab_workspace.errors import UnreadableFileError, WorkspaceError
from datalab_workspace.measured_files import arrays, formats, pictures
from datalab_workspace.measured_files.notes import Notes
from datalab_workspace.measured_files.options import ReadOptions, given
from datalab_workspace.model.naming import as_name

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
    with path.open("rb"):
        pass  # the plain error for a file that is missing or forbidden
    try:
        objects = _read(path, options, notes)
    except (WorkspaceError, OSError, ModuleNotFoundError):
        raise
    except MemoryError:
        raise UnreadableFileError.of(path, "there is not enough memory") from None
    except Exception as error:
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
        if "source" in obj.metadata:
            obj.metadata["source"] = as_name(obj.metadata["source"])
    if _is_image(objects[0]):
        pictures.check_stack(path, len(objects), options)
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
    if suffix == ".raw" and given(options.raw):
        return _read_raw(path, options)
    kinds = formats.kinds_of(path)
    if suffix in formats.DICOM and options.kind != "signal":
        from datalab_workspace.measured_files.dicom import read_dicom

        return read_dicom(path, options, notes)
    if suffix == ".raw" or not kinds:
        raise formats.refusal(path)
    if options.kind is not None and options.kind not in kinds:
        raise UnreadableFileError.of(
            path, f"files that end in {suffix!r} hold {kinds[0]}s", "leave kind out"
        )
    if suffix in formats.TIFF:
        return pictures.read_tiff(path, options, notes)
    if suffix in formats.PICTURES:
        pictures.note_colors(path, notes)
    return arrays.with_sigima(path, options.kind or kinds[0])


def _read_raw(path: Path, options: ReadOptions) -> Sequence[ImageObj]:
    from sigima.io import RawImageImportParam, read_images

    values = given(options.raw)
    missing = [name for name in ("width", "height", "dtype") if name not in values]
    if missing:
        raise UnreadableFileError.of(
            path, "an image without a header", f"pass {', '.join(missing)} as well"
        )
    return list(read_images(str(path), param=RawImageImportParam.create(**values)))


def _check(path: Path, objects: Sequence[Any]) -> None:
    """Raise an error for a result that a reader returned and that is no object.

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


def _is_image(obj: object) -> bool:
    return not hasattr(obj, "xydata")
