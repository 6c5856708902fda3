"""The parameters of features, described for signatures, tables and completion."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Union

from datalab_workspace.model.record import Kind
from datalab_workspace.processing.features import Feature, features
from datalab_workspace.processing.parameters import (
    allowed_values,
    choices_of,
    may_be_none,
    settable,
)

_TAG = re.compile(r"<[^>]+>")
#: The largest number of choices that a signature shows.
_FEW = 6


class _Default:
    """A default that is not a single value; its repr describes it."""

    def __init__(self, words: str) -> None:
        self._words = words

    def __repr__(self) -> str:
        return f"<{self._words}>"


#: The default of a parameter that sigima derives from the object.
FROM_OBJECT = _Default("from the object")
#: The default of a parameter that has to be given.
REQUIRED = _Default("required")


@dataclass(frozen=True)
class ParameterInfo:
    """A parameter of a feature.

    Attributes:
        name: Its name in a call.
        default: Its default; `REQUIRED` if it has none, and `FROM_OBJECT` if it depends
            on the object.
        annotation: Its type.
        allowed: The values that are allowed, in words.
        choices: The values to choose from; empty if they are not limited.
        about: Its description in sigima; "" if there is none.
        unit: Its unit; "" if it has none.
    """

    name: str
    default: Any
    annotation: Any
    allowed: str
    choices: tuple[Any, ...]
    about: str
    unit: str

    def __str__(self) -> str:
        if self.default is REQUIRED:
            return self.name
        return f"{self.name}={self.default!r}"


@functools.cache
def parameters_of(name: str, kind: Kind) -> tuple[ParameterInfo, ...]:
    """Return the parameters of a feature, in sigima's order.

    Args:
        name: Name of an existing feature.
        kind: The kind of its source object.
    """
    feature = features(kind)[name]
    if feature.parameters is None:
        return ()
    values = feature.parameters()
    of_object = _from_object(feature)
    return tuple(_described(item, values, of_object) for item in settable(values))


def _described(item: Any, values: Any, of_object: frozenset[str]) -> ParameterInfo:
    from guidata.dataset import ChoiceItem

    choices = choices_of(item) if isinstance(item, ChoiceItem) else {}
    default = item.get_value(values)
    if item.get_name() in of_object:
        default = FROM_OBJECT
    elif default is None and not may_be_none(item):
        default = REQUIRED
    elif choices:
        default = choices[default]
    about = item.get_prop("display", "label", None) or ""
    return ParameterInfo(
        item.get_name(),
        default,
        _annotation(item, tuple(choices.values())),
        allowed_values(item),
        tuple(choices.values()),
        _plain(getattr(item, "_help", None) or about),
        _plain(item.get_prop("display", "unit", None) or ""),
    )


def _annotation(item: Any, choices: tuple[Any, ...]) -> Any:
    if not choices:
        return item.type | None if may_be_none(item) else item.type
    if len(choices) <= _FEW and all(isinstance(c, str | None) for c in choices):
        return Literal[choices]
    types = (None if choice is None else type(choice) for choice in choices)
    return Union[tuple(types)]  # noqa: UP007 - the types are not known before


def _plain(text: str) -> str:
    """Return a label or help text in one line, without HTML."""
    return " ".join(_TAG.sub(" ", text).split()).rstrip(".:")


def _from_object(feature: Feature) -> frozenset[str]:
    """Return the names of the parameters whose defaults sigima takes from the object.

    They are found by asking sigima for the defaults for an object like no other.
    """
    assert feature.parameters is not None, "the caller has checked it"
    if not hasattr(feature.parameters, "update_from_obj"):
        return frozenset()
    before, after = feature.parameters(), feature.parameters()
    after.update_from_obj(_unusual(feature.kind))
    return frozenset(
        item.get_name()
        for item in settable(after)
        if item.get_value(after) != item.get_value(before)
    )


@functools.cache
def _unusual(kind: Kind) -> Any:
    import numpy as np
    from sigima import create_image, create_signal

    if kind == "signal":
        x = np.linspace(3.0, 17.0, 29)
        return create_signal("", x, np.hypot(x - 9.0, 0.3))
    image = create_image("", np.add.outer(np.arange(11.0), np.arange(13.0) ** 2) + 5.0)
    image.x0, image.y0, image.dx, image.dy = 3.0, 4.0, 0.3, 0.7
    return image


def merged_parameters(
    name: str, kinds: Sequence[Kind]
) -> list[tuple[ParameterInfo, tuple[Kind, ...]]]:
    """Return the parameters that a feature has for any of the kinds.

    A parameter of the same name is one parameter, with a default that says so if the
    kinds differ in it.

    Args:
        name: Name of the feature.
        kinds: Kinds of objects, for each of which there is the feature.

    Returns:
        The parameters, each with the kinds that have it.
    """
    found: dict[str, dict[Kind, ParameterInfo]] = {}
    for kind in kinds:
        for info in parameters_of(name, kind):
            found.setdefault(info.name, {})[kind] = info
    return [(_merged(infos), tuple(infos)) for infos in found.values()]


def _merged(infos: dict[Kind, ParameterInfo]) -> ParameterInfo:
    first, *others = infos.values()
    for other in others:
        default, annotation = first.default, first.annotation
        if repr(default) != repr(other.default):
            words = (f"{info.default!r} for {kind}s" for kind, info in infos.items())
            default = _Default(", ".join(words))
        if annotation != other.annotation:
            annotation = Union[annotation, other.annotation]  # noqa: UP007
        first = replace(first, default=default, annotation=annotation)
    return first
