"""Awkward signals."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from datalab_workspace.testing.samples.items import with_items

if TYPE_CHECKING:
    from sigima import SignalObj

Factory: TypeAlias = "Callable[[], SignalObj]"

#: Factories of signals that a workspace returns unchanged.
SIGNALS: dict[str, Factory] = {}
#: Factories of signals whose data DataLab cannot store without loss.
UNKEEPABLE_SIGNALS: dict[str, Factory] = {}


def _sample(make: Factory) -> Factory:
    SIGNALS[make.__name__.strip("_").replace("_", "-")] = make
    return make


def signal(xydata: Any = None, **items: Any) -> SignalObj:
    """Return a signal with these items, exactly as they are.

    Args:
        xydata: Rows x, y[, dx, dy]; None for an empty object.
        items: Other items by name.
    """
    from sigima import SignalObj

    return with_items(SignalObj(), xydata=xydata, **items)


def gaussian(size: int = 61) -> SignalObj:
    """Return a peak of `size` points, without noise."""
    x = np.linspace(-3, 3, size)
    return signal(np.array([x, np.exp(-(x**2))]), title="gaussian")


def _rows(dtype: Any, rows: int = 2) -> np.ndarray[Any, Any]:
    return np.arange(rows * 5).reshape(rows, 5).astype(dtype)


def _of_dtype(dtype: str) -> Factory:
    return lambda: signal(_rows(dtype))


for _code in ("f4", "f8", "c16", ">f8", ">f4", ">c16", "f2", "c8", "g", "i4", "u1"):
    SIGNALS[f"dtype-{_code.replace('>', 'big-')}"] = _of_dtype(_code)


@_sample
def _no_data() -> SignalObj:
    return signal()


@_sample
def _no_points() -> SignalObj:
    return signal(np.empty((2, 0)))


@_sample
def _one_point() -> SignalObj:
    return signal(np.array([[1.0], [2.0]]))


@_sample
def _uncertainties() -> SignalObj:
    return signal(_rows("f8", 4) / 7)


@_sample
def _only_dy() -> SignalObj:
    obj = signal()
    x = np.arange(4.0)
    obj.set_xydata(x, x**2, dy=np.full(4, 0.1))
    return obj


@_sample
def _complex_with_uncertainties() -> SignalObj:
    return signal(_rows("c16", 4) * (1 + 0.5j))


@_sample
def _special_numbers() -> SignalObj:
    y = np.array([np.nan, np.inf, -np.inf, -0.0, 5e-324])
    return signal(np.array([np.arange(5.0), y]))


@_sample
def _nan_payloads() -> SignalObj:
    bits = np.array([0x7FF8000000000123, 0xFFF8000000000001, 0x7FF0000000000001], "u8")
    return signal(np.array([np.arange(3.0), bits.view("f8")]))


@_sample
def _unsorted_x() -> SignalObj:
    return signal(np.array([[3.0, 1.0, 1.0, np.nan], [0.0, 1.0, 2.0, 3.0]]))


@_sample
def _masked() -> SignalObj:
    mask = np.array([[0, 0, 0, 0, 0], [0, 1, 0, 1, 0]], "?")
    return signal(np.ma.MaskedArray(_rows("f8"), mask=mask, fill_value=-1.0))


@_sample
def _fortran_order() -> SignalObj:
    return signal(np.asfortranarray(_rows("f8")))


@_sample
def _read_only() -> SignalObj:
    rows = _rows("f8")
    rows.flags.writeable = False
    return signal(rows)


@_sample
def _texts() -> SignalObj:
    return signal(
        _rows("f8"),
        xlabel="\u03bb",
        xunit="\u00b5m/\u221aHz",
        ylabel="I / I\u2080 \U0001f9ea",
        yunit="a\nb",
    )


@_sample
def _absent_texts() -> SignalObj:
    return signal(_rows("f8"), xlabel=None, xunit=None, ylabel=None, yunit=None)


@_sample
def _texts_with_nul() -> SignalObj:
    return signal(_rows("f8"), xlabel="a\x00b", yunit="\ud83d", annotations="\x00")


@_sample
def _absent_annotations() -> SignalObj:
    return signal(_rows("f8"), annotations=None)


@_sample
def _long_label() -> SignalObj:
    return signal(_rows("f8"), xlabel="long " * 20_000)


@_sample
def _scales() -> SignalObj:
    return signal(
        _rows("f8"),
        autoscale=False,
        xscalelog=True,
        yscalelog=True,
        xscalemin=-1.5,
        xscalemax=1e300,
        yscalemin=-0.0,
        yscalemax=float("inf"),
    )


@_sample
def _some_bounds() -> SignalObj:
    return signal(_rows("f8"), xscalemin=0.25, yscalemax=float("nan"))


@_sample
def _datetime_axis() -> SignalObj:
    obj = signal()
    days = [np.datetime64("2024-01-01") + np.timedelta64(i, "D") for i in range(4)]
    obj.set_x_from_datetime(np.array(days, "M8[ns]"), unit="s")
    obj.xydata[1] = range(4)
    return obj


@_sample
def _annotations() -> SignalObj:
    obj = gaussian()
    obj.set_annotations([{"type": "label", "text": "p\u00e9ak \U0001f9ea", "x": 1.5}])
    return obj


@_sample
def _foreign_annotations() -> SignalObj:
    return signal(_rows("f8"), annotations="not JSON at all <xml/>")


@_sample
def _roi() -> SignalObj:
    from sigima.objects import create_signal_roi

    obj = gaussian()
    obj.roi = create_signal_roi([[-1.0, 0.5], [1.0, 2.0]], title="r\u00e9gion")
    return obj


@_sample
def _roi_of_indices() -> SignalObj:
    from sigima.objects import create_signal_roi

    obj = gaussian()
    obj.roi = create_signal_roi([2, 30], indices=True)
    return obj


@_sample
def _roi_ahead_of_metadata() -> SignalObj:
    from sigima.objects import SegmentROI, create_signal_roi

    obj = gaussian()
    obj.roi = create_signal_roi([0.0, 1.0])
    assert obj.roi is not None
    obj.roi.add_roi(SegmentROI([1.5, 2.0], False, title="not yet in the metadata"))
    return obj


@_sample
def _roi_emptied() -> SignalObj:
    from sigima.objects import SignalROI

    obj = gaussian()
    obj.roi = SignalROI()
    return obj


@_sample
def _results() -> SignalObj:
    import sigima.params
    import sigima.proc.signal as proc

    obj = gaussian()
    width = proc.fwhm(obj, sigima.params.FWHMParam.create())
    statistics = proc.stats(obj)
    obj.metadata["Geometry_fwhm_dict"] = width.to_dict()
    obj.metadata["Table_stats_dict"] = statistics.to_dict()
    return obj


@_sample
def _results_made_by_hand() -> SignalObj:
    from sigima.objects import GeometryResult, TableResult

    obj = gaussian()
    points = np.array([[1.0, 2.0], [np.nan, 4.0]])
    marks = GeometryResult.from_coords("marks", "point", points)
    table = TableResult("counts", headers=["n", "who"], data=[[1, "a"], [2, "b"]])
    obj.metadata["Geometry_marks_dict"] = marks.to_dict()  # holds None
    obj.metadata["Table_counts_dict"] = table.to_dict()
    return obj


@_sample
def _processed() -> SignalObj:
    import sigima.params
    import sigima.proc.signal as proc

    return proc.gaussian_filter(gaussian(), sigima.params.GaussianParam.create())


@_sample
def _display_options() -> SignalObj:
    obj = gaussian()
    obj.metadata |= {"__curvestyle": "Sticks", "color": "#ff0000", "__shade": 0.5}
    return obj


@_sample
def _metadata_of_an_instrument() -> SignalObj:
    obj = gaussian()
    obj.metadata |= {
        "gain/dB": 3.5,
        "channels": ("a", "b"),
        "calibration": {"slope": np.float32(0.1), "offset": None},
        "serial": b"\x00\x01",
        7: "seven",
    }
    return obj


@_sample
def _integers_beyond_single_precision() -> SignalObj:
    return signal(np.full((2, 3), 2**24 + 1, "i8"))


UNKEEPABLE_SIGNALS |= {
    "longdouble": lambda: signal(np.ones((2, 3), np.longdouble) / 3),
    "int64": lambda: signal(np.full((2, 3), 2**63 - 1, np.int64)),
}
