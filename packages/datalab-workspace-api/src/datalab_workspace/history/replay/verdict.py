"""The result of a replay: whether an object that was made again is the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Verdict(str, Enum):
    """The verdict of a replay; equal to the string of its value.

    Example:
        >>> from datalab_workspace.history.replay.verdict import Verdict
        >>> Verdict.IDENTICAL == "identical"
        True
    """

    IDENTICAL = "identical"
    WITHIN_TOLERANCE = "within tolerance"
    DIFFERENT = "different"
    RANDOM = "random"
    NOT_REPLAYABLE = "not replayable"

    __str__ = str.__str__


@dataclass(frozen=True)
class Replay:
    """The result of making an object again from its inputs.

    It is true if the object is identical, or within the tolerance that the computation
    has in another environment.

    Attributes:
        name: Name of the object.
        verdict: "identical": every bit of the data is the same, and so are axes,
            labels, units and regions of interest. "within tolerance": the environment
            is another one than recorded, and the difference is as small as sigima
            states for it. "different", "random" (the seed is None), or "not
            replayable".
        reason: What differs, or why the object cannot be made again; "" if identical.
        steps: The number of steps that were computed.
        seconds: The time they took.
        inputs: Names of the objects from which it was made.
        largest: The largest absolute difference of two values; None if there are no
            values to compare.
        allowed: The absolute and relative tolerance that apply; (0.0, 0.0) if every bit
            must be the same.
        differs_from: Name of the first object on the way that is different already; ""
            if there is none.
        versions: The versions of the libraries here.
        recorded: Those with which the object was made, as far as they are known.
        cells: The code of the cells that must run, or did run, in order.
        results: For each analysis whose result the object has: "identical",
            "different" or "not replayable". The verdict does not depend on them.
        obj: The object that was made, a signal or image of sigima; None without one.

    Example:
        >>> name = workspace.calc("normalize", on="peak")
        >>> workspace.replay(name).verdict
        <Verdict.IDENTICAL: 'identical'>
    """

    name: str
    verdict: Verdict
    reason: str = ""
    steps: int = 0
    seconds: float = 0.0
    inputs: tuple[str, ...] = ()
    largest: float | None = None
    allowed: tuple[float, float] = (0.0, 0.0)
    differs_from: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    recorded: Mapping[str, str] = field(default_factory=dict)
    cells: tuple[str, ...] = ()
    results: Mapping[str, Verdict] = field(default_factory=dict)
    obj: Any = field(default=None, repr=False)

    def __bool__(self) -> bool:
        return self.verdict in (Verdict.IDENTICAL, Verdict.WITHIN_TOLERANCE)

    def __str__(self) -> str:
        return f"{self.name}: {self._verdict()} ({'; '.join(self._details())})"

    __repr__ = __str__

    def _verdict(self) -> str:
        if self.verdict is Verdict.DIFFERENT:
            return f"DIFFERENT, {self.reason}"
        if self.reason:
            return f"{self.verdict}: {self.reason}"
        return str(self.verdict)

    def _details(self) -> list[str]:
        details = []
        if self.steps:
            noun = "step" if self.steps == 1 else "steps"
            details.append(f"{self.steps} {noun}, {self.seconds:.1f} s")
        if self.inputs:
            details.append(f"from {', '.join(map(repr, self.inputs))}")
        if self.differs_from:
            details.append(f"{self.differs_from!r} on the way is different already")
        for verdict in dict.fromkeys(self.results.values()):
            names = [name for name, found in self.results.items() if found is verdict]
            details.append(f"{', '.join(names)} {verdict}")
        details.append(self._environment())
        return details

    def _environment(self) -> str:
        """Return the versions here, and those recorded as far as they differ."""
        if not self.recorded:
            return f"{_listed(self.versions, ('sigima',))}; no version recorded"
        others = {
            name: version
            for name, version in self.recorded.items()
            if version != self.versions.get(name) and name != "python"
        }
        if not others:
            return f"{_listed(self.versions, ('sigima',))} as recorded"
        here = _listed(self.versions, tuple(others))
        return f"{here} here, {_listed(others, tuple(others))} recorded"


def _listed(versions: Mapping[str, str], names: tuple[str, ...]) -> str:
    return ", ".join(f"{name} {versions.get(name, 'missing')}" for name in names)
