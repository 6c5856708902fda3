"""The reply to the page about the data under the selected shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from datalab_kernel_core.explore.messages import ViewRequest
from datalab_kernel_core.explore.selected import Selected
from datalab_kernel_core.explore.signal_source import SignalSource
from datalab_kernel_core.in_page.channel import Reply
from datalab_kernel_core.plotter.samples import Samples, component
from datalab_workspace.model.dates import date_text, is_dates
from datalab_workspace.model.record import Record


def profile_reply(
    selected: Selected | None, record: Record, content: Mapping[str, Any]
) -> Reply:
    """Return the data under a shape: a summary, and the curve under a line on an image.

    Args:
        selected: The shape, None if it is gone.
        record: The object.
        content: The request, with the width in pixels of the plot of the curve.
    """
    if selected is None:
        return Reply({"text": ""})
    if selected.kind == "point":
        return Reply({"text": _sample_text(selected, record)})
    curve = selected.curve
    if curve is None:
        outside = selected.kind == "line" or record.kind == "signal"
        return Reply({"text": "no data under it" if outside else ""})
    samples = Samples.of(curve)
    text = _curve_text(curve, samples, of_image=record.kind == "image")
    if record.kind == "signal":
        return Reply({"text": text})
    source = SignalSource(curve, samples)
    about = source.about()
    x, y = about["extents"]["x"], about["extents"]["y"] or (0.0, 1.0)
    request = ViewRequest.of(
        {"x": x, "y": y, "width": content["width"], "height": content["height"]}
    )
    reply = source.view(request)
    return Reply({**reply.content, "text": text, "about": about}, reply.arrays)


def _curve_text(curve: Record, samples: Samples, *, of_image: bool) -> str:
    values = samples.y
    is_complex = values.dtype.kind == "c"
    if is_complex:
        values = component(values, "modulus")
    finite = values[np.isfinite(values)]
    length = float(samples.x[-1] - samples.x[0])
    parts = [f"{len(values)} {'values' if of_image else 'samples'}"]
    if of_image:
        parts[0] += f" over {_number(length)}{_unit(curve, 'x')}"
    if finite.size:
        unit = _unit(curve, "y")
        parts += [
            f"{name} {_number(float(value))}{unit}"
            for name, value in (
                ("lowest", finite.min()),
                ("highest", finite.max()),
                ("mean", finite.mean()),
            )
        ]
    without = len(values) - finite.size
    if without:
        parts.append(f"{without} without a value")
    if is_complex:
        parts.append("of the modulus")
    return ", ".join(parts)


def _sample_text(selected: Selected, record: Record) -> str:
    sample = selected.sample
    if sample is None:
        return "no data under it"
    if record.kind == "image":
        row, column = sample.index
        value = f"{sample.value}{_unit(record, 'z')}"
        return f"value {value} (row {row}, column {column})"
    x = f"{sample.x}{_unit(record, 'x')}"
    if is_dates(record.metadata):
        x = date_text(sample.x)
    y = f"{sample.y}{_unit(record, 'y')}"
    return f"nearest sample: x = {x}, y = {y} (sample {sample.index[0]})"


def _unit(record: Record, axis: str) -> str:
    unit = str(record.fields[f"{axis}unit"] or "")
    return f" {unit}" if unit else ""


def _number(value: float) -> str:
    return f"{value:.6g}"
