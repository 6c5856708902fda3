"""Signals on different x are brought to the same before they are combined.

By DataLab's rule, so that the result has the bits that DataLab's would have: to the x
of the signal that has the fewest points, linearly, its ends held.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np


def aligned(signals: Sequence[Any], names: Sequence[str], feature: str) -> list[Any]:
    """Return signals that are all on the same x.

    Args:
        signals: Signals of sigima's; they stay as they are.
        names: Their names, for the warning.
        feature: What they are to be combined by, for the warning.

    Returns:
        The signals, or interpolated copies of those whose length or ends differ from
        those of the one with the fewest points.

    Warns:
        UserWarning: Signals were interpolated.
    """
    xs = [signal.x for signal in signals]
    if _alike(xs):
        return list(signals)
    target = int(np.argmin([len(x) for x in xs]))
    warnings.warn(
        f"{feature}: the signals have different x; they are interpolated linearly to "
        f"that of {names[target]!r}",
        UserWarning,
        stacklevel=2,
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
