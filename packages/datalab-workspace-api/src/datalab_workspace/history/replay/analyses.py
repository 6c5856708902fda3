"""Compute the analyses of an object again, and compare their results.

The result of an analysis is part of the object that was analysed. It names its feature
and its parameters, so it needs no step. The names of classes in it are ignored.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from datalab_workspace.errors import NotReplayableError
from datalab_workspace.history.calls.execution import Execution
from datalab_workspace.history.recording.datalab_notes import CLASS_ENTRIES
from datalab_workspace.history.replay.verdict import Verdict
from datalab_workspace.model.metadata_values import values_equal
from datalab_workspace.model.record import Record, result_keys
from datalab_workspace.model.sigima_objects import to_object
from datalab_workspace.processing.features import Feature, features
from datalab_workspace.processing.parameters import make_parameters

#: The entries of a result that do not depend on the data.
_TITLES = ("title", "attrs")


def verified_results(
    record: Record, sources: Iterable[Record] = ()
) -> dict[str, Verdict]:
    """Return whether the analyses of an object give the same results again.

    They are computed with the regions of interest that the object has now.

    Args:
        record: The object.
        sources: The objects that it was computed from.

    Returns:
        The verdicts by the name of the feature. Results of other programs, and tables
        that are not analyses, are left out. So are the results of the sources: sigima
        copies them to what it computes, although they do not describe its data.
    """
    verdicts: dict[str, Verdict] = {}
    known, sources = features(record.kind), tuple(sources)
    for key in result_keys(record):
        stored = record.metadata[key]
        name = stored.get("func_name") if isinstance(stored, dict) else None
        feature = known.get(name) if isinstance(name, str) else None
        if feature is None or not feature.analysis:
            continue
        if any(values_equal(stored, each.metadata.get(key)) for each in sources):
            continue
        try:
            again = _result(feature, record, stored)
        except NotReplayableError:
            verdicts[feature.name] = Verdict.NOT_REPLAYABLE
            continue
        same = again is not None and values_equal(_data(stored), _data(again.to_dict()))
        verdicts[feature.name] = Verdict.IDENTICAL if same else Verdict.DIFFERENT
    return verdicts


def _result(feature: Feature, record: Record, stored: Mapping[str, Any]) -> Any:
    parameters = [] if feature.parameters is None else [_parameters(feature, stored)]
    execution = Execution(feature.function, parameters)
    return execution.run([to_object(record)])


def _parameters(feature: Feature, stored: Mapping[str, Any]) -> Any:
    """Return the parameter object that a result describes.

    Raises:
        NotReplayableError: It does not describe parameters of this feature.
    """
    try:
        values = json.loads(stored["attrs"]["param_json"])
        for name in CLASS_ENTRIES:
            values.pop(name, None)
        given = {name: value for name, value in values.items() if value is not None}
        parameters = make_parameters(feature, given, {}, None)
        for name in values.keys() - given.keys():
            if name in {item.get_name() for item in parameters.get_items()}:
                setattr(parameters, name, None)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NotReplayableError(
            f"the parameters of {feature.name!r} are not known: {error}"
        ) from error
    return parameters


def _data(result: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in result.items() if key not in _TITLES}
