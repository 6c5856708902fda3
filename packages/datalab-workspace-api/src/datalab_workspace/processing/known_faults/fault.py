"""A known fault of sigima, and the call that it is compared with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from datalab_workspace.model.record import Kind

Array: TypeAlias = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Call:
    """A computation that has succeeded.

    Attributes:
        feature: Name of the feature.
        kind: Kind of the source objects.
        objects: The source objects of sigima.
        names: Their names in the workspace.
        parameters: The parameter object, a list of these, or None.
        result: The result of sigima.
        masked: The number of masked values of each source object at first.
    """

    feature: str
    kind: Kind
    objects: Sequence[Any]
    names: Sequence[str]
    parameters: Any
    result: Any
    masked: Sequence[int]

    @property
    def obj(self) -> Any:
        """The first source object."""
        return self.objects[0]

    @property
    def name(self) -> str:
        """The name of the first source object, quoted."""
        return f"{self.names[0]!r:.80}"

    @property
    def regions(self) -> Sequence[Any]:
        """The parameter objects, as a list."""
        given = self.parameters
        return given if isinstance(given, Sequence) else [given]

    def value(self, parameter: str) -> Any:
        """Return the value of a parameter, a plain string for a choice."""
        value = getattr(self.parameters, parameter, None)
        return getattr(value, "value", value)


#: Returns the warning for a call that the fault concerns, or None.
Message: TypeAlias = Callable[[Call], str | None]


@dataclass(frozen=True)
class Fault:
    """A fault of sigima that makes results wrong under some condition.

    Attributes:
        report: Name of its report in `docs/upstream/`.
        kind: Kind of the source objects.
        features: Names of the features that have it.
        message: The function that examines a call.
    """

    report: str
    kind: Kind
    features: frozenset[str]
    message: Message

    @property
    def name(self) -> str:
        """A name for the fault, unique in its module."""
        return self.message.__name__.strip("_")


def fault(report: str, kind: Kind, features: str) -> Callable[[Message], Fault]:
    """Make a fault of the function that examines a call.

    Args:
        report: Name of its report in `docs/upstream/`.
        kind: Kind of the source objects.
        features: Names of the features that have it, separated by spaces.
    """

    def decorate(message: Message) -> Fault:
        return Fault(report, kind, frozenset(features.split()), message)

    return decorate


def is_even(x: Array) -> bool:
    """Return whether the steps of x are equal."""
    steps = np.diff(x)
    if steps.size < 2:
        return True
    scale = np.abs(steps).max()
    return bool(np.ptp(steps) <= 1e-5 * scale)


def has_complex(obj: Any) -> bool:
    """Return whether the values of an object are complex."""
    return bool(np.iscomplexobj(obj.data))


def count_invalid(values: Array) -> int:
    """Return the number of values that are NaN or infinite."""
    return int(np.count_nonzero(~np.isfinite(values)))
