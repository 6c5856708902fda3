"""The forms in which a user gives the steps of a chain."""

from __future__ import annotations

import functools
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from datalab_workspace.batch.chains.function_listing import listing_of
from datalab_workspace.batch.chains.function_source import name_of
from datalab_workspace.batch.chains.steps import FeatureStep, FunctionStep, Step
from datalab_workspace.error_messages import add_note
from datalab_workspace.model.record import Record
from datalab_workspace.model.sigima_objects import to_record

if TYPE_CHECKING:
    from datalab_workspace.workspace import Workspace

_FORMS = (
    "pass the name of a feature, a tuple of the name and its parameters, such as "
    "('moving_average', {'n': 5}), or a function"
)


def step_of(given: Any, workspace: Workspace | None) -> Step:
    """Return the step in one of the forms that `chain` takes.

    Raises:
        TypeError: It has none of these forms.
        KeyError: "with_" names an object that does not exist.
    """
    what, parameters = given, None
    if isinstance(given, tuple):
        if len(given) != 2:
            raise TypeError(
                f"expected 2 values for a step of a chain, got {len(given)}; {_FORMS}"
            )
        what, parameters = given
    name = _feature_name(what)
    if name is not None:
        return _feature(name, parameters, workspace)
    if isinstance(what, str):
        what = located(what)
    if not callable(what):
        raise TypeError(f"expected a step of a chain, got {what!r:.80}; {_FORMS}")
    return _function(what, parameters)


def _feature_name(what: Any) -> str | None:
    """Return the name of a feature; None for a function or its place."""
    from datalab_workspace.processing.feature_calls import FeatureCall

    if isinstance(what, str):
        return None if ":" in what else what
    if type(what) is FeatureCall:
        return what.__name__
    if "sigima.proc.decorator" in sys.modules and callable(what):
        from datalab_workspace.history.calls.noted_calls import operation_of

        try:
            operation = operation_of(what)
        except TypeError:  # it cannot be hashed
            return None
        return None if operation is None else operation.name.rpartition(".")[2]
    return None


def _feature(name: str, parameters: Any, workspace: Workspace | None) -> FeatureStep:
    if not isinstance(parameters, Mapping):
        return FeatureStep(name, parameters)
    values = dict(parameters)
    given = values.pop("param", None)
    second = values.pop("with_", None)
    if values.get("seed", ...) is None:
        del values["seed"]  # the item gives one
    if second is not None:
        second = _operand(second, name, workspace)
    return FeatureStep(name, given, values, second)


def _operand(value: Any, feature: str, workspace: Workspace | None) -> Record:
    """Return the second operand of a feature."""
    if isinstance(value, Record):
        return value
    if not isinstance(value, str):
        return to_record(value)
    if workspace is None:
        raise TypeError(
            f"{feature}: with_={value!r:.80} is a name, but the chain belongs to no "
            "workspace; pass the object, or workspace= (in a shell, --with-from)"
        )
    return workspace.record(value)


def _function(function: Any, parameters: Any) -> FunctionStep:
    values = {} if parameters is None else parameters
    if not isinstance(values, Mapping) or not all(isinstance(k, str) for k in values):
        raise TypeError(
            f"expected a dict of keyword arguments for {name_of(function)}(), got "
            f"{type(parameters).__name__}"
        )
    return FunctionStep(function, name_of(function), listing_of(function), dict(values))


def renewed(step: Step) -> Step:
    """Return a step of an earlier chain with the present source of its function."""
    if isinstance(step, FeatureStep):
        return step
    return _function(step.function, step.values)


def located(place: str) -> Any:
    """Return the function at a place such as "widths:fwhm_of".

    Raises:
        ImportError: There is no such module.
        AttributeError: The module has no such function.
    """
    module, _, path = place.partition(":")
    try:
        return functools.reduce(getattr, path.split("."), import_module(module))
    except (ImportError, AttributeError) as error:
        add_note(error, f"{place!r:.80} stands for a module and a function in it")
        raise
