"""Features of images that compute the same as NumPy, SciPy and scikit-image.

Those that do not are in `test_known_faults.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage
from scipy import signal as sps
from sigima.objects import create_image_roi
from skimage import exposure, feature, filters, morphology, restoration

from datalab_workspace.processing.features import features
from support.doubtful import compute, image

RNG = np.random.default_rng(4)
Z = RNG.uniform(0.1, 0.9, (24, 32))
OTHER = RNG.uniform(0.1, 0.9, (24, 32))
BYTES = RNG.integers(0, 255, (24, 32)).astype(np.uint8)
SHORTS = RNG.integers(-30000, 30000, (24, 32)).astype(np.int16)
DISK = morphology.disk(1)
Reference = Callable[[np.ndarray], Any]

#: Features of one image: parameters, and the pixels by another library.
ONE: list[tuple[str, dict[str, Any], Reference]] = [
    ("absolute", {}, np.abs),
    ("addition_constant", {"value": 2.0}, lambda z: z.astype(float) + 2),
    ("difference_constant", {"value": 2.0}, lambda z: z.astype(float) - 2),
    ("product_constant", {"value": 2.5}, lambda z: z * 2.5),
    ("division_constant", {"value": 2.5}, lambda z: z / 2.5),
    ("clip", {"lower": 0.2, "upper": 0.7}, lambda z: np.clip(z, 0.2, 0.7)),
    ("calibration", {"axis": "z", "a0": 1.0, "a1": 2.0}, lambda z: 1 + 2.0 * z),
    ("transpose", {}, np.transpose),
    ("fliph", {}, np.fliplr),
    ("flipv", {}, np.flipud),
    ("rotate90", {}, np.rot90),
    ("rotate270", {}, lambda z: np.rot90(z, 3)),
    ("translate", {"dx": 1.5}, lambda z: z),
    ("threshold", {"value": 0.5}, lambda z: 255 * (z > 0.5)),
    ("threshold_otsu", {}, lambda z: 255 * (z > filters.threshold_otsu(z))),
    ("threshold_yen", {}, lambda z: 255 * (z > filters.threshold_yen(z))),
    ("threshold_mean", {}, lambda z: 255 * (z > z.mean())),
    ("threshold_isodata", {}, lambda z: 255 * (z > filters.threshold_isodata(z))),
    ("threshold_triangle", {}, lambda z: 255 * (z > filters.threshold_triangle(z))),
    ("erosion", {}, lambda z: ndimage.grey_erosion(z, footprint=DISK)),
    ("dilation", {}, lambda z: ndimage.grey_dilation(z, footprint=DISK)),
    ("opening", {}, lambda z: morphology.opening(z, DISK)),
    ("closing", {}, lambda z: morphology.closing(z, DISK)),
    ("white_tophat", {}, lambda z: z - morphology.opening(z, DISK)),
    ("black_tophat", {}, lambda z: morphology.closing(z, DISK) - z),
    ("moving_median", {"n": 3}, lambda z: ndimage.median_filter(z, 3, mode="nearest")),
    ("zero_padding", {"rows": 2, "cols": 3}, lambda z: np.pad(z, ((0, 2), (0, 3)))),
    (
        "binning",
        {"operation": "max", "change_pixel_size": False},
        lambda z: z.reshape(12, 2, 16, 2).max(axis=(1, 3)),
    ),
]
#: Features that change integers, or that integers change.
FLOATS: list[tuple[str, dict[str, Any], Reference]] = [
    ("inverse", {}, lambda z: 1 / z),
    ("threshold_li", {}, lambda z: 255 * (z > filters.threshold_li(z))),
    ("exp", {}, np.exp),
    ("log10", {}, np.log10),
    ("log10_z_plus_n", {"n": 2.0}, lambda z: np.log10(z + 2)),
    ("normalize", {"method": "maximum"}, lambda z: z / z.max()),
    ("normalize", {"method": "amplitude"}, lambda z: (z - z.min()) / np.ptp(z)),
    ("normalize", {"method": "area"}, lambda z: z / z.sum()),
    ("normalize", {"method": "energy"}, lambda z: z / np.sqrt(np.sum(z**2))),
    ("normalize", {"method": "rms"}, lambda z: z / np.sqrt(np.mean(z**2))),
    ("gaussian_filter", {"sigma": 2.0}, lambda z: ndimage.gaussian_filter(z, 2)),
    ("moving_average", {"n": 3}, lambda z: ndimage.convolve(z, np.full((3, 3), 1 / 9))),
    ("wiener", {}, sps.wiener),
    (
        "butterworth",
        {"cut_off": 0.1},
        lambda z: filters.butterworth(z, 0.1, False, 2),
    ),
    ("sobel", {}, filters.sobel),
    ("sobel_h", {}, filters.sobel_h),
    ("prewitt_v", {}, filters.prewitt_v),
    ("roberts", {}, filters.roberts),
    ("scharr", {}, filters.scharr),
    ("farid", {}, filters.farid),
    ("laplace", {}, filters.laplace),
    (
        "canny",
        {},
        lambda z: (
            255
            * feature.canny(
                z, low_threshold=0.1, high_threshold=0.9, use_quantiles=True, cval=0.0
            )
        ),
    ),
    ("adjust_gamma", {"gamma": 2.0}, lambda z: z**2),
    ("adjust_log", {}, lambda z: np.log2(1 + z)),
    ("equalize_hist", {}, lambda z: exposure.equalize_hist(z, 256)),
    (
        "denoise_tv",
        {},
        lambda z: restoration.denoise_tv_chambolle(z, 0.1, 2e-4, 200),
    ),
    (
        "binning",
        {"operation": "average", "change_pixel_size": False},
        lambda z: z.reshape(12, 2, 16, 2).mean(axis=(1, 3)),
    ),
    (
        "rotate",
        {"angle": 30.0, "order": 1},
        lambda z: ndimage.rotate(z, 30.0, reshape=False, order=1),
    ),
    (
        "offset_correction",
        {"x0": 2.0, "y0": 3.0, "dx": 5.0, "dy": 4.0},
        lambda z: z - z[3:7, 2:7].mean(),
    ),
]
#: The Fourier transforms, whose axes are wrong.
SPECTRA: list[tuple[str, Reference]] = [
    ("fft", lambda z: np.fft.fftshift(np.fft.fft2(z))),
    ("magnitude_spectrum", lambda z: np.abs(np.fft.fftshift(np.fft.fft2(z)))),
    ("psd", lambda z: np.abs(np.fft.fftshift(np.fft.fft2(z))) ** 2),
]


@pytest.mark.parametrize("data", [Z, BYTES, SHORTS], ids=["float", "bytes", "shorts"])
@pytest.mark.parametrize(("name", "values", "reference"), ONE)
def test_one_image(
    name: str, values: dict[str, Any], reference: Reference, data: np.ndarray
) -> None:
    result, caught = compute(name, image(data), **values)

    np.testing.assert_allclose(result.data, reference(data), rtol=1e-9, atol=1e-12)
    assert caught == []


@pytest.mark.parametrize(("name", "values", "reference"), FLOATS)
def test_one_image_of_floats(
    name: str, values: dict[str, Any], reference: Reference
) -> None:
    result, caught = compute(name, image(Z), **values)

    np.testing.assert_allclose(result.data, reference(Z), rtol=1e-7, atol=1e-9)
    assert caught == []


@pytest.mark.parametrize(("name", "reference"), SPECTRA)
def test_spectra(name: str, reference: Reference) -> None:
    result, caught = compute(name, image(Z))

    np.testing.assert_allclose(result.data, reference(Z), rtol=1e-9, atol=1e-9)
    (text,) = caught
    assert "not frequencies" in text


COMBINED: list[tuple[str, dict[str, Any], Callable[..., Any]]] = [
    ("addition", {}, lambda a, b: a + b),
    ("average", {}, lambda a, b: (a + b) / 2),
    ("product", {}, lambda a, b: a * b),
    ("standard_deviation", {}, lambda a, b: np.std([a, b], axis=0)),
    ("difference", {}, lambda a, b: a - b),
    ("quadratic_difference", {}, lambda a, b: (a - b) / np.sqrt(2)),
    (
        "arithmetic",
        {"operator": "-", "factor": 2.0, "constant": 1.0, "restore_dtype": False},
        lambda a, b: 2 * (a - b) + 1,
    ),
    ("complex_from_real_imag", {}, lambda a, b: a + 1j * b),
]


@pytest.mark.parametrize("kind", ["float", "bytes", "shorts"])
@pytest.mark.parametrize(("name", "values", "reference"), COMBINED)
def test_two_images(
    name: str, values: dict[str, Any], reference: Callable[..., Any], kind: str
) -> None:
    """Integers do not overflow."""
    first, second = {
        "float": (Z, OTHER),
        "bytes": (BYTES, BYTES[::-1]),
        "shorts": (SHORTS, SHORTS[::-1]),
    }[kind]
    several = features("image")[name].operands is None
    pair = image(first), image(second)
    result, caught = compute(
        name,
        list(pair) if several else pair[0],
        None if several else pair[1],
        **values,
    )

    expected = reference(first.astype(float), second.astype(float))
    np.testing.assert_allclose(result.data, expected, rtol=1e-12)
    assert caught == []


def test_a_quotient_and_a_flat_field() -> None:
    divided, first = compute("division", image(BYTES), image(Z))
    corrected, second = compute("flatfield", image(Z), image(OTHER))
    convolved, third = compute("convolution", image(Z), image(OTHER[:3, :3]))

    np.testing.assert_allclose(divided.data, BYTES / Z)
    np.testing.assert_allclose(corrected.data, Z * OTHER.mean() / OTHER)
    expected = sps.convolve2d(Z, OTHER[:3, :3], "same")
    np.testing.assert_allclose(convolved.data, expected)
    assert first == second == third == []


def test_projections_and_profiles_in_physical_units() -> None:
    obj = image(Z, x0=3.0, y0=4.0, dx=0.5, dy=0.25)
    along_x, first = compute("horizontal_projection", obj)
    along_y, second = compute("vertical_projection", obj)
    row, third = compute("line_profile", image(Z), row=5)
    mean, fourth = compute("average_profile", image(Z), row1=2, row2=6)

    np.testing.assert_allclose(along_x.x, 3 + 0.5 * np.arange(32))
    np.testing.assert_allclose(along_x.y, Z.sum(axis=0))
    np.testing.assert_allclose(along_y.x, 4 + 0.25 * np.arange(24))
    np.testing.assert_allclose(along_y.y, Z.sum(axis=1))
    np.testing.assert_allclose(row.y, Z[5])
    np.testing.assert_allclose(mean.y, Z[2:7].mean(axis=0))
    assert first == second == third == fourth == []


@pytest.mark.parametrize("data", [Z, BYTES], ids=["float", "bytes"])
@pytest.mark.parametrize("region", [None, [4, 3, 10, 8]])
def test_statistics(data: np.ndarray, region: list[int] | None) -> None:
    roi = None if region is None else create_image_roi("rectangle", [region])
    used = data if region is None else data[3:11, 4:14]
    table, caught = compute("stats", image(data, roi=roi))

    # The row of the whole image comes first.
    row = table.to_dataframe().iloc[-1]
    expected = {
        "min": used.min(),
        "max": used.max(),
        "mean": used.mean(),
        "median": np.median(used),
        "std": used.std(),
        "sum": used.sum(dtype=float),
        "ptp": float(used.max()) - float(used.min()),
    }
    assert {name: row[name] for name in expected} == pytest.approx(expected)
    assert caught == []


@settings(max_examples=15, deadline=None)
@given(
    column=st.floats(20, 44),
    row=st.floats(20, 44),
    x0=st.floats(-50, 50),
    dx=st.floats(0.1, 10),
)
def test_the_centroid_of_a_spot(
    column: float, row: float, x0: float, dx: float
) -> None:
    rows, columns = np.mgrid[:64, :64]
    data = np.exp(-((columns - column) ** 2 + (rows - row) ** 2) / 18)
    result, caught = compute("centroid", image(data, x0=x0, y0=-x0, dx=dx, dy=2 * dx))

    expected = (x0 + column * dx, -x0 + row * 2 * dx)
    assert result.coords[0] == pytest.approx(expected, abs=0.05 * dx)
    assert caught == []


@settings(max_examples=15, deadline=None)
@given(data=arrays(np.uint16, (5, 7)), other=arrays(np.uint16, (5, 7)))
def test_integers_never_overflow_in_sums(data: np.ndarray, other: np.ndarray) -> None:
    total, first = compute("addition", [image(data), image(other)])
    less, second = compute("difference", image(data), image(other))

    np.testing.assert_array_equal(total.data, data.astype(float) + other)
    np.testing.assert_array_equal(less.data, data.astype(float) - other)
    assert first == second == []


@settings(max_examples=15, deadline=None)
@given(
    left=st.integers(0, 20),
    top=st.integers(0, 15),
    width=st.integers(1, 8),
    height=st.integers(1, 8),
)
def test_regions_of_an_image_at_the_origin(
    left: int, top: int, width: int, height: int
) -> None:
    values = {"x0": left, "y0": top, "dx": width, "dy": height}
    result, caught = compute(
        "extract_roi", image(Z), **{key: float(each) for key, each in values.items()}
    )

    np.testing.assert_array_equal(
        result.data, Z[top : top + height, left : left + width]
    )
    assert (result.x0, result.y0, result.dx, result.dy) == (left, top, 1, 1)
    assert caught == []
