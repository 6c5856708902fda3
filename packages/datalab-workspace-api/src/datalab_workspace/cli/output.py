"""Format objects for a terminal and as JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

import numpy as np

from datalab_workspace.cli.pictures import Style, best_style, picture
from datalab_workspace.model.analysis import result_title
from datalab_workspace.model.description import Description, size_text
from datalab_workspace.model.record import PRIMARY_ARRAY, Record, is_result_key
from datalab_workspace.model.units import with_unit
from datalab_workspace.result_text import printable
from datalab_workspace.workspace import Workspace

_LONGEST = 60
_HEADINGS = ("id", "name", "kind", "size", "dtype", "group", "ROI", "results")


def table(items: Sequence[Description]) -> str:
    """Return a table with one line for each object; "no objects" without any."""
    if not items:
        return "no objects"
    rows = [_HEADINGS, *map(_row, items)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(_HEADINGS))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    )


def _row(item: Description) -> tuple[str, ...]:
    return (
        item.short_id,
        _cut(item.name),
        item.kind,
        size_text(item.shape),
        "" if item.dtype is None else str(item.dtype),
        _cut(item.group),
        _count(item.roi_count),
        _count(item.result_count),
    )


def _count(number: int | None) -> str:
    return "?" if number is None else str(number or "")


def _cut(text: str) -> str:
    shown = printable(text)
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…"


def as_json(item: Description) -> dict[str, Any]:
    """Return the description of an object as data for JSON."""
    data = dataclasses.asdict(item)
    data["dtype"] = None if item.dtype is None else str(item.dtype)
    return data


def style_of(stream: TextIO, wanted: str) -> Style | None:
    """Return the style of pictures on a stream; None for no pictures.

    Args:
        stream: The stream that is written to.
        wanted: The requested style: its name, "auto" or "none".
    """
    if wanted == "none":
        return None
    return best_style(stream) if wanted == "auto" else Style(wanted)


@dataclass(frozen=True)
class ObjectDetails:
    """An object to show: its description, record and data.

    Attributes:
        about: The description.
        record: The record.
        data: The primary array, in memory; None for an empty object.
    """

    about: Description
    record: Record
    data: np.ndarray[Any, Any] | None

    @classmethod
    def of(cls, workspace: Workspace, name: str) -> ObjectDetails:
        """Read an object of a workspace."""
        record = workspace.record(name)
        data = record.array(PRIMARY_ARRAY[record.kind])
        return cls(workspace.describe(name), record, data)

    def text(self, style: Style | None) -> str:
        """Return the details of the object as lines, with a picture if requested.

        Args:
            style: Style of the picture; None for no picture.
        """
        lines = [printable(self.about.name)]
        facts = self._facts()
        width = max(len(label) for label, _ in facts)
        body = [f"{label.ljust(width)}  {printable(value)}" for label, value in facts]
        if style is not None and self.data is not None:
            body += picture(self.data, self.about.kind, style)
        return "\n  ".join([*lines, *body])

    def _facts(self) -> list[tuple[str, str]]:
        about = self.about
        facts = [
            ("id", f"{about.short_id}, {about.uuid}"),
            ("title", about.title if about.title != about.name else ""),
            ("kind", about.kind),
            ("group", about.group),
            ("size", f"{size_text(about.shape)}, {about.nbytes} bytes"),
            ("dtype", "" if about.dtype is None else str(about.dtype)),
            ("x", with_unit(about.xlabel, about.xunit)),
            ("y", with_unit(about.ylabel, about.yunit)),
            ("z", with_unit(about.zlabel, about.zunit)),
            ("values", self._values()),
            ("ROI", str(about.roi_count or "")),
            ("results", ", ".join(self._results())),
        ]
        for key, value in self._metadata():
            facts.append((f"metadata {_cut(key)}", _cut(repr(value))))
        return [(label, value) for label, value in facts if value]

    def _values(self) -> str:
        found = self._statistics() or {}
        return ", ".join(f"{name} {value:.6g}" for name, value in found.items())

    def _statistics(self) -> dict[str, float] | None:
        if self.data is None:
            return None
        return statistics(self.data[1] if self.about.kind == "signal" else self.data)

    def _results(self) -> list[str]:
        return [
            result_title(str(key), value)
            for key, value in self.record.metadata.items()
            if is_result_key(key)
        ]

    def _metadata(self) -> Iterable[tuple[str, Any]]:
        for key, value in self.record.metadata.items():
            if not is_result_key(key) and not str(key).startswith("__"):
                yield str(key), value

    def as_json(self) -> dict[str, Any]:
        """Return the details of the object as data for JSON.

        Metadata of a type that JSON lacks is represented by its repr.
        """
        data = as_json(self.about)
        data["values"] = self._statistics()
        data["results"] = self._results()
        data["metadata"] = {key: _json(value) for key, value in self._metadata()}
        return data


def statistics(values: np.ndarray[Any, Any]) -> dict[str, float] | None:
    """Return minimum, maximum and mean of the finite, unmasked elements of an array.

    Args:
        values: A numeric array. For complex values, the modulus is used.

    Returns:
        A dict with the keys "min", "max" and "mean"; None without finite elements.
    """
    values = np.abs(values) if values.dtype.kind == "c" else values
    if isinstance(values, np.ma.MaskedArray):
        values = values.compressed()
    if values.dtype.kind == "f":
        values = values[np.isfinite(values)]
    if not values.size:
        return None
    return {
        "min": float(values.min()),
        "max": float(values.max()),
        "mean": float(values.mean(dtype=np.float64)),
    }


def _json(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, np.ndarray):
        return _json(value.tolist())
    if isinstance(value, Mapping):
        return {str(key): _json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else repr(value)
