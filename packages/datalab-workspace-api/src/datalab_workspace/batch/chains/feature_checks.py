"""Check that a feature can be a step of a chain: it takes and returns one object."""

from __future__ import annotations

from datalab_workspace.batch.chains.steps import FeatureStep
from datalab_workspace.errors import FeatureNotFoundError
from datalab_workspace.model.record import Kind
from datalab_workspace.processing.feature_table import kinds_of
from datalab_workspace.processing.features import Feature, features, no_feature
from datalab_workspace.processing.parameters import check_parameters


def check_feature(step: FeatureStep) -> None:
    """Check a feature and its parameters, without an object.

    Parameters that only the feature for signals or only that for images has are
    accepted: an item of the other kind has the error.

    Raises:
        FeatureNotFoundError: There is no such feature (a `ValueError`).
        TypeError: It does not take and return one object, or a parameter is unknown or
            has the wrong type.
        ValueError: A parameter has a value that is not allowed.
    """
    kinds = kinds_of(step.name)
    if not kinds:
        raise FeatureNotFoundError(no_feature(step.name))
    errors = [error for kind in kinds if (error := _problem(step, kind)) is not None]
    if len(errors) == len(kinds):
        raise errors[0]


def _problem(step: FeatureStep, kind: Kind) -> TypeError | ValueError | None:
    feature = features(kind)[step.name]
    try:
        _check_operands(feature, step)
        check_parameters(feature, step.given, step.values)
    except (TypeError, ValueError) as error:
        return error
    return None


def _check_operands(feature: Feature, step: FeatureStep) -> None:
    if feature.gives_several:
        raise TypeError(
            f"{feature.name}() returns several objects, but a step of a chain returns "
            "one; call it in a function that returns a tuple of objects"
        )
    if feature.operands is None:
        raise TypeError(
            f"{feature.name}() combines several {feature.kind}s, but a chain computes "
            f"from one; use calc({feature.name!r}, on=[…])"
        )
    if feature.operands == 2 and step.second is None:
        raise TypeError(
            f"{feature.name}() takes two {feature.kind}s; pass the second one, as in "
            f"({feature.name!r}, {{'with_': background}})"
        )
    if feature.operands == 1 and step.second is not None:
        raise TypeError(f"{feature.name}() takes one {feature.kind}; leave out 'with_'")
    if step.second is not None and step.second.kind != feature.kind:
        raise TypeError(
            f"{feature.name}() takes two {feature.kind}s, but with_="
            f"{step.second.title!r:.80} is of kind {step.second.kind!r}"
        )
