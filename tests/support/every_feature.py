"""A call of every feature of sigima with its defaults."""

from __future__ import annotations

from typing import Any

from datalab_workspace.model.record import KINDS, Kind
from datalab_workspace.processing.features import features
from datalab_workspace.testing.samples.operands import REQUIRED, sources

EVERY = [(kind, name) for kind in KINDS for name in features(kind)]
#: What is needed besides `sources`, or what sigima says of them.
REGION = {"extract_roi", "extract_rois", "erase"}
FAILING = {
    ("signal", "evaluate_fit"): (ValueError, "fit parameters"),
    ("signal", "ifft"): (TypeError, "complex"),
    ("image", "blob_opencv"): (ModuleNotFoundError, "cv2"),
}


def arguments(kind: Kind, name: str) -> dict[str, Any]:
    """Return what a feature is computed of, and the parameters that it must have."""
    feature = features(kind)[name]
    first, second = sources(kind)
    values: dict[str, Any] = dict(REQUIRED.get(name, {}))
    if name in REGION:
        values |= {"xmin": 0.0, "xmax": 1.0}
        if kind == "image":
            values = {"x0": 2.0, "y0": 3.0, "dx": 10.0, "dy": 8.0}
    values["on"] = [first, second] if feature.operands is None else first
    if feature.operands == 2:
        values["with_"] = second
    return values
