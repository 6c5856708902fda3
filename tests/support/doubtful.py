"""Objects to compute from, and the warnings about doubtful results."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from datalab_workspace import DoubtfulResultWarning, Workspace


def signal(
    x: Any, y: Any, dx: Any = None, dy: Any = None, roi: Any = None, **texts: Any
) -> Any:
    """Return a signal."""
    from sigima.objects import create_signal

    obj = create_signal("signal", np.array(x), np.array(y), **texts)
    obj.set_xydata(np.array(x), np.array(y), dx, dy)
    if roi is not None:
        obj.roi = roi
    return obj


def image(
    data: Any,
    *,
    x0: float = 0.0,
    y0: float = 0.0,
    dx: float = 1.0,
    dy: float = 1.0,
    xcoords: Any = None,
    ycoords: Any = None,
    roi: Any = None,
    **texts: Any,
) -> Any:
    """Return an image with these coordinates."""
    from sigima.objects import create_image

    obj = create_image("image", data, **texts)
    if xcoords is None:
        obj.set_uniform_coords(dx, dy, x0, y0)
    else:
        obj.set_coords(xcoords, ycoords)
    if roi is not None:
        obj.roi = roi
    return obj


def compute(
    feature: str, on: Any, with_: Any = None, **values: Any
) -> tuple[Any, list[str]]:
    """Compute a feature in a new workspace.

    Args:
        feature: Name of the feature.
        on: A source object or a list of these.
        with_: The second source object.
        values: Parameters.

    Returns:
        The computed object, or the result of an analysis; and the warnings about a
        doubtful result.
    """
    workspace = Workspace()
    objects = on if isinstance(on, list) else [on]
    names = [workspace.add(f"obj{n}", obj) for n, obj in enumerate(objects, 1)]
    second = None if with_ is None else workspace.add("second", with_)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", DoubtfulResultWarning)
        outcome = workspace.calc(
            feature,
            values or None,
            on=names if isinstance(on, list) else names[0],
            with_=second,
        )
    if isinstance(outcome, list):
        (outcome,) = outcome
    result = workspace.get(outcome) if isinstance(outcome, str) else outcome
    return result, [str(each.message) for each in caught]
