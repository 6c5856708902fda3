"""The input of `plotter.plot`: names, objects, arrays, and lists of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from datalab_kernel_core.plotter.reduce import Array
from datalab_kernel_core.plotter.samples import Samples, unmasked
from datalab_workspace.errors import UnsupportedDtypeError
from datalab_workspace.model.dates import has_dates
from datalab_workspace.model.foreign_objects import foreign_type, own_title
from datalab_workspace.model.plain_arrays import ACCEPTED, checked_pair, is_numbers
from datalab_workspace.model.record import Record
from datalab_workspace.model.sigima_objects import object_kind, to_record

_ACCEPTED = (
    f"the name, UUID or short id of an object, {ACCEPTED}, or a list of these and of "
    "further lists"
)


@dataclass(frozen=True)
class PlotItem:
    """A signal or an image to draw.

    Attributes:
        record: Its fields, its metadata and, for an image, its pixels.
        title: Its title in a picture, "" if it has none.
        samples: The samples of a signal, None for an image.
    """

    record: Record
    title: str
    samples: Samples | None = None


def plot_items(
    what: Any, titles: list[str] | None, find: Callable[[str], Record]
) -> list[PlotItem]:
    """Return the signals and images to draw.

    Args:
        what: The argument of `Plotter.plot`.
        titles: Titles of the objects, instead of their own.
        find: Returns the record that has a name.

    Raises:
        KeyError: No object has one of the names.
        TypeError: Something cannot be drawn.
        ValueError: The list is empty, or the number of titles differs from the number
            of objects, which is counted across nested lists.
    """
    is_list = isinstance(what, list) and not is_numbers(what)
    several = list(_flat(what))
    if not several:
        raise ValueError(f"cannot plot an empty list; plot() takes {_ACCEPTED}")
    if titles is not None and len(titles) != len(several):
        raise ValueError(
            f"got {len(titles)} titles for {len(several)} objects; pass one for each"
        )
    items = [
        _item(one, find, index if is_list else None)
        for index, one in enumerate(several)
    ]
    if titles is None:
        return items
    return [
        PlotItem(item.record, title, item.samples)
        for item, title in zip(items, titles, strict=True)
    ]


def _flat(what: Any) -> Iterator[Any]:
    """Yield what is in a list, and in the lists inside it, as `calc` returns them."""
    if not isinstance(what, list) or is_numbers(what):
        yield what
        return
    for one in what:
        yield from _flat(one)


def _item(what: Any, find: Callable[[str], Record], index: int | None) -> PlotItem:
    try:
        return plot_item(what, find)
    except TypeError as error:
        if index is None:
            raise
        raise type(error)(f"item {index} of the list: {error}") from None


def plot_item(what: Any, find: Callable[[str], Record]) -> PlotItem:
    """Return one signal or image to draw.

    Args:
        what: The argument of `Plotter.plot`, not a list.
        find: Returns the record that has a name.

    Raises:
        KeyError: No object has the name.
        TypeError: `what` cannot be drawn.
    """
    if isinstance(what, str) or object_kind(what) is not None:
        record = find(what) if isinstance(what, str) else to_record(what, copy=False)
        samples = Samples.of(record) if record.kind == "signal" else None
        return PlotItem(record, record.title, samples)
    if _is_converted(what):
        record = to_record(what, copy=False)
        record.fields["title"] = title = own_title(what) or ""
        samples = Samples.of(record) if record.kind == "signal" else None
        return PlotItem(record, title, samples)
    # Arrays are not converted as `add` converts them: dtypes that a workspace refuses
    # can be drawn, and a long signal is not copied.
    return PlotItem(Record("signal", {"title": ""}), "", _samples(what))


def _is_converted(what: object) -> bool:
    """Return whether a value is drawn as `add` would store it."""
    if isinstance(what, np.ndarray):
        return what.ndim == 2
    if isinstance(what, tuple):
        return len(what) in (3, 4) or (len(what) == 2 and has_dates(what[0]))
    return is_numbers(what) or foreign_type(what) is not None


def _samples(what: object) -> Samples:
    if isinstance(what, np.ndarray) and what.ndim == 1:
        indices = np.arange(len(what), dtype=np.int32)
        return Samples(indices, _row(what, "the array"))
    if isinstance(what, tuple) and len(what) == 2:
        return _pair(*what)
    raise TypeError(f"cannot plot {_described(what)}; plot() takes {_ACCEPTED}")


def _pair(x: Any, y: Any) -> Samples:
    if any(isinstance(one, str) or object_kind(one) for one in (x, y)):
        raise TypeError(
            "cannot plot a tuple of objects or names; pass a list to plot several"
        )
    rows = checked_pair(x, y)
    return Samples(
        _row(rows[0], "x of the pair (x, y)"), _row(rows[1], "y of the pair (x, y)")
    )


def _row(values: Array, name: str) -> Array:
    if values.dtype.kind not in "biufc":
        raise UnsupportedDtypeError(
            f"{name} has the dtype {values.dtype}, which is not numeric; pass numbers"
        )
    values = unmasked(values)
    # Differences of booleans are not numbers, and sums of half floats overflow.
    return values.astype(np.float32) if values.dtype in (bool, np.float16) else values


def _described(what: object) -> str:
    if isinstance(what, np.ndarray):
        return f"an array of {what.ndim} dimensions"
    if isinstance(what, int | float | complex) and not isinstance(what, bool):
        return f"the number {what!r:.40} (convert a list of numbers to an array)"
    return f"a value of type {type(what).__qualname__}"
