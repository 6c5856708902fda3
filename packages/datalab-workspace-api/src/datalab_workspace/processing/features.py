"""The features: the computations that sigima offers for signals and images.

A feature is a function that sigima marks as a computation. Its operands, parameters and
result are read from its signature. A feature that a later version of sigima adds is
therefore available without a change here.
"""

from __future__ import annotations

import functools
import inspect
import sys
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from datalab_workspace.error_messages import either
from datalab_workspace.errors import FeatureNotFoundError
from datalab_workspace.model.record import KINDS, Kind

#: The results of a feature: one object, a list of objects, or an analysis result.
Gives: TypeAlias = Literal["object", "objects", "result"]

_PREFIX = "compute_"
_DIALOG = "needs a dialog"
_BUNDLE = "combines several features"
#: Commands of DataLab's window that are not features: the reason, and the alternative.
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
        "multiple_1_to_1": (_BUNDLE, "calc() with each of them"),
        "polyfit": (_DIALOG, "polynomial_fit"),
        "roi_extraction": (_DIALOG, "extract_roi"),
    }
)


#: Features for which DataLab's window opens a dialog of its own.
DIALOGS = frozenset(
    """
    average_profile binning erase full_width_at_y line_profile offset_correction
    peak_detection radial_profile resize segment_profile x_at_y y_at_x
    """.split()  # noqa: SIM905 - a long list is easier to read as words
)


@dataclass(frozen=True)
class Feature:
    """A computation of sigima.

    Attributes:
        name: Name of the feature in sigima and in DataLab.
        kind: Kind of the source objects, "signal" or "image".
        function: The function.
        operands: Number of source objects; None for a list of any length.
        parameters: Class of the parameter object; None without parameters.
        listed: Whether the function takes a list of parameter objects.
        analysis: Whether the result is a geometry or table, not an object.
        result: Kind of the object that the feature returns; None for an analysis.
        aligned: Whether DataLab aligns the signals first, so that they have the same x.
    """

    name: str
    kind: Kind
    function: Callable[..., Any]
    operands: int | None
    parameters: type[Any] | None
    listed: bool
    analysis: bool
    result: Kind | None
    aligned: bool

    @property
    def pattern(self) -> str:
        """The pattern in DataLab's terms: "1-to-1", "2-to-1", "n-to-1" or "1-to-0"."""
        count = "n" if self.operands is None else self.operands
        return f"{count}-to-{0 if self.analysis else 1}"

    @property
    def each_region(self) -> bool:
        """Whether the feature is computed once for each region of interest.

        DataLab calls this pattern "1-to-n". Only one feature has it.
        """
        return self.name == "extract_roi"

    @property
    def gives(self) -> Gives:
        """The results of one computation, whatever the data is.

        "object" is one signal or image, "objects" a list of them, and "result" a
        geometry or table, or None if the analysis finds nothing.
        """
        if self.analysis:
            return "result"
        return "objects" if self.each_region else "object"

    @property
    def gives_several(self) -> bool:
        """Whether `calc` returns a list even for one object in ``on=``."""
        return self.gives == "objects"


@functools.cache
def features(kind: Kind) -> Mapping[str, Feature]:
    """Return the features for signals or for images, by name.

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
    """Return the feature with a name.

    Args:
        name: Name of the feature.
        kind: Kind of the source object.

    Raises:
        FeatureNotFoundError: There is no such feature. The message names close matches.
        TypeError: `name` is not a string.
    """
    if not isinstance(name, str):
        raise TypeError(
            "expected the name of a feature, a string such as 'fft', got "
            f"{type(name).__name__}"
        )
    if name in features(kind):
        return features(kind)[name]
    raise FeatureNotFoundError(no_feature(name, (kind,)))


def feature_names() -> list[str]:
    """Return the names of all features, for signals or images, sorted."""
    return sorted({name for kind in KINDS for name in features(kind)})


def no_feature(name: str, kinds: tuple[Kind, ...] = KINDS) -> str:
    """Return the message for a name that no feature has.

    Args:
        name: The name.
        kinds: The kinds of objects for which a feature was looked for.
    """
    from datalab_workspace.processing.feature_search import suggestions

    bare = name.removeprefix(_PREFIX)
    for other in KINDS:
        if name in features(other):
            return f"{name!r} is a feature for {other}s, not for {kinds[0]}s"
    if bare != name and any(bare in features(kind) for kind in kinds):
        return f"no feature {name!r}; it is called {bare!r} here, without {_PREFIX!r}"
    if bare in _WINDOWS_ONLY:
        why, instead = _WINDOWS_ONLY[bare]
        return f"{name!r} in DataLab's window {why}; use {instead}"
    of_kind, argument = (
        (f" for {kinds[0]}s", repr(kinds[0])) if len(kinds) == 1 else ("", "")
    )
    message = f"no feature {name!r:.80}{of_kind}"
    if close := suggestions(bare, kinds):
        return f"{message}; did you mean {either(map(repr, close))}?"
    others = tuple(kind for kind in KINDS if kind not in kinds)
    if others and (close := suggestions(bare, others, alike=False)):
        return f"{message}; for {others[0]}s there is {either(map(repr, close))}"
    return f"{message}; workspace.features({argument}) lists them all"


def _feature(name: str, kind: Kind, function: Callable[..., Any]) -> Feature:
    import sigima.params  # annotations of sigima 1.0 name it
    from sigima import ImageObj, SignalObj
    from sigima.proc.decorator import get_computation_metadata

    original = inspect.unwrap(function)
    # The decorated function belongs to another module than its annotations. There,
    # sigima before 1.3 imports some names only for type checkers.
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
    results: dict[Any, Kind] = {SignalObj: "signal", ImageObj: "image"}
    # Earlier versions of sigima do not declare which signals must not be aligned.
    aligned = getattr(get_computation_metadata(function), "x_alignment", "unknown")
    return Feature(
        name,
        kind,
        function,
        operands,
        parameters,
        listed,
        analysis=not {SignalObj, ImageObj} & {*yielded},
        result=next((results[one] for one in yielded if one in results), None),
        aligned=kind == "signal" and operands != 1 and aligned is not None,
    )


def _alternatives(hint: Any) -> tuple[Any, ...]:
    """Return the members of a union; `hint` itself if it is not a union."""
    is_plain = isinstance(hint, type) or typing.get_origin(hint) is list
    return (hint,) if is_plain else typing.get_args(hint)


def _is_parameters(hint: Any) -> bool:
    from guidata.dataset import DataSet

    return isinstance(hint, type) and issubclass(hint, DataSet)
