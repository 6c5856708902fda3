"""Faults of sigima with values that are NaN or infinite.

Upstream: docs/upstream/sigima_invalid_values.md
"""

from __future__ import annotations

import numpy as np

from datalab_workspace.processing.known_faults.fault import (
    Call,
    Fault,
    count_invalid,
    fault,
)

REPORT = "sigima_invalid_values"
_REPLACE = "use replace_special_values() first"
_SPECTRA = "fft magnitude_spectrum phase_spectrum psd"


@fault(REPORT, "signal", "x_at_minmax")
def _place_of_extreme(call: Call) -> str | None:
    if not np.isnan(call.obj.y).any():
        return None
    return (
        f"{call.name} has NaN, whose place is taken for that of the minimum and of the "
        f"maximum; {_REPLACE}"
    )


@fault(REPORT, "signal", "extract_peak_positions peak_detection")
def _no_peaks(call: Call) -> str | None:
    if not np.isnan(call.obj.y).any():
        return None
    return f"{call.name} has NaN, so that no peak is found; {_REPLACE}"


@fault(REPORT, "image", "peak_detection enclosing_circle centroid")
def _position(call: Call) -> str | None:
    invalid = count_invalid(call.obj.data)
    if not invalid:
        return None
    return (
        f"{invalid} pixels of {call.name} are NaN or infinite, so that the result is "
        f"wrong or missing; {_REPLACE}"
    )


@fault(
    REPORT,
    "signal",
    f"moving_average wiener lowpass highpass bandpass bandstop {_SPECTRA} convolution "
    "deconvolution offset_correction",
)
def _spreads_in_signal(call: Call) -> str | None:
    before = sum(count_invalid(obj.y) for obj in call.objects)
    after = count_invalid(call.result.y)
    if not before or after <= before:
        return None
    return (
        f"{before} values of {call.name} are NaN or infinite and make {after} of "
        f"{len(call.result.y)} values of the result so; {_REPLACE}"
    )


@fault(
    REPORT,
    "image",
    f"moving_average wiener butterworth gaussian_freq_filter {_SPECTRA} ifft phase "
    "denoise_bilateral denoise_tv denoise_wavelet rescale_intensity rotate resize "
    "convolution deconvolution",
)
def _spreads_in_image(call: Call) -> str | None:
    before = sum(count_invalid(obj.data) for obj in call.objects)
    if not before or (after := count_invalid(call.result.data)) <= before:
        return None
    return (
        f"{before} pixels of {call.name} are NaN or infinite and make {after} of "
        f"{call.result.data.size} pixels of the result so; {_REPLACE}"
    )


@fault(REPORT, "signal", "moving_median")
def _median_of_signal(call: Call) -> str | None:
    if not np.isnan(call.obj.y).any():
        return None
    return (
        f"{call.name} has NaN, and the medians near it are not medians of the other "
        f"points; {_REPLACE}"
    )


@fault(
    REPORT,
    "image",
    "moving_median erosion dilation opening closing equalize_adapthist canny",
)
def _order_of_pixels(call: Call) -> str | None:
    if not np.isnan(call.obj.data).any():
        return None
    return (
        f"{call.name} has NaN, which has no order, so that the pixels near it are "
        f"arbitrary; {_REPLACE}"
    )


@fault(REPORT, "image", "threshold_li threshold_mean")
def _threshold(call: Call) -> str | None:
    if not np.isnan(call.obj.data).any():
        return None
    return f"{call.name} has NaN, so that the threshold is NaN or arbitrary; {_REPLACE}"


FAULTS: tuple[Fault, ...] = (
    _place_of_extreme,
    _no_peaks,
    _position,
    _spreads_in_signal,
    _spreads_in_image,
    _median_of_signal,
    _order_of_pixels,
    _threshold,
)
