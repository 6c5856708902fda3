"""Align signals with different x before they are combined.

The rule is DataLab's, so that the results agree bit for bit: signals are interpolated
linearly at the x of the signal with the fewest points. Beyond its ends, a signal keeps
its first or last value.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from datalab_workspace.validation import warn_caller


def aligned(signals: Sequence[Any], names: Sequence[str], feature: str) -> list[Any]:
    """Return signals that all have the same x.

    Args:
        signals: Objects of type `sigima.SignalObj`; they are not changed.
        names: Names of the signals, for the warning.
        feature: Name of the feature that combines them, for the warning.

    Returns:
        The signals. If lengths or ends of x differ, all but the signal with the fewest
        points are interpolated copies.

    Warns:
        UserWarning: Signals were interpolated.
    """
    xs = [signal.x for signal in signals]
    if _alike(xs):
        return list(signals)
    target = int(np.argmin([len(x) for x in xs]))
    warn_caller(
        f"{feature}: the signals have different x; they are interpolated linearly at "
        f"that of {names[target]!r}",
        UserWarning,
    )
    return [
        signal if number == target else _interpolated(signal, xs[target])
        for number, signal in enumerate(signals)
    ]


def _alike(xs: Sequence[np.ndarray[Any, Any]]) -> bool:
    if len({len(x) for x in xs}) > 1:
        return False
    ends = [(x.min(), x.max()) for x in xs if len(x)]
    return not ends or bool(np.allclose(ends, ends[0], rtol=1e-12))


def _interpolated(signal: Any, x: np.ndarray[Any, Any]) -> Any:
    from sigima.enums import Interpolation1DMethod
    from sigima.tools.signal.interpolation import interpolate

    linear = Interpolation1DMethod.LINEAR
    copy = signal.copy(all_metadata=True)
    copy.set_xydata(x, interpolate(signal.x, signal.y, x, linear, fill_value=None))
    return copy
