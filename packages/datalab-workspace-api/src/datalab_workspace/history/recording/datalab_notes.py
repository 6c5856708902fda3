"""DataLab's own notes of its computations, read as steps.

DataLab notes the last computation of an object in its metadata: the feature, the UUIDs
of the source objects and the parameters. It notes nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from datalab_workspace.errors import FeatureNotFoundError
from datalab_workspace.history.steps import Call, Step, Unknown
from datalab_workspace.model.record import KINDS, PROCESSING_KEY, Kind, Record
from datalab_workspace.runtime import is_installed

#: Entries of DataLab's parameters that name a class, which is never imported.
CLASS_ENTRIES = ("class_module", "class_name")


def noted_step(
    record: Record, source: Callable[[str], tuple[Kind | None, Step]]
) -> Step | None:
    """Return the step that DataLab has noted in the metadata of an object.

    Args:
        record: The object.
        source: Returns the kind and the latest step of the object with a UUID. The kind
            is None if there is no such object.

    Returns:
        The step; None if DataLab has not computed the object.
    """
    entry = record.metadata.get(PROCESSING_KEY)
    if not isinstance(entry, Mapping) or not isinstance(entry.get("func_name"), str):
        return None
    found = [source(uuid) for uuid in sources_of(record)]
    inputs = tuple([step for _, step in found])
    kinds = [kind for kind, _ in found if kind is not None]
    name, values = entry["func_name"], _values(entry.get("param_json"))
    if not is_installed("sigima"):
        kind = kinds[0] if kinds else record.kind
        return Step(
            Call(f"sigima.{kind}.{name}", None, values, place="datalab"), inputs
        )
    call = _call(name, kinds[:1] or [record.kind, *KINDS], entry)
    if call is None:
        return Step(
            Unknown(f"DataLab computed {name!r:.60}, which sigima lacks"), inputs
        )
    return Step(call, inputs)


def sources_of(record: Record) -> list[str]:
    """Return the UUIDs of the objects from which DataLab computed an object."""
    entry = record.metadata.get(PROCESSING_KEY)
    if not isinstance(entry, Mapping):
        return []
    several = entry.get("source_uuids")
    uuids = several if isinstance(several, list) else [entry.get("source_uuid")]
    return [uuid for uuid in uuids if isinstance(uuid, str)]


def _values(text: object) -> dict[str, Any] | None:
    """Return the parameters as DataLab wrote them; None if they cannot be read."""
    if text is None:
        return {}
    try:
        values = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(values, dict):
        return None
    return {name: value for name, value in values.items() if name not in CLASS_ENTRIES}


def _call(name: str, kinds: Sequence[Kind], entry: Mapping[str, Any]) -> Call | None:
    """Return the call; None if sigima has no such feature for these kinds."""
    from datalab_workspace.history.calls.noted_calls import note
    from datalab_workspace.processing.features import Feature, find_feature

    feature: Feature | None = None
    for kind in kinds:
        try:
            feature = find_feature(name, kind)
            break
        except FeatureNotFoundError:
            continue
    if feature is None:
        return None
    parameters = _parameters(feature, entry.get("param_json"))
    noted = note(
        feature.function, parameters or [], aligned=feature.aligned, place="datalab"
    )
    if noted is None:
        return None
    call = noted.call()
    if parameters is None:
        return Call(call.operation, call.version, None, place="datalab")
    return call


def _parameters(feature: Any, text: object) -> list[Any] | None:
    """Return the parameter objects; None if they cannot be read.

    The class is that of the feature; the class in the note is ignored.
    """
    if feature.parameters is None:
        return []
    if feature.listed:
        if not isinstance(text, list):
            return None
        each = [_read(feature.parameters, one) for one in text]
        return None if None in each else [each]
    one = _read(feature.parameters, text)
    return None if one is None else [one]


def _read(cls: Callable[[], Any], text: object) -> Any:
    from guidata.config import ValidationMode, temporary_validation_mode
    from guidata.io import JSONReader

    if not isinstance(text, str):
        return None
    parameters = cls()
    try:
        with temporary_validation_mode(ValidationMode.STRICT):
            parameters.deserialize(JSONReader(text))
    except Exception:  # noqa: BLE001  # guidata raises any error
        return None
    return parameters
