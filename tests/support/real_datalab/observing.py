"""DataLab's own objects, described for the tests; runs in DataLab's environment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from datalab.adapters_metadata import GeometryAdapter, TableAdapter
from datalab.history.core import encode_kwargs
from sigima.objects import SignalObj

from support.real_datalab.exchange import Item


def observed(obj: Any, short_id: str) -> Item:
    """Describe a signal or image."""
    kind = "signal" if isinstance(obj, SignalObj) else "image"
    fields = {name: getattr(obj, name) for name in _field_names(obj)}
    return Item(
        kind=kind,
        short_id=short_id,
        uuid=obj.metadata.get("__uuid", ""),
        fields=fields,
        metadata=obj.metadata,
        roi=None if obj.roi is None else obj.roi.to_dict(),
        results=list(_results(obj)),
    )


def _field_names(obj: Any) -> Iterator[str]:
    for item in obj.get_items():
        layout = type(item).__name__.startswith(("Begin", "End"))
        computed = item.get_prop("data", "computed", None) is not None
        if not layout and not computed and item.get_name() != "metadata":
            yield item.get_name()


def _results(obj: Any) -> Iterator[dict[str, Any]]:
    for adapter_class in (GeometryAdapter, TableAdapter):
        for adapter in adapter_class.iterate_from_obj(obj):
            frame = adapter.to_dataframe()
            yield {
                "key": adapter.metadata_key,
                "title": adapter.title,
                "func_name": adapter.func_name,
                "headers": list(frame.columns),
                "rows": frame.values.tolist(),
            }


def observed_session(session: Any) -> dict[str, Any]:
    """Describe a history session with all its actions."""
    return {
        "title": session.title,
        "number": session.number,
        "dtstr": session.dtstr,
        "schema_version": session.schema_version,
        "actions": [_action(action) for action in session.actions],
    }


def _action(action: Any) -> dict[str, Any]:
    described = {
        name.removeprefix("_HistoryAction__"): value
        for name, value in vars(action).items()
    }
    described["descriptors"] = vars(action.descriptors)
    for name in ("kwargs", "saved_kwargs"):
        if described.get(name) is not None:
            # Parameter sets become text, as they are in the file.
            described[name] = encode_kwargs(described[name])
    described["state"] = vars(action.state)
    return described
