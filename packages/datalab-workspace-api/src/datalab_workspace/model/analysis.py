"""Read the results of analyses from metadata, in the form of sigima's `to_dict`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from datalab_workspace.model.record import is_result_key

_COORDINATES = {
    "point": ["x", "y"],
    "marker": ["x", "y"],
    "segment": ["x0", "y0", "x1", "y1"],
    "rectangle": ["x", "y", "width", "height"],
    "circle": ["x", "y", "r"],
    "ellipse": ["x", "y", "a", "b", "theta"],
}


def coordinate_names(kind: str, width: int) -> list[str]:
    """Return the names of the coordinates in a row of a geometry result.

    Args:
        kind: sigima's name for the kind of geometry.
        width: Number of coordinates, for kinds that do not determine it.
    """
    known = _COORDINATES.get(kind)
    if known is not None:
        return list(known)
    if kind == "polygon":  # x and y of each corner in turn
        return [f"{'xy'[index % 2]}{index // 2}" for index in range(width)]
    return [f"coord_{index}" for index in range(width)]


@dataclass(frozen=True)
class Result:
    """A result of an analysis: sigima's geometry or table.

    Attributes:
        title: Title of the result.
        kind: Kind of geometry: "segment", "point", "marker", "circle", "ellipse",
            "rectangle" or "polygon"; "" for a table.
        columns: Names of the columns.
        rows: The values, row by row.
        regions: Index of the region of interest of each row, -1 for the whole object;
            None without regions.
        attributes: Other attributes that sigima keeps.
        function: Name of the feature that computed it, "" if unknown.
    """

    title: str
    kind: str
    columns: list[str]
    rows: list[list[Any]]
    regions: list[int] | None
    attributes: dict[Any, Any]
    function: str = ""

    @classmethod
    def of(cls, value: Any) -> Result:
        """Return a result from a sigima object or its dictionary.

        Raises:
            TypeError: `value` is neither.
            ValueError: The dictionary is not that of a result.
        """
        to_dict = getattr(value, "to_dict", None)
        held = to_dict() if callable(to_dict) else value
        if not isinstance(held, dict) or not {"coords", "names"} & held.keys():
            raise TypeError(
                "expected a GeometryResult or TableResult of sigima, or its "
                f"to_dict(), got {type(value).__qualname__}"
            )
        try:
            rows = held["coords"] if "coords" in held else held["data"]
            return cls._read(held, [list(row) for row in rows])
        except (KeyError, TypeError) as error:
            name = repr(held.get("title"))[:60]
            raise ValueError(f"the result {name} is malformed: {error}") from error

    @classmethod
    def _read(cls, held: dict[Any, Any], rows: list[list[Any]]) -> Result:
        title = str(held.get("title") or "result")
        width = max(map(len, rows), default=0)
        if "coords" in held:
            kind = str(getattr(held["kind"], "value", held["kind"]))
            columns = coordinate_names(kind, width)
        else:
            kind, columns = "", [str(name) for name in held["names"]]
        if any(len(row) != len(columns) for row in rows):
            raise TypeError(f"its rows do not have {len(columns)} values")
        regions = held.get("roi_indices")
        if regions is not None:
            regions = [int(index) for index in regions]
            if len(regions) != len(rows):
                raise TypeError(f"{len(regions)} regions for {len(rows)} rows")
        attributes = held.get("attrs")
        attributes = attributes if isinstance(attributes, dict) else {}
        function = str(held.get("func_name") or "")
        return cls(title, kind, columns, rows, regions, attributes, function)

    def hidden(self) -> set[str]:
        """Return the columns that sigima's display preferences hide."""
        key = "hidden_coords" if self.kind else "hidden_metrics"
        names = self.attributes.get(key, ())
        listed = isinstance(names, list | tuple | set | frozenset | np.ndarray)
        return {str(name) for name in names} if listed else set()


def stored_results(
    metadata: Mapping[Any, Any],
) -> Iterator[tuple[str, Result | ValueError]]:
    """Yield the results in the metadata of an object, with their keys.

    A result that is malformed is the error that says so.
    """
    for key in filter(is_result_key, metadata):
        yield key, _stored(key, metadata[key])


def _stored(key: str, value: Any) -> Result | ValueError:
    try:
        return Result.of(value)
    except ValueError as error:
        return error
    except TypeError as error:
        return ValueError(f"the result {key!r:.60} is malformed: {error}")


def result_title(key: str, value: Any) -> str:
    """Return the title of a stored result, or else the name of its feature."""
    title = value.get("title") if isinstance(value, dict) else None
    return str(title or key.partition("_")[2].removesuffix("_dict"))
