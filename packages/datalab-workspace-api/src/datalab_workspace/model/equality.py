"""Compare records, to detect that adding an object again would change nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from datalab_workspace.model.metadata_values import values_equal
from datalab_workspace.model.record import (
    FieldValue,
    Record,
    is_result_key,
    result_keys,
)

BOUNDS = frozenset(
    f"{axis}scale{end}" for axis in ("x", "y", "z") for end in ("min", "max")
)
#: Metadata keys of the curve style in DataLab. Unlike the keys of its other display
#: options, they do not begin with two underscores.
CURVE_STYLE_KEYS = frozenset(
    (
        "alpha",
        "color",
        "edgecolor",
        "edgewidth",
        "facecolor",
        "marker",
        "size",
        "style",
        "width",
    )
)


def equal(stored: Record, new: Record) -> bool:
    """Return whether adding `new` in place of `stored` would change nothing.

    Data, axes, labels, units, ROI, results and the user's metadata are compared. The
    comparison ignores:

    - titles, because an object is stored under the name that it was given;
    - display options and the bounds that `new` does not set, because DataLab sets them;
    - results that only `stored` has, because analyses write them into stored objects.

    Args:
        stored: An object of a workspace.
        new: The object to add.

    Returns:
        True if the two are equal.
    """
    return (
        stored.kind == new.kind
        and _equal_fields(stored.fields, new.fields)
        and _equal_metadata(stored, new)
        and all(
            _equal_arrays(stored, new, name)
            for name in stored.arrays.keys() | new.arrays.keys()
        )
    )


def without_results(record: Record) -> Record:
    """Return a copy of a record without its results; the arrays are the same."""
    metadata = {k: v for k, v in record.metadata.items() if not is_result_key(k)}
    return replace(
        record,
        fields=dict(record.fields),
        arrays=dict(record.arrays),
        metadata=metadata,
    )


def missing_results(stored: Record, new: Record) -> dict[Any, Any]:
    """Return the results of `new` that `stored` has not, or has with other values."""
    return {
        key: new.metadata[key]
        for key in result_keys(new)
        if key not in stored.metadata
        or not values_equal(stored.metadata[key], new.metadata[key])
    }


def _equal_fields(
    stored: Mapping[str, FieldValue], new: Mapping[str, FieldValue]
) -> bool:
    for name in (stored.keys() | new.keys()) - {"title", "autoscale"}:
        if name in BOUNDS and new.get(name) is None:
            continue
        if not values_equal(stored.get(name), new.get(name)):
            return False
    return True


def _equal_metadata(stored: Record, new: Record) -> bool:
    # DataLab gives every signal a curve style; a style that the notebook set is
    # compared. A notebook that runs again adds the object without its results.
    filled_in = {*CURVE_STYLE_KEYS, *result_keys(stored)} - new.metadata.keys()
    return values_equal(
        {key: v for key, v in _user_metadata(stored) if key not in filled_in},
        dict(_user_metadata(new)),
    )


def _user_metadata(record: Record) -> Iterator[tuple[Any, Any]]:
    for key, value in record.metadata.items():
        if not (isinstance(key, str) and key.startswith("__")):
            yield key, value


def _equal_arrays(stored: Record, new: Record, name: str) -> bool:
    ours, theirs = stored.arrays.get(name), new.arrays.get(name)
    if ours is theirs:
        return True
    if ours is None or theirs is None:
        return False
    if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
        return False
    return values_equal(stored.array(name), new.array(name))
