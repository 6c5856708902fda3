"""The features by name: what sigima can compute of signals and of images.

The registry is sigima's own: every function that it marks as a computation. What goes
in and comes out of one is read from its signature, so that a feature which a later
sigima adds is there without a change here.
"""

from __future__ import annotations

import functools
import inspect
import sys
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from datalab_workspace.errors import FeatureNotFoundError, close_matches
from datalab_workspace.model.record import KINDS, Kind

_PREFIX = "compute_"
_DIALOG = "asks its user in a dialog"
_BUNDLE = "is several features one after the other"
#: What DataLab's windows offer under a name that is no feature, and what there is.
_WINDOWS_ONLY: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "all_denoise": (_BUNDLE, "denoise_tv, denoise_bilateral, denoise_wavelet…"),
        "all_edges": (_BUNDLE, "sobel, prewitt, canny…"),
        "all_morphology": (_BUNDLE, "erosion, dilation, opening, closing…"),
        "all_stability": (_BUNDLE, "allan_variance, allan_deviation…"),
        "all_threshold": (_BUNDLE, "threshold_otsu, threshold_li…"),
        "fit": (_DIALOG, "gaussian_fit, linear_fit, polynomial_fit…"),
        "markers_to_signal": (_DIALOG, "sigima.proc.signal.markers_table_to_signal"),
        "multigaussianfit": (_DIALOG, "gaussian_fit"),
        "multilorentzianfit": (_DIALOG, "lorentzian_fit"),
        "multiple_1_to_1": (_BUNDLE, "calc() for each of them"),
        "polyfit": (_DIALOG, "polynomial_fit"),
        "roi_extraction": (_DIALOG, "extract_roi"),
    }
)


#: What DataLab's window computes by a method of its own, which asks its user.
ASKED_FOR = frozenset(
    """
    average_profile binning erase full_width_at_y line_profile offset_correction
    peak_detection radial_profile resize segment_profile x_at_y y_at_x
    """.split()  # noqa: SIM905 - a list is easier to read so
)


@dataclass(frozen=True)
class Feature:
    """One function of sigima's.

    Attributes:
        name: Its name in sigima and in DataLab.
        kind: Of what it is computed: "signal" or "image".
        function: The function itself.
        operands: How many objects it takes; None for a list of any length.
        parameters: Class of its parameter object, None where it has none.
        listed: It takes a list of parameter objects.
        analysis: It yields a geometry or table result, not an object.
        aligned: Its signals are brought to the same x before, as DataLab does.
    """

    name: str
    kind: Kind
    function: Callable[..., Any]
    operands: int | None
    parameters: type[Any] | None
    listed: bool
    analysis: bool
    aligned: bool

    @property
    def pattern(self) -> str:
        """What DataLab calls its pattern: "1-to-1", "2-to-1", "n-to-1", "1-to-0"."""
        count = "n" if self.operands is None else self.operands
        return f"{count}-to-{0 if self.analysis else 1}"

    @property
    def each_region(self) -> bool:
        """Whether it is computed once for each region of interest.

        DataLab calls it 1-to-n, and has no other such feature.
        """
        return self.name == "extract_roi"


@functools.cache
def features(kind: Kind) -> Mapping[str, Feature]:
    """Return the features for signals or for images by name.

    Args:
        kind: "signal" or "image".

    Raises:
        ImportError: sigima is not installed.
    """
    if kind == "signal":
        import sigima.proc.signal as module
    else:
        import sigima.proc.image as module
    from sigima.proc.decorator import is_computation_function

    found = inspect.getmembers(module, is_computation_function)
    return MappingProxyType({name: _feature(name, kind, f) for name, f in found})


def find_feature(name: object, kind: Kind) -> Feature:
    """Return the feature of a name.

    Args:
        name: The name.
        kind: Of what it is to be computed.

    Raises:
        FeatureNotFoundError: There is none; the message says what comes close.
        TypeError: `name` is no text.
    """
    if not isinstance(name, str):
        raise TypeError(
            f"a feature is called by its name, a text such as 'fft', not by "
            f"{type(name).__name__}"
        )
    if name in features(kind):
        return features(kind)[name]
    raise FeatureNotFoundError(_what_is_wrong(name, kind))


def _what_is_wrong(name: str, kind: Kind) -> str:
    (other,) = (each for each in KINDS if each != kind)
    bare = name.removeprefix(_PREFIX)
    if name in features(other):
        return f"{name!r} is a feature for {other}s, not for {kind}s"
    if bare != name and bare in features(kind):
        return f"no feature {name!r}; it is called {bare!r}, without {_PREFIX!r}"
    if bare in _WINDOWS_ONLY:
        why, instead = _WINDOWS_ONLY[bare]
        return f"{name!r} of DataLab's window {why}; use {instead}"
    message = f"no feature {name!r:.80} for {kind}s"
    if close := close_matches(bare, features(kind)):
        return f"{message}; did you mean {' or '.join(map(repr, close))}?"
    return f"{message}; sigima.proc.{kind} has them all"


def _feature(name: str, kind: Kind, function: Callable[..., Any]) -> Feature:
    import sigima
    from sigima import ImageObj, SignalObj
    from sigima.proc.decorator import get_computation_metadata

    original = inspect.unwrap(function)
    # The decorated function is of another module than its annotations, where sigima
    # before 1.3 imports some names for type checkers alone.
    names = {"sigima": sigima, "ImageObj": ImageObj, "SignalObj": SignalObj}
    names |= vars(sys.modules[function.__module__])
    hints = typing.get_type_hints(original, names)
    yielded = _alternatives(hints.pop("return"))
    operands: int | None = 0
    parameters, listed = None, False
    for hint in hints.values():
        for choice in _alternatives(hint):
            of_list = typing.get_origin(choice) is list
            held = typing.get_args(choice)[0] if of_list else choice
            if held in (SignalObj, ImageObj):
                operands = None if of_list or operands is None else operands + 1
            elif _is_parameters(held):
                parameters, listed = held, of_list
    # Earlier versions of sigima do not say which of them are not to be aligned.
    aligned = getattr(get_computation_metadata(function), "x_alignment", "unknown")
    return Feature(
        name,
        kind,
        function,
        operands,
        parameters,
        listed,
        analysis=not {SignalObj, ImageObj} & {*yielded},
        aligned=kind == "signal" and operands != 1 and aligned is not None,
    )


def _alternatives(hint: Any) -> tuple[Any, ...]:
    """Return the members of a union, or the one type that `hint` is."""
    is_plain = isinstance(hint, type) or typing.get_origin(hint) is list
    return (hint,) if is_plain else typing.get_args(hint)


def _is_parameters(hint: Any) -> bool:
    from guidata.dataset import DataSet

    return isinstance(hint, type) and issubclass(hint, DataSet)
