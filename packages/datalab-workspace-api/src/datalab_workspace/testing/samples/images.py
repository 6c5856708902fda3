"""Awkward images."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from datalab_workspace.testing.samples.items import with_items

if TYPE_CHECKING:
    from sigima import ImageObj

Factory: TypeAlias = "Callable[[], ImageObj]"

#: Factories of images that a workspace returns unchanged.
IMAGES: dict[str, Factory] = {}
#: Factories of images whose data DataLab cannot store without loss.
UNKEEPABLE_IMAGES: dict[str, Factory] = {}


def _sample(make: Factory) -> Factory:
    IMAGES[make.__name__.strip("_").replace("_", "-")] = make
    return make


def image(data: Any = None, **items: Any) -> ImageObj:
    """Return an image with these items, exactly as they are.

    Args:
        data: Pixels, shape (H, W); None for an empty object.
        items: Other items by name.
    """
    from sigima import ImageObj

    return with_items(ImageObj(), data=data, **items)


def pixels(dtype: Any = "u2") -> np.ndarray[Any, Any]:
    """Return three rows of four small integers."""
    return np.arange(12).reshape(3, 4).astype(dtype)


def spot() -> ImageObj:
    """Return an off-centre spot in 24 rows of 32 pixels, without noise."""
    y, x = np.mgrid[:24, :32]
    data = 1000 * np.exp(-((x - 12) ** 2 + (y - 9) ** 2) / 20)
    return image(data.astype("u2"), title="spot")


def _of_dtype(dtype: str) -> Factory:
    return lambda: image(pixels(dtype))


for _code in "?bBhHiIqQefdgFDG":
    IMAGES[f"dtype-{np.dtype(_code).name}"] = _of_dtype(_code)
for _code in (">i2", ">u4", ">f4", ">f8", ">c16"):
    IMAGES[f"dtype-big-endian-{_code[1:]}"] = _of_dtype(_code)


@_sample
def _large_integers() -> ImageObj:
    return image(np.array([[2**53, -(2**53)]], "i8"))


@_sample
def _no_data() -> ImageObj:
    return image()


@_sample
def _no_rows() -> ImageObj:
    return image(np.empty((0, 4)))


@_sample
def _no_columns() -> ImageObj:
    return image(np.empty((4, 0), "u1"))


@_sample
def _one_pixel() -> ImageObj:
    return image(np.array([[7]], "u1"))


@_sample
def _special_numbers() -> ImageObj:
    return image(np.array([[np.nan, np.inf], [-0.0, 5e-324]]))


@_sample
def _nan_payloads() -> ImageObj:
    bits = np.array([[0x7FC00123, 0xFFC00001]], "u4")
    return image(bits.view("f4"))


@_sample
def _half_precision_nan_payloads() -> ImageObj:
    return image(np.array([[0x7E01, 0xFE02, 0x8000]], "u2").view("f2"))


@_sample
def _complex_specials() -> ImageObj:
    return image(np.array([[complex(np.nan, -0.0), complex(-np.inf, np.nan)]]))


@_sample
def _single_complex_specials() -> ImageObj:
    return image(np.array([[complex(np.nan, -0.0), complex(0, np.inf)]], "c8"))


@_sample
def _fortran_order() -> ImageObj:
    return image(np.asfortranarray(pixels()))


@_sample
def _cut_out() -> ImageObj:
    return image(np.arange(100, dtype="f4").reshape(10, 10)[::-2, 1::3])


@_sample
def _masked() -> ImageObj:
    data = np.ma.MaskedArray(pixels("f8"), mask=False, fill_value=-1.5)
    data[1] = np.ma.masked
    data.data[1, 2] = np.nan
    return image(data)


@_sample
def _masked_integers() -> ImageObj:
    return image(np.ma.MaskedArray(pixels("i8"), mask=pixels() % 5 == 0))


@_sample
def _masked_nowhere() -> ImageObj:
    return image(np.ma.MaskedArray(pixels()))


@_sample
def _masked_everywhere() -> ImageObj:
    return image(np.ma.MaskedArray(pixels("?"), mask=True))


@_sample
def _masked_without_pixels() -> ImageObj:
    return image(np.ma.MaskedArray(np.empty((0, 3), "u1"), mask=False))


@_sample
def _pixel_size() -> ImageObj:
    return image(pixels(), x0=-1.25, y0=1e-300, dx=0.1, dy=-2.0)


@_sample
def _non_uniform_coordinates() -> ImageObj:
    obj = image(pixels())
    obj.set_coords(np.array([0.0, 1.0, 10.0, 100.0]), np.array([-1.0, np.nan, 3.5]))
    return obj


@_sample
def _coordinates_left_over() -> ImageObj:
    # Uniform again, but the arrays still exist.
    return image(pixels(), xcoords=np.arange(4.0), ycoords=np.arange(3.0))


@_sample
def _coordinates_of_integers() -> ImageObj:
    obj = image(pixels())
    obj.set_coords(np.arange(4), np.arange(3, dtype="u1"))
    return obj


@_sample
def _texts() -> ImageObj:
    return image(
        pixels(),
        xlabel="\u03bb",
        xunit="\u00b5m",
        ylabel="",
        yunit="deg/\u00b0",
        zlabel="counts \U0001f9ea",
        zunit="e\u207b",
    )


@_sample
def _absent_texts() -> ImageObj:
    return image(pixels(), xlabel=None, zlabel=None, zunit=None, annotations=None)


@_sample
def _lut_range() -> ImageObj:
    return image(pixels(), zscalemin=-1.0, zscalemax=float("inf"))


@_sample
def _half_a_lut_range() -> ImageObj:
    return image(pixels(), zscalemax=0.0)


@_sample
def _scales() -> ImageObj:
    return image(
        pixels(),
        autoscale=False,
        xscalelog=True,
        yscalelog=True,
        xscalemin=0.5,
        xscalemax=2.5,
        yscalemin=-1.0,
        yscalemax=float("nan"),
    )


@_sample
def _annotations() -> ImageObj:
    obj = spot()
    obj.set_annotations([{"type": "rectangle", "x0": 1, "text": "\u00e9"}] * 3)
    return obj


def _with_roi(geometry: Any, *coords: Any, **options: Any) -> Factory:
    def make() -> ImageObj:
        from sigima.objects import create_image_roi

        obj = spot()
        obj.roi = create_image_roi(geometry, list(coords), **options)
        return obj

    return make


IMAGES |= {
    "roi-rectangle": _with_roi("rectangle", [1, 2, 10, 8], title="r\u00e9gion"),
    "roi-rectangle-of-indices": _with_roi("rectangle", [1, 2, 10, 8], indices=True),
    "roi-circle-inverse": _with_roi("circle", [12, 9, 5.5], inverse=True),
    "roi-circles": _with_roi("circle", [12, 9, 5], [3, 3, 2], inverse=[True, False]),
    "roi-polygon": _with_roi("polygon", [0, 0, 10, 0, 10, 10], title="p"),
    "roi-polygon-inverse": _with_roi("polygon", [0, 0, 9, 0, 9, 9], inverse=True),
}


@_sample
def _roi_of_all_kinds_ahead_of_metadata() -> ImageObj:
    from sigima.objects import create_image_roi

    obj = spot()
    obj.roi = create_image_roi("rectangle", [1, 2, 10, 8])
    assert obj.roi is not None
    for more in (
        create_image_roi("circle", [12, 9, 5], inverse=True),
        create_image_roi("polygon", [0, 0, 10, 0, 10, 10]),
    ):
        for single in more.single_rois:
            obj.roi.add_roi(single)
    return obj


@_sample
def _results() -> ImageObj:
    import sigima.proc.image as proc

    obj = _with_roi("circle", [12, 9, 5], [20, 15, 4])()
    obj.metadata["Geometry_centroid_dict"] = proc.centroid(obj).to_dict()
    obj.metadata["Geometry_circle_dict"] = proc.enclosing_circle(obj).to_dict()
    obj.metadata["Table_stats_dict"] = proc.stats(obj).to_dict()
    return obj


@_sample
def _processed() -> ImageObj:
    import sigima.params
    import sigima.proc.image as proc

    return proc.gaussian_filter(spot(), sigima.params.GaussianParam.create(sigma=2.0))


@_sample
def _display_options() -> ImageObj:
    obj = spot()
    obj.metadata |= {"__colormap": "gray", "__alpha": None, "__lut": (0, 1)}
    return obj


@_sample
def _dicom_like_metadata() -> ImageObj:
    obj = spot()
    obj.metadata |= {
        "PixelSpacing": [0.5, 0.5],
        "(0010,0010)": "A^B",
        "nested": {"Sequence": [{"Code": b"\x01"}, {"Code": None}]},
    }
    return obj


UNKEEPABLE_IMAGES |= {
    "int64": lambda: image(np.array([[2**63 - 1, -1]], "i8")),
    "uint64": lambda: image(np.array([[2**64 - 1]], "u8")),
    "longdouble": lambda: image(np.full((2, 2), np.longdouble(1) / 3)),
    "clongdouble": lambda: image(np.full((2, 2), np.clongdouble(1) / 3)),
    "masked-int64": lambda: image(
        np.ma.MaskedArray(
            np.array([[2**63 - 1, -1]], "i8"), mask=np.array([[True, False]])
        )
    ),
}
