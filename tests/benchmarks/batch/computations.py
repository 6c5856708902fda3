"""The computations of the benchmarks: functions of one object.

They import sigima where they are called, as the driver of a run does without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sigima.objects import ImageObj, SignalObj


def filter_signal(signal: SignalObj) -> tuple[SignalObj, dict[str, float]]:
    """Return the filtered signal, and its width."""
    import sigima.params as params
    import sigima.proc.signal as proc

    signal = proc.normalize(signal, params.NormalizeParam())
    signal = proc.moving_average(signal, params.MovingAverageParam.create(n=5))
    signal = proc.lowpass(signal, params.LowPassFilterParam.create(cut0=500.0))
    ((left, _, right, _),) = proc.fwhm(
        signal, params.FWHMParam.create(method="gauss")
    ).coords
    return signal, {"fwhm": right - left}


def filter_image(image: ImageObj) -> tuple[ImageObj, dict[str, float]]:
    """Return the blurred image, and the position of its centroid."""
    import sigima.params as params
    import sigima.proc.image as proc

    image = proc.gaussian_filter(image, params.GaussianParam.create(sigma=2.0))
    ((x, y),) = proc.centroid(image).coords
    return image, {"x": x, "y": y}


def small_image(image: ImageObj) -> tuple[ImageObj, dict[str, float]]:
    """Return a small image, and the mean."""
    import sigima.params as params
    import sigima.proc.image as proc

    small = proc.binning(image, params.BinningParam.create(sx=64, sy=64))
    return small, {"mean": image.data.mean()}


def nothing(signal: SignalObj) -> dict[str, float]:
    """Return a number that costs nothing."""
    return {"zero": 0.0}
