"""The table of export formats: every format that sigima writes."""

from __future__ import annotations

from functools import partial

from datalab_workspace.error_messages import close_matches
from datalab_workspace.errors import ExportError
from datalab_workspace.export_formats import array_files, picture_files, text_files
from datalab_workspace.export_formats.base import ExportFormat
from datalab_workspace.model.record import KINDS, Kind, Record


def _signal_parts(_: Record) -> frozenset[str]:
    return frozenset(("labels", "units", "dates"))


def _jpeg_problem(_: Record) -> str:
    return "JPEG compression changes the values of pixels"


def _text(suffixes: tuple[str, ...], delimiter: str) -> ExportFormat:
    return ExportFormat(
        suffixes,
        "image",
        partial(text_files.write_image, delimiter=delimiter),
        text_files.image_parts,
        text_files.image_problem,
    )


def _picture(suffixes: tuple[str, ...], name: str, *dtypes: str) -> ExportFormat:
    def problem(record: Record) -> str | None:
        return picture_files.picture_problem(record, *dtypes)

    return ExportFormat(
        suffixes,
        "image",
        partial(picture_files.write_picture, picture_format=name, dtypes=dtypes),
        problem=_jpeg_problem if name == "JPEG" else problem,
    )


def _for_both_kinds() -> tuple[ExportFormat, ...]:
    made: list[ExportFormat] = []
    for kind, sigima_suffix in zip(KINDS, (".h5sig", ".h5ima"), strict=True):
        write_mat, problem = array_files.write_mat, array_files.mat_problem
        made += (
            ExportFormat((".npy",), kind, array_files.write_npy),
            ExportFormat((".mat",), kind, write_mat, problem=problem),
            ExportFormat(
                (sigima_suffix,),
                kind,
                array_files.write_sigima,
                array_files.sigima_parts,
            ),
        )
    return tuple(made)


FORMATS: tuple[ExportFormat, ...] = (
    ExportFormat(
        (".csv", ".txt"),
        "signal",
        text_files.write_signals,
        _signal_parts,
        several=True,
    ),
    _text((".csv",), ","),
    _text((".txt", ".asc"), " "),
    ExportFormat(
        (".tif", ".tiff"), "image", picture_files.write_tiff, picture_files.tiff_parts
    ),
    _picture((".png",), "PNG", "uint8", "uint16"),
    _picture((".jp2",), "JPEG2000", "uint8", "uint16"),
    _picture((".bmp",), "BMP", "uint8"),
    _picture((".jpg", ".jpeg"), "JPEG", "uint8"),
    *_for_both_kinds(),
)


def suffixes(kind: Kind) -> list[str]:
    """Return the suffixes of all formats for objects of a kind."""
    return [suffix for one in FORMATS if one.kind == kind for suffix in one.suffixes]


def find_format(suffix: str, kind: Kind) -> ExportFormat | None:
    """Return the format with a suffix for objects of a kind, or None."""
    return next(
        (one for one in FORMATS if one.kind == kind and suffix in one.suffixes), None
    )


def check_suffix(suffix: str) -> None:
    """Raise an error unless a format has the suffix.

    Args:
        suffix: The suffix in lower case, such as ".csv"; "" if there is none.

    Raises:
        ExportError: No format has it.
    """
    known = {kind: suffixes(kind) for kind in KINDS}
    if any(suffix in listed for listed in known.values()):
        return
    if suffix in (".h5", ".npz"):
        raise ExportError(
            f"a file that ends in {suffix} is a project: write it with "
            f"workspace.save('name{suffix}', names=[...])"
        )
    listed = "; ".join(f"{kind}s: {', '.join(known[kind])}" for kind in KINDS)
    close = close_matches(suffix, sorted({*known["signal"], *known["image"]}), limit=1)
    hint = f"did you mean {close[0]!r}? " if suffix and close else ""
    missing = f"the suffix {suffix!r}" if suffix else "an empty suffix"
    raise ExportError(f"no format has {missing}; {hint}the suffixes are {listed}")
