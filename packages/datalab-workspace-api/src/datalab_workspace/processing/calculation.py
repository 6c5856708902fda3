"""One calculation: a feature, what it is computed of, and with which parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from datalab_workspace.errors import (
    NotSupportedByProtocolError,
    UnsupportedObjectError,
    add_note,
)
from datalab_workspace.model.record import PROCESSING_KEY, Kind
from datalab_workspace.processing.alignment import aligned
from datalab_workspace.processing.features import ASKED_FOR, Feature, find_feature
from datalab_workspace.processing.parameters import make_parameters, region_parameters
from datalab_workspace.processing.results import (
    analysed,
    drop_results,
    how_computed,
)
from datalab_workspace.processing.titles import datalab_titles, with_short_ids


@dataclass(frozen=True)
class Operand:
    """An object to compute something of.

    Attributes:
        uuid: Its UUID.
        name: Its name in the workspace.
        short_id: Its short id.
        kind: "signal" or "image".
        obj: The sigima object, a copy.
    """

    uuid: str
    name: str
    short_id: str
    kind: Kind
    obj: Any


@dataclass(frozen=True)
class Calculation:
    """A feature with all that it needs.

    Attributes:
        feature: The feature.
        sources: What it is computed of, in order.
        parameters: The parameter object, a list of them, or None.
    """

    feature: Feature
    sources: Sequence[Operand]
    parameters: Any

    def run(self) -> Any:
        """Compute it.

        Returns:
            A signal or image with DataLab's title and notes; of an analysis, its
            result, or None if there is none.

        Raises:
            Exception: Whatever sigima raises; a note tells feature and objects.
        """
        try:
            result = self._computed()
        except Exception as error:
            names = ", ".join(repr(source.name) for source in self.sources)
            add_note(error, f"while computing {self.feature.name!r} of {names}")
            raise
        if self.feature.analysis:
            return result
        ids = [source.short_id for source in self.sources]
        result.title = with_short_ids(result.title, ids)
        drop_results(result)
        uuids = [source.uuid for source in self.sources]
        noted = how_computed(self.feature, uuids, self.parameters)
        result.metadata[PROCESSING_KEY] = noted
        return result

    def check_remote(self) -> None:
        """Make sure that DataLab can be told to compute this.

        Raises:
            NotSupportedByProtocolError: It is of several objects, or an analysis, or
                DataLab's window computes it in a way of its own: a dialog would open.
        """
        feature = self.feature
        asks = feature.operands != 1 or feature.each_region or feature.name in ASKED_FOR
        if asks or feature.analysis:
            raise NotSupportedByProtocolError(
                f"DataLab would open a box when told to compute {feature.name!r}; "
                "leave out where='datalab' to compute it here"
            )

    def parameter_values(self) -> dict[str, Any] | None:
        """Return the values of the parameters, by name, as JSON can hold them."""
        if self.parameters is None:
            return None
        values = {}
        for item in self.parameters.get_items():
            value = getattr(self.parameters, item.get_name(), None)
            if isinstance(value, str | bool | int | float):
                values[item.get_name()] = getattr(value, "value", value)
        return values

    def noted(self, result: Any) -> dict[str, Any] | None:
        """Return what an analysis puts into the metadata of the object analysed.

        Args:
            result: What `run` returned; see `results.analysed`.
        """
        if result is None:
            return None
        (source,) = self.sources
        return analysed(self.feature, source.uuid, source.obj, self.parameters, result)

    def _computed(self) -> Any:
        feature = self.feature
        objects = [source.obj for source in self.sources]
        if feature.aligned:
            names = [source.name for source in self.sources]
            objects = aligned(objects, names, feature.name)
        arguments = [objects] if feature.operands is None else objects
        if self.parameters is not None:
            arguments = [*arguments, self.parameters]
        with datalab_titles():
            return feature.function(*arguments)


def plan(
    name: str,
    on: Sequence[Operand],
    second: Operand | None,
    given: object,
    values: Mapping[str, Any],
) -> list[Calculation]:
    """Return the calculations that a call asks for; none is begun if one cannot be.

    Args:
        name: Name of the feature.
        on: What it is to be computed of, at least one.
        second: The other operand of a feature that has two.
        given: A parameter object, a dict, a list of them for regions, or None.
        values: Parameters by name.

    Raises:
        FeatureNotFoundError: There is no such feature (a `ValueError`).
        TypeError: Operands or parameters are not what the feature takes.
        ValueError: A parameter has a value that it cannot have.
    """
    calculations: list[Calculation] = []
    first = find_feature(name, on[0].kind)
    if first.operands is None:
        _refuse_second(first, second)
        return [_calculation(first, on, given, values)]
    for operand in on:
        feature = find_feature(name, operand.kind)
        sources = [operand]
        if feature.operands == 1:
            _refuse_second(feature, second)
        elif second is None:
            raise TypeError(
                f"{name}() takes two {feature.kind}s: calc({name!r}, on=…, with_=…)"
            )
        else:
            sources.append(second)
        if feature.each_region:
            calculations.extend(
                _calculation(feature, sources, region, {})
                for region in region_parameters(feature, given, values, operand.obj)
            )
        else:
            calculations.append(_calculation(feature, sources, given, values))
    return calculations


def _calculation(
    feature: Feature,
    sources: Sequence[Operand],
    given: object,
    values: Mapping[str, Any],
) -> Calculation:
    for source in sources:
        if source.kind != feature.kind:
            raise UnsupportedObjectError(
                f"{feature.name}() is computed of {feature.kind}s here, and "
                f"{source.name!r:.80} is of the other kind"
            )
    obj = sources[0].obj
    if feature.listed:
        parameters: Any = region_parameters(feature, given, values, obj)
    else:
        parameters = make_parameters(feature, given, values, obj)
    # What sigima checks of parameters together, or of parameters and objects.
    validate = getattr(parameters, "validate_parameters", None)
    if callable(validate):
        try:
            validate(*(source.obj for source in sources))
        except Exception as error:
            add_note(error, f"a parameter of {feature.name!r}")
            raise
    return Calculation(feature, sources, parameters)


def _refuse_second(feature: Feature, second: Operand | None) -> None:
    if second is None:
        return
    takes = "a list of objects" if feature.operands is None else "one object"
    raise TypeError(f"{feature.name}() takes {takes}, by on=; it has no use for with_=")
