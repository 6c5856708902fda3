"""The card of a signal or image: picture, axes, statistics, results, metadata."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from datalab_kernel_core.display import markup, thumbnails
from datalab_kernel_core.display.short_text import (
    UNIT_LENGTH,
    count,
    html,
    number,
    short_repr,
    shorten,
    size,
)
from datalab_kernel_core.display.statistics import Statistics
from datalab_kernel_core.plotter.reduce import Array
from datalab_workspace.model.analysis import coordinate_names
from datalab_workspace.model.array_reference import ArrayReference
from datalab_workspace.model.dates import date_text, is_dates
from datalab_workspace.model.description import Summary, size_text
from datalab_workspace.model.record import (
    ARRAYS,
    FIELDS,
    PRIMARY_ARRAY,
    ROI_KEY,
    Kind,
    Record,
    is_result_key,
    result_keys,
)
from datalab_workspace.model.roi_names import roi_names
from datalab_workspace.model.sigima_objects import current_metadata
from datalab_workspace.model.units import with_unit

if TYPE_CHECKING:
    from sigima import ImageObj, SignalObj

_CURVE_SIZE = (320, 120)
_IMAGE_SIDE, _IMAGE_LEVELS = 150, 127
#: The card shows at most this many metadata entries, results, and rows of a result.
_MAX_ENTRIES, _MAX_RESULTS, _MAX_ROWS = 40, 20, 10
#: A longer metadata value is shortened to this number of characters.
_LONG = 200


def signal_html(obj: SignalObj) -> str:
    """Return a signal as HTML."""
    return _card(_record(obj, "signal"))


def image_html(obj: ImageObj) -> str:
    """Return an image as HTML."""
    return _card(_record(obj, "image"))


def signal_text(obj: SignalObj) -> str:
    """Return a signal in one line of text."""
    return _line(_record(obj, "signal"), "SignalObj")


def image_text(obj: ImageObj) -> str:
    """Return an image in one line of text."""
    return _line(_record(obj, "image"), "ImageObj")


def record_html(record: Record) -> str:
    """Return a record as HTML; data that is still in a file is not read."""
    return _card(record)


def record_text(record: Record) -> str:
    """Return a record in one line of text."""
    return _line(record, "Record")


def _record(obj: Any, kind: Kind) -> Record:
    """Return an object as a record, without the checks that storing it makes."""
    fields = {name: getattr(obj, name, None) for name in FIELDS[kind]}
    arrays = {name: getattr(obj, name, None) for name in ARRAYS[kind]}
    return Record(kind, fields, arrays, current_metadata(obj))


def _line(record: Record, name: str) -> str:
    summary = Summary.of(record)
    parts = [
        f"{size_text(summary.shape)} {summary.dtype or ''}".rstrip(),
        *(
            f"{axis}: {text}"
            for axis in "xyz"
            if (text := _label(record, axis)) and (axis != "z" or record.kind[0] == "i")
        ),
        count(summary.roi_count, "ROI") if summary.roi_count else "",
        count(summary.result_count, "result") if summary.result_count else "",
    ]
    return f"<{name} {shorten(summary.title)!r}: {', '.join(filter(None, parts))}>"


def _card(record: Record) -> str:
    summary = Summary.of(record)
    about = " · ".join(
        (
            summary.kind,
            size_text(summary.shape),
            *(() if summary.dtype is None else (str(summary.dtype),)),
            size(summary.nbytes),
        )
    )
    data = _data(record)
    facts = markup.properties([*_axes(record, data), *_facts(record, data)])
    folded = "".join(filter(None, [_results(record), _metadata(record)]))
    heading = markup.heading(html(summary.title) or "untitled", about)
    body = f'<div class="dl-card"><div>{_picture(record, data)}</div>{facts}</div>'
    return markup.page(heading, body, folded)


def _data(record: Record) -> Array | None:
    """Return the data of an object, None if it cannot be shown."""
    data = record.arrays[PRIMARY_ARRAY[record.kind]]
    if not isinstance(data, np.ndarray) or data.ndim != 2 or not data.size:
        return None
    if data.dtype.kind not in "biufc" or (record.kind == "signal" and len(data) < 2):
        return None
    return data


def _picture(record: Record, data: Array | None) -> str:
    if data is None:
        unread = isinstance(record.data, ArrayReference)
        note = "not read yet" if unread else "no data"
        return f'<span class="dl-dim">{note}</span>'
    title = html(record.title)
    if record.kind == "signal":
        return thumbnails.curve(data, *_CURVE_SIZE).element(title)
    return thumbnails.pixels(data, _IMAGE_SIDE, _IMAGE_LEVELS).element(title)


def _label(record: Record, axis: str) -> str:
    label, unit = (
        shorten(record.fields.get(f"{axis}{part}"), length)
        for part, length in (("label", 40), ("unit", UNIT_LENGTH))
    )
    return with_unit(label, unit)


def _axes(record: Record, data: Array | None) -> Iterator[tuple[str, str]]:
    axes = "xy" if record.kind == "signal" else "xyz"
    values = dict.fromkeys(axes, "")
    if data is not None and record.kind == "signal":
        dates = is_dates(record.metadata)
        values["x"] = _range(Statistics.of(data[0].real), dates=dates)
    elif data is not None:
        values["x"], values["y"] = _pixel_axes(record, data.shape)
    for axis in axes:
        scale = "log" if record.fields.get(f"{axis}scalelog") is True else ""
        dates = axis == "x" and record.kind == "signal" and is_dates(record.metadata)
        label = record.fields.get("xlabel") if dates else _label(record, axis)
        parts = [html(label, 80), values[axis], scale]
        yield axis, ", ".join(filter(None, parts)) or "–"


def _pixel_axes(record: Record, shape: tuple[int, ...]) -> Iterator[str]:
    for axis, length in (("x", shape[1]), ("y", shape[0])):
        coordinates = record.arrays[f"{axis}coords"]
        if record.fields.get("is_uniform_coords") is not False:
            start, step = record.fields[f"{axis}0"], record.fields[f"d{axis}"]
            if isinstance(start, int | float) and isinstance(step, int | float):
                yield f"from {number(start)}, step {number(step)}"
            else:
                yield ""
        elif isinstance(coordinates, np.ndarray) and coordinates.size == length:
            yield f"{_range(Statistics.of(coordinates.ravel()))}, not uniform"
        else:
            yield "not uniform"


def _range(found: Statistics, *, dates: bool = False) -> str:
    if found.minimum is None or found.maximum is None:
        return "no values"
    part = f" (from {_part(found)})" if found.every > 1 else ""
    written = date_text if dates else number
    return f"{written(found.minimum)} … {written(found.maximum)}{part}"


def _part(found: Statistics, of: str = "sample") -> str:
    return f"one {of} in {found.every}"


def _facts(record: Record, data: Array | None) -> Iterator[tuple[str, str]]:
    if data is not None:
        signal = record.kind == "signal"
        yield from _values(
            Statistics.of(data[1] if signal else data),
            "modulus" if data.dtype.kind == "c" else "values",
            "sample" if signal else "row",
        )
    if titles := [html(short_repr(title, 40)) for title in roi_names(record.metadata)]:
        more = f", … {len(titles) - 5} more" if len(titles) > 5 else ""
        yield "ROI", f"{len(titles)}: {', '.join(titles[:5])}{more}"


def _values(found: Statistics, name: str, of: str) -> Iterator[tuple[str, str]]:
    unit = f"{name}, from {_part(found, of)}" if found.every > 1 else name
    yield unit, _range(Statistics(found.minimum, found.maximum, None, None, 0, 1))
    if found.mean is not None and found.deviation is not None:
        yield "mean", f"{number(found.mean)} ± {number(found.deviation)}"
    if found.unusable:
        yield "no value", f"{found.unusable} (NaN, infinite or masked)"


def _results(record: Record) -> str:
    keys = list(result_keys(record))
    parts = [_result(record.metadata[key], key) for key in keys[:_MAX_RESULTS]]
    if len(keys) > len(parts):
        parts.append(f'<div class="dl-dim">{len(keys) - len(parts)} more</div>')
    return markup.folded(count(len(keys), "result"), "".join(parts)) if keys else ""


def _result(result: Any, key: str) -> str:
    if not isinstance(result, dict):
        return markup.properties([(html(key), html(short_repr(result)))])
    title = html(short_repr(result.get("title") or key))
    rows = result.get("data", result.get("coords"))
    if not isinstance(rows, list | tuple | np.ndarray):
        return markup.properties([(title, html(short_repr(result)))])
    cells = [
        [html(short_repr(value), 24) for value in list(row)[:12]]
        for row in rows[:_MAX_ROWS]
        if isinstance(row, list | tuple | np.ndarray) and np.ndim(row) == 1
    ]
    width = max(map(len, cells), default=0)
    more = f"{len(rows) - len(cells)} more rows" * (len(rows) > len(cells))
    padded = [row + [""] * (width - len(row)) for row in cells]
    head = _columns(result, width)
    return markup.heading(title, more) + markup.table(head, padded, "n" * width)


def _columns(result: dict[Any, Any], width: int) -> list[str]:
    names = result.get("names")
    if not isinstance(names, list | tuple):
        names = coordinate_names(str(result.get("kind")), width)
    head = [html(short_repr(name), 24) for name in names[:width]]
    return head + [""] * (width - len(head))


def _metadata(record: Record) -> str:
    keys = [key for key in record.metadata if key != ROI_KEY and not is_result_key(key)]
    rows = [
        (html(short_repr(key, 40), 40), html(short_repr(record.metadata[key]), _LONG))
        for key in keys[:_MAX_ENTRIES]
    ]
    if len(keys) > len(rows):
        rows.append(("…", f"{len(keys) - len(rows)} more"))
    entries = "1 entry" if len(keys) == 1 else f"{len(keys)} entries"
    content = markup.properties(rows)
    return markup.folded(f"metadata: {entries}", content) if keys else ""
