"""Faults of sigima with images of integers.

Upstream: docs/upstream/sigima_integer_images.md
"""

from __future__ import annotations

from typing import Any

import numpy as np

from datalab_workspace.processing.known_faults.fault import Call, Fault, fault

REPORT = "sigima_integer_images"
_CONVERT = "use astype(dtype_str='float64') first"
#: The range of an image below which cutting a result to whole numbers is coarse.
_FEW_VALUES = 100
_EDGES = (
    "farid farid_h farid_v laplace prewitt prewitt_h prewitt_v roberts scharr scharr_h "
    "scharr_v sobel sobel_h sobel_v"
)


def _is_integer(obj: Any) -> bool:
    return bool(obj.data.dtype.kind in "iu" and obj.data.size)


def _largest(obj: Any) -> int:
    return int(np.iinfo(obj.data.dtype).max)


def _is_coarse(obj: Any) -> bool:
    """Return whether an image has so few values that a part of one counts."""
    return int(obj.data.max()) - int(obj.data.min()) < _FEW_VALUES


def _overshoots(call: Call) -> bool:
    """Return whether interpolated values may lie beyond the range of the dtype.

    Splines overshoot by less than half of the range of the image. A value that has
    wrapped round is at the other end of the range of the dtype.
    """
    if call.feature not in ("resize", "rotate") or call.value("order") <= 1:
        return False
    limits = np.iinfo(call.obj.data.dtype)
    # Pixels outside the image have the value cval, mostly 0.
    outside = int(call.value("cval") or 0)
    lowest = min(int(call.obj.data.min()), outside)
    highest = max(int(call.obj.data.max()), outside)
    margin = (highest - lowest) // 2 + 1
    if highest + 2 * margin > limits.max:
        return lowest - margin < limits.min or highest + margin > limits.max
    return bool(int(call.result.data.max()) > highest + margin)


@fault(REPORT, "image", "addition_constant difference_constant")
def _constant(call: Call) -> str | None:
    value = call.value("value")
    if not _is_integer(call.obj) or value is None or value == int(value):
        return None
    return (
        f"{call.name} has integers, so that value={value:g} is cut to {int(value)}; "
        f"{_CONVERT}"
    )


@fault(
    REPORT,
    "image",
    "gaussian_filter moving_average resize rotate flatfield erase",
)
def _cut(call: Call) -> str | None:
    if not _is_integer(call.obj) or call.result.data.dtype.kind not in "iu":
        return None
    if _overshoots(call) or (call.feature == "flatfield" and _wraps(call)):
        return (
            f"{call.name} has integers, and results beyond the range of "
            f"{call.obj.data.dtype} wrap round; {_CONVERT}"
        )
    if not _is_coarse(call.obj):
        return None
    return (
        f"{call.name} has integers of a small range, to which the result is cut; "
        f"{_CONVERT}"
    )


def _wraps(call: Call) -> bool:
    raw, flat = (obj.data.astype(float) for obj in call.objects[:2])
    corrected = raw * flat.mean() / np.where(flat == 0, 1, flat)
    return bool(corrected.max() > _largest(call.obj))


@fault(REPORT, "image", "binning")
def _bins(call: Call) -> str | None:
    operation = call.value("operation")
    same = call.value("dtype_str") == "dtype"
    if not _is_integer(call.obj) or not same or operation in ("min", "max"):
        return None
    if operation != "sum":
        return (
            f"{call.name} has integers, so that the {operation} is cut to whole "
            "numbers; pass dtype_str='float64'"
        )
    from sigima.tools.image import binning

    factors = (call.value("sx"), call.value("sy"))
    sums = binning(call.obj.data, *factors, operation="sum", dtype=np.float64)
    if sums.max() <= _largest(call.obj):
        return None
    return (
        f"sums exceed the range of the dtype of {call.name}, {call.obj.data.dtype}, "
        "and wrap round; pass dtype_str='float64'"
    )


@fault(REPORT, "image", "normalize")
def _normalized(call: Call) -> str | None:
    if not _is_integer(call.obj) or call.result.data.dtype.kind not in "iu":
        return None
    return (
        f"{call.name} has integers, so that the result is cut to whole numbers, 0 and "
        f"1; {_CONVERT}"
    )


@fault(REPORT, "image", "exp log10")
def _half_precision(call: Call) -> str | None:
    found = call.result.data
    if not _is_integer(call.obj) or found.dtype.itemsize >= 8:
        return None
    # Of 4 bytes, the precision suffices for the values of a camera.
    if found.dtype.itemsize == 4 and np.isfinite(found).all():
        return None
    return (
        f"{call.name} has integers of {call.obj.data.dtype.itemsize} bytes, so that "
        f"the result has only the precision and range of {call.result.data.dtype}; "
        f"{_CONVERT}"
    )


@fault(REPORT, "image", "wiener")
def _squares(call: Call) -> str | None:
    if not _is_integer(call.obj):
        return None
    greatest = max(abs(int(call.obj.data.min())), abs(int(call.obj.data.max())))
    if greatest**2 <= _largest(call.obj):
        return None
    return (
        f"the squares of {call.name} exceed the range of its dtype, "
        f"{call.obj.data.dtype}, and the result is arbitrary; {_CONVERT}"
    )


@fault(REPORT, "image", f"{_EDGES} denoise_bilateral denoise_tv denoise_wavelet")
def _scaled(call: Call) -> str | None:
    if not _is_integer(call.obj):
        return None
    return (
        f"{call.name} has integers, which are divided by {_largest(call.obj)} first, "
        f"so that the result is not in the unit of the image; {_CONVERT}"
    )


@fault(REPORT, "image", "absolute")
def _lowest(call: Call) -> str | None:
    data = call.obj.data
    if data.dtype.kind != "i" or not np.any(data == np.iinfo(data.dtype).min):
        return None
    return (
        f"the absolute value of {np.iinfo(data.dtype).min} does not exist in the dtype "
        f"of {call.name}, and it stays negative; {_CONVERT}"
    )


@fault(REPORT, "image", "convolution")
def _product(call: Call) -> str | None:
    if not all(map(_is_integer, call.objects)) or call.result.data.dtype.kind == "f":
        return None
    data, kernel = (np.abs(obj.data.astype(np.float64)) for obj in call.objects)
    if data.max() * kernel.sum() <= np.iinfo(call.result.data.dtype).max:
        return None
    return (
        f"{call.name} and the kernel have integers, and sums beyond the range of "
        f"{call.result.data.dtype} wrap round; {_CONVERT}"
    )


@fault(REPORT, "image", "arithmetic")
def _restored(call: Call) -> str | None:
    first, second = (obj.data.astype(float) for obj in call.objects[:2])
    if not _is_integer(call.obj) or not call.value("restore_dtype"):
        return None
    operators = {
        "+": np.add,
        "-": np.subtract,
        "×": np.multiply,
        "*": np.multiply,
        "/": np.divide,
    }
    with np.errstate(all="ignore"):
        right = operators[call.value("operator")](first, second)
        right = right * call.value("factor") + call.value("constant")
    if call.obj.roi is not None or np.array_equal(right, call.result.data):
        return None
    return (
        f"{call.name} has integers, so that the result is cut to whole numbers in the "
        f"range of {call.obj.data.dtype}; pass restore_dtype=False"
    )


FAULTS: tuple[Fault, ...] = (
    _constant,
    _cut,
    _bins,
    _normalized,
    _half_precision,
    _squares,
    _scaled,
    _lowest,
    _product,
    _restored,
)
