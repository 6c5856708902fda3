"""The types that a type checker finds for the calls of a workspace.

mypy checks this module with the packages; it is not run. mypy does not read the types
of sigima, whose classes are `Any` to it.
"""

from __future__ import annotations

from typing import Any

from sigima import ImageObj, SignalObj
from typing_extensions import assert_type

import datalab_workspace as dlw
from datalab_workspace.processing.feature_table import FeatureTable


def objects(ws: dlw.Workspace) -> None:
    assert_type(ws.get("x"), SignalObj | ImageObj)
    assert_type(ws.get("x", default=None), SignalObj | ImageObj | None)
    assert_type(ws.get(["x", "y"]), list[Any])
    assert_type(ws["x"], SignalObj | ImageObj)
    assert_type(ws.pop("x"), SignalObj | ImageObj)


def features(ws: dlw.Workspace) -> None:
    assert_type(ws.calc("fft", on="x"), str)
    assert_type(ws.calc("fft", on=["x", "y"]), list[str])
    assert_type(ws.calc("average", on=["x", "y"]), str)
    assert_type(ws.calc("extract_roi", on="x"), list[str])
    assert_type(ws.calc("gaussian_filter", on=("x", "y"), sigma=2), list[str])
    assert_type(ws.features("image"), FeatureTable)
    ws.calc("fwhm", on="x").to_dataframe()
    ws.get(ws.calc("fft", on="x"))
    ws.calc.gaussian_filter("x", sigma=2)
