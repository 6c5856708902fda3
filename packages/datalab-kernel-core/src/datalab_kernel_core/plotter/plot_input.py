"""What `plotter.plot` is asked to draw: names, objects, arrays, and lists of them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from datalab_kernel_core.plotter.reduce import Array
from datalab_kernel_core.plotter.samples import Samples, unmasked
from datalab_workspace.errors import UnsupportedDtypeError, UnsupportedObjectError
from datalab_workspace.model.record import Record
from datalab_workspace.model.sigima_objects import to_record

_ACCEPTED = (
    "the name, UUID or short id of an object, a SignalObj, an ImageObj, a 1-D or 2-D "
    "array of numbers, a pair of 1-D arrays (x, y), or a list of these"
)


@dataclass(frozen=True)
class PlotItem:
    """A signal or an image to draw.

    Attributes:
        record: Its texts, metadata and, of an image, its pixels.
        title: What it is called in a picture, "" if it has no name.
        samples: Those of a signal; None of an image.
    """

    record: Record
    title: str
    samples: Samples | None = None


def subjects_of(
    what: Any, titles: list[str] | None, find: Callable[[str], Record]
) -> list[PlotItem]:
    """Return what is to be drawn.

    Args:
        what: As in `Plotter.plot`.
        titles: Titles of the objects, instead of their own.
        find: Returns the record of a name.

    Raises:
        KeyError: There is no object of a name.
        TypeError: Something cannot be drawn.
        ValueError: There is nothing to draw, or not as many titles as objects.
    """
    several = list(what) if isinstance(what, list) else [what]
    if not several:
        raise ValueError(f"cannot plot an empty list; plot() takes {_ACCEPTED}")
    if titles is not None and len(titles) != len(several):
        raise ValueError(
            f"titles names {len(titles)} objects, but {len(several)} are plotted"
        )
    subjects = [
        _item(one, find, place if isinstance(what, list) else None)
        for place, one in enumerate(several)
    ]
    if titles is None:
        return subjects
    return [
        PlotItem(subject.record, title, subject.samples)
        for subject, title in zip(subjects, titles, strict=True)
    ]


def _item(what: Any, find: Callable[[str], Record], place: int | None) -> PlotItem:
    try:
        return subject_of(what, find)
    except TypeError as error:
        if place is None:
            raise
        raise type(error)(f"item {place} of the list: {error}") from error


def subject_of(what: Any, find: Callable[[str], Record]) -> PlotItem:
    """Return one signal or image that is to be drawn; as `subjects_of`, but no list."""
    if isinstance(what, str) or _is_object(what):
        record = find(what) if isinstance(what, str) else to_record(what, copy=False)
        samples = Samples.of(record) if record.kind == "signal" else None
        return PlotItem(record, record.title, samples)
    if isinstance(what, np.ndarray) and what.ndim == 2:
        record = to_record(what, copy=False)
        record.fields["title"] = ""
        return PlotItem(record, "")
    # The arrays are drawn as they are: what a workspace would refuse to round can be
    # seen, and a copy of a long signal is as large as the signal.
    return PlotItem(Record("signal", {"title": ""}), "", _samples(what))


def _samples(what: object) -> Samples:
    if isinstance(what, np.ndarray) and what.ndim == 1:
        places = np.arange(len(what), dtype=np.int32)
        return Samples(places, _row(what, "the array"))
    if isinstance(what, tuple) and len(what) == 2:
        return _pair(*what)
    raise TypeError(f"cannot plot {_described(what)}; plot() takes {_ACCEPTED}")


def _pair(x: Any, y: Any) -> Samples:
    if any(isinstance(one, str) or _is_object(one) for one in (x, y)):
        raise TypeError(
            "cannot plot a tuple of objects or names; to plot several, give a list"
        )
    try:
        rows = [np.asanyarray(x), np.asanyarray(y)]
    except ValueError as error:  # rows of different lengths
        raise UnsupportedObjectError(
            f"x and y of the pair (x, y) must be 1-D: {error}"
        ) from error
    if rows[0].ndim != 1 or rows[0].shape != rows[1].shape:
        raise UnsupportedObjectError(
            f"x and y of the pair (x, y) are of shape {rows[0].shape} and "
            f"{rows[1].shape}; both must be 1-D and of the same length"
        )
    if rows[0].dtype.kind == "c":
        raise UnsupportedDtypeError("x of the pair (x, y) is complex; x must be real")
    return Samples(
        _row(rows[0], "x of the pair (x, y)"), _row(rows[1], "y of the pair (x, y)")
    )


def _row(values: Array, name: str) -> Array:
    if values.dtype.kind not in "biufc":
        raise UnsupportedDtypeError(
            f"{name} is of dtype {values.dtype}, which is no number; convert it with "
            "astype(float)"
        )
    values = unmasked(values)
    # Neither differences of booleans nor sums of half floats are what is to be drawn.
    return values.astype(np.float32) if values.dtype in (bool, np.float16) else values


def _described(what: object) -> str:
    if isinstance(what, np.ndarray):
        return f"an array of {what.ndim} dimensions"
    if isinstance(what, int | float | complex) and not isinstance(what, bool):
        return f"a {type(what).__qualname__} (make a list of numbers an array)"
    return f"a {type(what).__qualname__}"


def _is_object(what: object) -> bool:
    # Where sigima has not been imported, nothing is one of its objects.
    objects = sys.modules.get("sigima.objects")
    return objects is not None and isinstance(
        what, objects.SignalObj | objects.ImageObj
    )
