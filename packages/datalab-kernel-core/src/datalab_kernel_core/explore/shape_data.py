"""The data under the points and lines of a view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from datalab_kernel_core.explore.line_profile import LineProfile
from datalab_kernel_core.plotter.plot_input import PlotItem
from datalab_kernel_core.plotter.reduce import Array
from datalab_kernel_core.plotter.samples import Samples
from datalab_workspace.model.dates import KEYS
from datalab_workspace.model.plain_arrays import record_of_tuple
from datalab_workspace.model.record import Record


@dataclass(frozen=True)
class Sample:
    """One sample of a signal, or one pixel of an image.

    Attributes:
        index: (index,) of a sample, (row, column) of a pixel.
        value: y of a sample, or the value of a pixel: a number of Python, NaN if it is
            masked.
        x: The coordinate of the sample, or of the center of the pixel.
        y: The same for a pixel; the value of a sample.

    Example:
        >>> selection = plotter.explore("peak").selection
        >>> if selection is not None and selection.sample is not None:
        ...     selection.sample.x
    """

    index: tuple[int, ...]
    value: Any
    x: float
    y: Any


class ShapeData(Protocol):
    """The data of an object, which is read under its shapes."""

    def curve(self, kind: str, coords: Sequence[float], name: str) -> Record | None:
        """Return the data under a line or in a segment, as a signal.

        Args:
            kind: The kind of the shape, as `Selected` has it.
            coords: Its coordinates.
            name: The name of the shape, for the title of the signal.

        Returns:
            A new record, None if the shape has no such data.
        """

    def sample(self, coords: Sequence[float]) -> Sample | None:
        """Return the data at a point, None if there is none."""


def shape_data(item: PlotItem) -> ShapeData:
    """Return the data of an object that is explored."""
    if item.samples is not None:
        return SignalData(item.record, item.samples)
    return ImageData(item.record)


class ImageData:
    """The pixels of an image.

    Args:
        record: The image. It is not copied.
    """

    def __init__(self, record: Record) -> None:
        self._record = record
        self._profile = LineProfile(record)

    def curve(self, kind: str, coords: Sequence[float], name: str) -> Record | None:
        """See `ShapeData.curve`: the values along a line, over the distance."""
        if kind != "line":
            return None
        found = self._profile.along(coords)
        if found is None:
            return None
        profile = record_of_tuple((found.distance, found.values))
        fields = self._record.fields
        profile.fields |= {
            "title": _title(name, self._record),
            "xlabel": "Distance",
            "xunit": found.unit,
            "ylabel": fields["zlabel"],
            "yunit": fields["zunit"],
        }
        return profile

    def sample(self, coords: Sequence[float]) -> Sample | None:
        """See `ShapeData.sample`: the pixel that contains the point."""
        found = self._profile.pixel(coords[0], coords[1])
        if found is None:
            return None
        row, column, value = found
        x, y = self._profile.center(row, column)
        return Sample((row, column), value, x, y)


class SignalData:
    """The samples of a signal.

    Args:
        record: The signal. It is not copied.
        samples: Its samples.
    """

    def __init__(self, record: Record, samples: Samples) -> None:
        self._record, self._samples = record, samples

    def curve(self, kind: str, coords: Sequence[float], name: str) -> Record | None:
        """See `ShapeData.curve`: the samples between the ends, which are included."""
        if kind not in ("segment", "line"):
            return None
        ends = coords[:2] if kind == "segment" else (coords[0], coords[2])
        within = (self._samples.x >= min(ends)) & (self._samples.x <= max(ends))
        if not within.any():
            return None
        metadata = {k: v for k, v in self._record.metadata.items() if k in KEYS}
        fields = {
            **self._record.fields,
            "title": _title(name, self._record),
            "annotations": "",
        }
        data = self._record.array("xydata")
        if data is None:  # the samples of a plain array
            rows = (self._samples.x[within], self._samples.y[within])
            data = record_of_tuple(rows).array("xydata")
        else:
            data = data[:, within]
        return Record("signal", fields, {"xydata": data}, metadata)

    def sample(self, coords: Sequence[float]) -> Sample | None:
        """See `ShapeData.sample`: the sample that is nearest along x."""
        x = self._samples.x
        distances: Array = np.abs(x - coords[0])
        if not len(x) or not np.isfinite(distances).any():
            return None
        index = int(np.nanargmin(distances))
        value = self._samples.y[index].item()
        return Sample((index,), value, float(x[index]), value)


def _title(name: str, record: Record) -> str:
    return f"{name} of {record.title}" if record.title else name
