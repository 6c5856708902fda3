"""A single calculation: a feature, its source objects and its parameters."""

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
from datalab_workspace.processing.features import DIALOGS, Feature, find_feature
from datalab_workspace.processing.known_faults import warn_of_faults
from datalab_workspace.processing.known_faults.fault import Call
from datalab_workspace.processing.masks import warn_of_masks
from datalab_workspace.processing.mismatch import warn_of_mismatch
from datalab_workspace.processing.parameters import make_parameters, region_parameters
from datalab_workspace.processing.results import (
    analysis_entries,
    drop_results,
    processing_entry,
)
from datalab_workspace.processing.titles import datalab_titles, with_short_ids


@dataclass(frozen=True)
class Operand:
    """A source object of a calculation.

    Attributes:
        uuid: UUID of the object.
        name: Name of the object in the workspace.
        short_id: Short id of the object.
        kind: "signal" or "image".
        obj: A copy of the sigima object.
    """

    uuid: str
    name: str
    short_id: str
    kind: Kind
    obj: Any


@dataclass(frozen=True)
class Calculation:
    """A feature together with its source objects and parameters.

    Attributes:
        feature: The feature.
        sources: The source objects, in order.
        parameters: The parameter object, a list of parameter objects, or None.
    """

    feature: Feature
    sources: Sequence[Operand]
    parameters: Any

    def run(self) -> Any:
        """Run the calculation.

        Returns:
            A signal or image with the title and metadata that DataLab would give it.
            An analysis returns its result; None if it finds nothing.

        Raises:
            Exception: The error of sigima, with a note that names the feature and the
                source objects.
        """
        try:
            result = self._computed()
        except Exception as error:
            names = ", ".join(repr(source.name) for source in self.sources)
            add_note(error, f"while computing {self.feature.name!r} from {names}")
            raise
        call = self._call(result)
        warn_of_mismatch(call)
        warn_of_masks(call)
        warn_of_faults(call)
        if self.feature.analysis:
            return result
        ids = [source.short_id for source in self.sources]
        result.title = with_short_ids(result.title, ids)
        drop_results(result)
        uuids = [source.uuid for source in self.sources]
        entry = processing_entry(self.feature, uuids, self.parameters)
        result.metadata[PROCESSING_KEY] = entry
        return result

    def check_remote(self) -> None:
        """Raise an error unless DataLab can run the calculation without a dialog.

        Raises:
            NotSupportedByProtocolError: The feature is an analysis or has several
                source objects, or DataLab implements it with a dialog.
        """
        feature = self.feature
        asks = feature.operands != 1 or feature.each_region or feature.name in DIALOGS
        if asks or feature.analysis:
            raise NotSupportedByProtocolError(
                f"DataLab would open a dialog to compute {feature.name!r}; omit "
                "where='datalab' to compute it in this process"
            )

    def parameter_values(self) -> dict[str, Any] | None:
        """Return the values of the parameters by name, as data for JSON."""
        if self.parameters is None:
            return None
        values = {}
        for item in self.parameters.get_items():
            value = getattr(self.parameters, item.get_name(), None)
            if isinstance(value, str | bool | int | float):
                values[item.get_name()] = getattr(value, "value", value)
        return values

    def noted(self, result: Any) -> dict[str, Any] | None:
        """Return the metadata entries that an analysis adds to its source object.

        Args:
            result: The value returned by `run`.

        Returns:
            The entries, see `results.analysis_entries`; None without a result.
        """
        if result is None:
            return None
        (source,) = self.sources
        return analysis_entries(
            self.feature, source.uuid, source.obj, self.parameters, result
        )

    def _call(self, result: Any) -> Call:
        return Call(
            self.feature.name,
            self.feature.kind,
            [source.obj for source in self.sources],
            [source.name for source in self.sources],
            self.parameters,
            result,
        )

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
    """Return the calculations of a call, after checking all of them.

    Args:
        name: Name of the feature.
        on: The source objects, at least one.
        second: The second operand of a feature with two operands.
        given: A parameter object, a dict, a list of these for regions, or None.
        values: Parameters by name.

    Raises:
        FeatureNotFoundError: There is no such feature (a `ValueError`).
        TypeError: The feature does not accept the operands or parameters.
        ValueError: The value of a parameter is not allowed.
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
                f"{name}() takes two {feature.kind}s; pass the second one, as in "
                f"calc({name!r}, on=…, with_=…)"
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
                f"{feature.name}() takes only {feature.kind}s in this call, but "
                f"{source.name!r:.80} is of kind {source.kind!r}"
            )
    obj = sources[0].obj
    if feature.listed:
        parameters: Any = region_parameters(feature, given, values, obj)
    else:
        parameters = make_parameters(feature, given, values, obj)
    # sigima checks some parameters together, or against the objects.
    validate = getattr(parameters, "validate_parameters", None)
    if callable(validate):
        try:
            validate(*(source.obj for source in sources))
        except Exception as error:
            add_note(error, f"while checking the parameters of {feature.name!r}")
            raise
    return Calculation(feature, sources, parameters)


def _refuse_second(feature: Feature, second: Operand | None) -> None:
    if second is None:
        return
    takes = "a list of objects" if feature.operands is None else "one object"
    raise TypeError(f"{feature.name}() takes {takes}; pass on= only, without with_=")
