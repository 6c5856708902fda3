"""Compare an object that was made again with the stored one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from datalab_workspace.history.calls.execution import EXACT, Tolerance
from datalab_workspace.history.steps import describes_data
from datalab_workspace.model.metadata_values import values_equal
from datalab_workspace.model.record import ROI_KEY, Record


@dataclass(frozen=True)
class Difference:
    """The difference between a stored object and one that was made again.

    Attributes:
        what: What differs, in words; "" if nothing does.
        largest: The largest absolute difference of two values; None if the values
            cannot be compared, or if something else differs.
        exceeds: Whether a difference is larger than the tolerance allows.
    """

    what: str = ""
    largest: float | None = None
    exceeds: bool = False


SAME = Difference()


def difference(stored: Record, made: Record, allowed: Tolerance = EXACT) -> Difference:
    """Compare data, axes, labels, units and regions of interest of two objects.

    Titles, annotations, display options and other metadata are not compared: a step
    does not determine them.

    Args:
        stored: The stored object.
        made: The object that was made again.
        allowed: The difference that counts as small.
    """
    if stored.kind != made.kind:
        return Difference(f"it is of kind {made.kind!r}", exceeds=True)
    worst = SAME
    for name in stored.arrays.keys() | made.arrays.keys():
        found = _of_arrays(stored, made, name, allowed)
        if found.what and found.largest is None:
            return found
        if (found.largest or 0.0) >= (worst.largest or 0.0) and found.what:
            worst = Difference(
                found.what, found.largest, exceeds=worst.exceeds or found.exceeds
            )
    fields = [
        name
        for name in stored.fields
        if describes_data(name)
        and not values_equal(stored.fields[name], made.fields.get(name))
    ]
    if fields:
        verb = "differs" if len(fields) == 1 else "differ"
        return Difference(f"{', '.join(fields)} {verb}", exceeds=True)
    if not values_equal(stored.metadata.get(ROI_KEY), made.metadata.get(ROI_KEY)):
        return Difference("the regions of interest differ", exceeds=True)
    return worst


def _of_arrays(
    stored: Record, made: Record, name: str, allowed: Tolerance
) -> Difference:
    ours, theirs = stored.arrays.get(name), made.arrays.get(name)
    if ours is None or theirs is None:
        return SAME if ours is theirs else Difference(f"{name} is missing", None, True)
    if ours.shape != theirs.shape:
        return Difference(f"the shape is {theirs.shape}, not {ours.shape}", None, True)
    one, other = stored.array(name), made.array(name)
    assert one is not None
    assert other is not None
    if values_equal(one, other):
        return SAME
    if one.dtype != other.dtype:
        return Difference(f"the dtype is {other.dtype}, not {one.dtype}", None, True)
    return _of_values(one, other, allowed)


def _of_values(
    stored: np.ndarray[Any, Any], made: np.ndarray[Any, Any], allowed: Tolerance
) -> Difference:
    masks = np.ma.getmaskarray(stored), np.ma.getmaskarray(made)
    if not np.array_equal(*masks):
        return Difference("other values are masked", None, True)
    wide = np.complex128 if stored.dtype.kind == "c" else np.float64
    r = np.ma.getdata(stored)[~masks[0]].astype(wide)
    c = np.ma.getdata(made)[~masks[0]].astype(wide)
    finite = np.isfinite(r)
    with np.errstate(invalid="ignore"):
        apart = (c != r) & ~(np.isnan(c) & np.isnan(r))
    if np.any(apart & ~(finite & np.isfinite(c))):
        return Difference("other values are infinite or not a number", None, True)
    gap = np.abs(c[finite] - r[finite])
    limit = allowed.absolute + allowed.relative * np.abs(r[finite])
    largest = float(gap.max(initial=0.0))
    what = "values differ" if largest else "the signs of zeros or bits of NaN differ"
    return Difference(what, largest, exceeds=bool(np.any(gap > limit)))
