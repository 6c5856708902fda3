"""When two records are the same object, so that adding it again changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from datalab_workspace.model.metadata_values import same
from datalab_workspace.model.record import FieldValue, Record, result_keys

BOUNDS = frozenset(
    f"{axis}scale{end}" for axis in ("x", "y", "z") for end in ("min", "max")
)
#: Metadata keys in which DataLab keeps how it draws a curve; unlike its other display
#: options they do not begin with two underscores.
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
    """Tell whether `new` is the object that `stored` is.

    Data, axes, texts, ROI, results and the user's metadata count. Titles don't, since
    an object is stored under the name that it was given; nor do display options, nor
    bounds that `new` leaves open, since DataLab fills both in; nor do results that
    `new` has not, since analyses put them into what is stored.

    Args:
        stored: What a workspace holds.
        new: What is to be added.

    Returns:
        True where adding `new` would change nothing.
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


def _equal_fields(
    stored: Mapping[str, FieldValue], new: Mapping[str, FieldValue]
) -> bool:
    for name in (stored.keys() | new.keys()) - {"title", "autoscale"}:
        if name in BOUNDS and new.get(name) is None:
            continue
        if not same(stored.get(name), new.get(name)):
            return False
    return True


def _equal_metadata(stored: Record, new: Record) -> bool:
    # DataLab gives every signal a curve style; one that the notebook gave counts. A
    # notebook that is run again adds an object as it was before it was analysed.
    filled_in = {*CURVE_STYLE_KEYS, *result_keys(stored)} - new.metadata.keys()
    return same(
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
    return same(stored.array(name), new.array(name))
