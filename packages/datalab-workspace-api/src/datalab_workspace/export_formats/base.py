"""An export format, and the parts of an object that it leaves out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from datalab_workspace.model import dates
from datalab_workspace.model.equality import CURVE_STYLE_KEYS
from datalab_workspace.model.record import (
    PRIMARY_ARRAY,
    ROI_KEY,
    SOURCE_KEY,
    Kind,
    Record,
    is_result_key,
    result_keys,
    roi_count,
)


@dataclass(frozen=True)
class NamedRecord:
    """An object to export.

    Attributes:
        name: Its name in the workspace.
        record: Its content.
    """

    name: str
    record: Record


def _nothing(_: Record) -> frozenset[str]:
    return frozenset()


def _no_problem(_: Record) -> None:
    return None


@dataclass(frozen=True)
class ExportFormat:
    """A format in which objects of one kind can be written.

    Attributes:
        suffixes: The suffixes of its files, in lower case with a dot.
        kind: The kind of the objects.
        write: Writes objects to a file that is open for writing; the last argument is
            True if data may change.
        holds: Returns the parts of an object that it holds in addition to the data, of
            `PARTS`.
        problem: Returns why the data of an object cannot be written unchanged, or None.
        several: Whether one file can hold several objects.
    """

    suffixes: tuple[str, ...]
    kind: Kind
    write: Callable[[Sequence[NamedRecord], BinaryIO, bool], None]
    holds: Callable[[Record], frozenset[str]] = _nothing
    problem: Callable[[Record], str | None] = _no_problem
    several: bool = False


def user_metadata(record: Record) -> list[Any]:
    """Return the keys of the metadata that the user or a file has set.

    The path of the file that an object was read from is not among them.
    """
    return [
        key
        for key in record.metadata
        if key not in (ROI_KEY, SOURCE_KEY)
        and key not in dates.KEYS
        and key not in CURVE_STYLE_KEYS
        and not is_result_key(key)
        and not (isinstance(key, str) and key.startswith("_"))
    ]


def _has_texts(record: Record, part: str) -> bool:
    return any(
        value for name, value in record.fields.items() if name.endswith(part) and value
    )


def _is_calibrated(record: Record) -> bool:
    if record.kind == "signal" or not record.fields["is_uniform_coords"]:
        return False
    fields = record.fields
    return [fields[name] for name in ("x0", "y0", "dx", "dy")] != [0.0, 0.0, 1.0, 1.0]


#: The parts of an object in addition to its data: how a warning names each of them, and
#: whether an object has it.
PARTS: dict[str, tuple[str, Callable[[Record], bool]]] = {
    "labels": ("labels", lambda record: _has_texts(record, "label")),
    "units": ("units", lambda record: _has_texts(record, "unit")),
    "calibration": ("origin and pixel size", _is_calibrated),
    "dates": (
        "dates (x is written as seconds since 1970)",
        lambda record: record.kind == "signal" and dates.is_dates(record.metadata),
    ),
    "roi": ("regions of interest", lambda record: roi_count(record) > 0),
    "results": ("results", lambda record: any(result_keys(record))),
    "annotations": ("annotations", lambda record: bool(record.fields["annotations"])),
    "metadata": ("metadata", lambda record: bool(user_metadata(record))),
}


def missing_parts(record: Record, export_format: ExportFormat) -> list[str]:
    """Return the parts of an object that a format does not hold, of `PARTS`."""
    held = export_format.holds(record)
    return [
        part for part, (_, has) in PARTS.items() if part not in held and has(record)
    ]


def data_problem(record: Record, export_format: ExportFormat) -> str | None:
    """Return why the data of an object cannot be written unchanged; None if it can."""
    if record.data is None:
        return "it has no data"
    if "coordinates" not in export_format.holds(record) and has_own_coordinates(record):
        return "its coordinates are not in equal steps, which the format cannot hold"
    if np.ma.is_masked(data_of(record)):
        return "it has a mask, which the format cannot hold"
    return export_format.problem(record)


def data_of(record: Record) -> np.ndarray[Any, Any]:
    """Return the primary array of an object, which is read if necessary.

    Raises:
        ValueError: The object has no data.
    """
    data = record.array(PRIMARY_ARRAY[record.kind])
    if data is None:
        raise ValueError(f"{record.title!r:.80} has no data")
    return data


def has_own_coordinates(record: Record) -> bool:
    """Return whether the coordinates of an image are not in equal steps."""
    return record.kind == "image" and not record.fields["is_uniform_coords"]
