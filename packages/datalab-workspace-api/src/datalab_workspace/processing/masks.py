"""Masked values in computations: where they count as numbers, and the way out.

Upstream: docs/upstream/sigima_masks.md
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from datalab_workspace.errors import UnsupportedDtypeError
from datalab_workspace.processing.doubtful_results import Doubt
from datalab_workspace.processing.known_faults.fault import Call

#: Features whose results do not depend on masked values, apart from those that stay
#: masked.
RESPECTED = {
    "signal": frozenset({"astype", "contrast", "sampling_rate_period", "x_at_minmax"}),
    "image": frozenset(
        """
        absolute addition addition_constant adjust_gamma adjust_log adjust_sigmoid
        arithmetic astype average calibration clip complex_from_magnitude_phase
        complex_from_real_imag difference difference_constant division division_constant
        exp extract_roi fliph flipv horizontal_projection imag inverse log10
        log10_z_plus_n offset_correction product product_constant quadratic_difference
        real rescale_intensity rotate270 rotate90 transpose vertical_projection
        """.split()  # noqa: SIM905 - a long list is easier to read as words
    ),
}

_CONVERT = "convert it with calc('astype', dtype_str='float64') first"


def masked_count(obj: Any) -> int:
    """Return the number of masked values of a signal or image of sigima."""
    array = obj.xydata if hasattr(obj, "xydata") else obj.data
    if not isinstance(array, np.ma.MaskedArray):
        return 0
    return int(np.count_nonzero(np.ma.getmaskarray(array)))


def ignored_masks_in(call: Call) -> Iterator[Doubt]:
    """Yield a doubt for each object whose mask a feature ignores.

    Args:
        call: A computation that has succeeded.

    Yields:
        The number of masked values, which are used as ordinary numbers.
    """
    if call.feature in RESPECTED[call.kind]:
        return
    for obj, name, count in zip(call.objects, call.names, call.masked, strict=True):
        if count:
            first = f"{_CONVERT} and " if obj.data.dtype.kind in "iu" else ""
            text = (
                f"{call.feature}: the mask of {name!r:.80} is ignored: its {count} "
                f"masked values are used as ordinary numbers; {first}pass "
                "masked='nan' to compute with NaN in their place"
            )
            yield Doubt("mask", text, name)


def fill_with_nan(obj: Any, name: str) -> Any:
    """Replace the masked values of a sigima object by NaN, in place.

    Args:
        obj: A signal or image, with data that may be masked.
        name: Its name, for the error.

    Returns:
        The object, whose data is no longer masked.

    Raises:
        UnsupportedDtypeError: The masked data is of integers, which have no NaN (a
            `TypeError`).
    """
    field = "xydata" if hasattr(obj, "xydata") else "data"
    array = getattr(obj, field)
    if not isinstance(array, np.ma.MaskedArray):
        return obj
    if masked_count(obj) and array.dtype.kind in "iub":
        raise UnsupportedDtypeError(
            f"masked='nan' needs floating-point numbers, but {name!r:.80} has the "
            f"dtype {array.dtype}; {_CONVERT}"
        )
    mask = np.ma.getmaskarray(array)
    plain = np.array(np.ma.getdata(array))
    plain[mask] = np.nan
    setattr(obj, field, plain)
    return obj
