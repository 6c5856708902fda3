"""The plan of a call of `calc`, which is checked before anything is computed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from datalab_workspace.errors import NotSupportedByProtocolError, UnsupportedObjectError
from datalab_workspace.model.record import KINDS
from datalab_workspace.processing.calculation import Calculation, Operand, Source
from datalab_workspace.processing.features import DIALOGS, Feature, find_feature
from datalab_workspace.processing.parameters import (
    check_parameters,
    make_parameters,
    region_parameters,
    validate,
)


@dataclass(frozen=True)
class Plan:
    """A feature, its source objects and its parameters, as a call gives them.

    Attributes:
        name: Name of the feature.
        sources: The source objects, at least one.
        second: The second operand of a feature with two operands.
        given: A parameter object, a dict, a list of these for regions, or None.
        values: Parameters by name.
    """

    name: str
    sources: Sequence[Source]
    second: Source | None
    given: object
    values: Mapping[str, Any]

    @property
    def feature(self) -> Feature:
        """The feature for the first source object."""
        return find_feature(self.name, self.sources[0].kind)

    @property
    def combines(self) -> bool:
        """Whether all source objects give one result together."""
        return self.feature.operands is None

    @property
    def features(self) -> list[Feature]:
        """The feature for each kind of source objects."""
        kinds = {source.kind for source in self.sources}
        return [find_feature(self.name, kind) for kind in KINDS if kind in kinds]

    def check(self) -> None:
        """Check everything that does not depend on the data of the objects.

        Raises:
            FeatureNotFoundError: There is no such feature (a `ValueError`).
            TypeError: The feature does not accept the operands or parameters.
            ValueError: The value of a parameter is not allowed.
        """
        _ = self.feature
        if self.combines:
            _check_kinds(self.feature, self.sources)
        for feature in self.features:
            self._check_second(feature)
            check_parameters(feature, self.given, self.values)

    def check_remote(self) -> None:
        """Raise an error unless DataLab can compute it without a dialog.

        Raises:
            NotSupportedByProtocolError: The feature is an analysis or has several
                source objects, or DataLab implements it with a dialog.
        """
        for feature in self.features:
            several = feature.operands != 1 or feature.each_region
            if several or feature.analysis or feature.name in DIALOGS:
                raise NotSupportedByProtocolError(
                    f"DataLab would open a dialog to compute {feature.name!r}; omit "
                    "where='datalab' to compute it in this process"
                )

    def needs_regions(self) -> Iterator[Source]:
        """Yield the source objects that must have a region of interest."""
        if self.given is None and not self.values:
            for source in self.sources:
                feature = find_feature(self.name, source.kind)
                if feature.each_region or feature.listed:
                    yield source

    def calculations(self, operands: Sequence[Operand]) -> list[Calculation]:
        """Return the calculations for one source object, or for all that combine.

        Args:
            operands: The source objects, with the second operand if there is one.

        Raises:
            TypeError: See `check`; so far as it depends on the data.
            ValueError: See `check`.
        """
        feature = find_feature(self.name, operands[0].kind)
        _check_kinds(feature, operands)
        obj, given, values = operands[0].obj, self.given, self.values
        if feature.each_region or feature.listed:
            regions = region_parameters(feature, given, values, obj)
            several: list[Any] = regions if feature.each_region else [regions]
        else:
            several = [make_parameters(feature, given, values, obj)]
        for parameters in several:
            validate(parameters, feature, *(operand.obj for operand in operands))
        return [Calculation(feature, operands, each) for each in several]

    def _check_second(self, feature: Feature) -> None:
        if feature.operands != 2:
            if self.second is not None:
                one = "one object" if feature.operands == 1 else "a list of objects"
                raise TypeError(
                    f"{self.name}() takes {one}; pass on= only, without with_="
                )
        elif self.second is None:
            raise TypeError(
                f"{self.name}() takes two {feature.kind}s; pass the second one, as in "
                f"calc({self.name!r}, on=…, with_=…)"
            )
        else:
            _check_kinds(feature, [self.second])


def _check_kinds(feature: Feature, sources: Sequence[Source]) -> None:
    for source in sources:
        if source.kind != feature.kind:
            raise UnsupportedObjectError(
                f"{feature.name}() takes only {feature.kind}s in this call, but "
                f"{source.name!r:.80} is of kind {source.kind!r}"
            )
