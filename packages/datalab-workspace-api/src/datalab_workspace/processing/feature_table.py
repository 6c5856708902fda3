"""The table of features: menus in DataLab, descriptions, results and parameters."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import re
from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING, Any, SupportsIndex, overload

from datalab_workspace.model.record import KINDS, Kind
from datalab_workspace.processing.features import Feature, features
from datalab_workspace.processing.menus import menu_path
from datalab_workspace.processing.parameter_info import merged_parameters
from datalab_workspace.runtime import require

if TYPE_CHECKING:
    import pandas as pd

#: The menu of a feature that DataLab's window does not show.
NO_MENU = "not in its menus"
_WIDTH = 88
_INDENT: Any = {"initial_indent": " " * 4, "subsequent_indent": " " * 8}
_ROLE = re.compile(r":py:\w+:`~?([^`]+)`")
_MARKUP = re.compile(r"\*\*|``?")
_SIGNAL = re.compile(r"(?<![.\w])signal(s?)(?![.\w])")
_RETURNS = re.compile(r" and return the (new )?result image object$")


@dataclass(frozen=True)
class FeatureInfo:
    """The description of one feature.

    Attributes:
        name: Name of the feature, for `Workspace.calc`.
        kinds: The kinds of objects from which it is computed.
        menu: Its path in the menus of DataLab's window; "" if they do not have it.
        takes: The source objects, in words.
        does: Its description, in one line.
        gives: The result of `Workspace.calc`, in words.
        parameters: Its parameters with their defaults, such as "sigma=1.0". One without
            a default must be given.

    Example:
        >>> info = workspace.features(search="gaussian_filter")[0]
        >>> info.menu, info.parameters
        ('Processing > Noise reduction > Gaussian filter', ('sigma=1.0',))
    """

    name: str
    kinds: tuple[Kind, ...]
    menu: str
    takes: str
    does: str
    gives: str
    parameters: tuple[str, ...]


class FeatureTable(tuple[FeatureInfo, ...]):
    """The descriptions of several features: a tuple with a table as its repr.

    Example:
        >>> [info.name for info in workspace.features("image", search="canny")]
        ['canny']
    """

    __slots__ = ()

    @overload
    def __getitem__(self, index: SupportsIndex, /) -> FeatureInfo: ...
    @overload
    def __getitem__(self, index: slice, /) -> FeatureTable: ...
    def __getitem__(
        self, index: SupportsIndex | slice, /
    ) -> FeatureInfo | FeatureTable:
        """Return the description at a position, or a table of several."""
        found = super().__getitem__(index)
        return FeatureTable(found) if isinstance(index, slice) else found  # type: ignore[return-value, arg-type] # the overloads of tuple are not narrowed

    def to_dataframe(self) -> pd.DataFrame:
        """Return a pandas `DataFrame` with one row for each feature, indexed by name.

        Raises:
            ImportError: pandas is not installed.

        Example:
            >>> table = workspace.features("signal").to_dataframe()
            >>> table.menu["fft"]
            'Processing > Fourier analysis > FFT'
        """
        require("pandas", "to_dataframe()")
        import pandas as pd

        columns = [field.name for field in dataclasses.fields(FeatureInfo)]
        rows = [[getattr(item, column) for column in columns] for item in self]
        return pd.DataFrame(rows, columns=columns).set_index("name")

    def __repr__(self) -> str:
        return "\n".join(map(_as_text, self)) if self else "no features"


def _as_text(info: FeatureInfo) -> str:
    """Return the description of a feature in a few lines."""
    lines = [info.does, f"In DataLab: {info.menu or NO_MENU}", f"Gives {info.gives}"]
    if info.parameters:
        lines.append(f"Parameters: {', '.join(info.parameters)}")
    return "\n".join(
        [
            info.name,
            *(fill(line, _WIDTH, **_INDENT) for line in lines),
        ]
    )


def kinds_of(name: str) -> tuple[Kind, ...]:
    """Return the kinds of the objects from which a feature is computed."""
    return tuple(kind for kind in KINDS if name in features(kind))


@functools.cache
def feature_info(name: str, kinds: tuple[Kind, ...]) -> FeatureInfo:
    """Return the description of a feature.

    Args:
        name: Name of the feature.
        kinds: The kinds to describe; each of them has the feature.
    """
    found = [features(kind)[name] for kind in kinds]
    paths = {kind: menu_path(name, kind) for kind in kinds}
    return FeatureInfo(
        name,
        kinds,
        _by_kind(paths),
        _takes(found),
        _does(found),
        _gives(found),
        tuple(str(info) for info, _ in merged_parameters(name, kinds)),
    )


def _by_kind(texts: dict[Kind, str]) -> str:
    """Return the text for all kinds, or that of each."""
    first, *others = texts.values()
    if all(text == first for text in others):
        return first
    return "; ".join(f"{kind}: {text}" for kind, text in texts.items() if text)


def _takes(found: Sequence[Feature]) -> str:
    operands = found[0].operands
    if operands == 1:
        return " or ".join(
            f"{'an' if feature.kind == 'image' else 'a'} {feature.kind}"
            for feature in found
        )
    count = "two" if operands == 2 else "several"
    return " or ".join(f"{count} {feature.kind}s" for feature in found)


def _does(found: Sequence[Feature]) -> str:
    """Return the first sentence of sigima's docstring, as plain text."""
    docstring = inspect.getdoc(found[0].function) or ""
    text = " ".join(docstring.strip().split("\n\n")[0].split())
    text = text.split(" .. ")[0]
    text = _MARKUP.sub("", _ROLE.sub(r"\1", text))
    text = _RETURNS.sub("", text.rstrip(" .:"))
    text = text.removesuffix(" using the following functions")
    return _SIGNAL.sub(r"signal\1 or image\1", text) if len(found) > 1 else text


def _gives(found: Sequence[Feature]) -> str:
    return _by_kind({feature.kind: _result(feature, found) for feature in found})


def _result(feature: Feature, found: Sequence[Feature]) -> str:
    """Return the result in words, the same for all kinds if possible."""
    if feature.gives == "result":
        return "an analysis result, or None"
    results = {feature.kind: feature.result for feature in found}
    same = all(kind == result for kind, result in results.items())
    new = " or ".join(results) if same else feature.result
    if feature.gives == "objects":
        return f"a list of names, of a new {new} for each region"
    return f"the name of a new {new}"
