"""The layout of a project file: paths, names of groups, attributes.

::

    /DataLab_Version                       marks the file as a project
    /DataLab_Sig/gs001: title/s001: title  one HDF5 group per object, in groups
    /DataLab_Ima/gi001: title/i001: title
    /DataLab_Mac, /DataLab_His             macros and history: see `opaque_sections`
    /DataLab_Nb/n001: title                notebooks: see `notebooks`
    /datalab_workspace                     the index of this package: see `manifest`

The fields of an object are attributes of its group. Its arrays are datasets in the
group. Its metadata is a group `metadata` below it: see `metadata`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from datalab_workspace.model.naming import short_id
from datalab_workspace.model.record import FIELDS, FieldValue, Kind, Record

VERSION = "DataLab_Version"
#: The version of DataLab whose layout is written. DataLab itself does not check it.
WRITTEN_VERSION = "1.3.0"
#: Root group of each panel.
SECTIONS: Mapping[Kind, str] = MappingProxyType(
    {"signal": "DataLab_Sig", "image": "DataLab_Ima"}
)
MACROS = "DataLab_Mac"
HISTORY = "DataLab_His"
#: Only DataLab-Web has notebooks. DataLab ignores the section, and does not save it.
NOTEBOOKS = "DataLab_Nb"
#: Prefix of every root group of DataLab, also of later versions.
FOREIGN_PREFIX = "DataLab_"
MANIFEST = "datalab_workspace"
METADATA = "metadata"
#: Metadata that is in a file but not in a Record: the number of the object.
NUMBER_KEY = "__number"
#: Attributes of an image that DataLab computes on saving and ignores on loading.
EXTENT = ("xmin", "xmax", "ymin", "ymax")

_UNSAFE = re.compile("[^-a-zA-Z0-9_.() ]+")


def safe_title(title: str) -> str:
    """Return `title` as it appears in the name of an HDF5 group of DataLab."""
    return _UNSAFE.sub("", title.replace("/", "_"))


def object_name(kind: Kind, number: int, count: int, title: str) -> str:
    """Return the name of an object's HDF5 group: ``s001: title``.

    Args:
        kind: The panel of the object.
        number: The number of the object in the panel, from 1.
        count: The number of objects in the panel. The number is padded to as many
            digits, at least three, so that names sort in the order of the numbers.
        title: The title of the object.
    """
    return f"{_padded(kind, number, count)}: {safe_title(title)}"


def group_name(kind: Kind, number: int, count: int, title: str) -> str:
    """Return the name of a group's HDF5 group: ``gs001: title``; see `object_name`."""
    return f"g{_padded(kind, number, count)}: {safe_title(title)}"


def macro_name(number: int, title: str) -> str:
    """Return the name of a macro's HDF5 group: ``m001: title``."""
    return f"m{number:03d}: {safe_title(title)}"


def notebook_name(number: int, title: str) -> str:
    """Return the name of a notebook's HDF5 group: ``n001: title``."""
    return f"n{number:03d}: {safe_title(title)}".rstrip(": ").rstrip()


def _padded(kind: Kind, number: int, count: int) -> str:
    short = short_id(kind, number)
    digits = max(3, len(str(count)))
    return short[0] + short[1:].rjust(digits, "0")


def attributes(plain: Record) -> dict[str, FieldValue]:
    """Return the attributes of an object's HDF5 group.

    Args:
        plain: The object in its plain form.

    Returns:
        Every field, and the attributes that DataLab computes from them. None becomes
        "", as in DataLab.
    """
    values: dict[str, FieldValue] = {
        name: "" if value is None else value for name, value in plain.fields.items()
    }
    if plain.kind == "image":
        values.update(_extent(plain))
    return values


def _extent(image: Record) -> dict[str, float]:
    # In DataLab the far edge is origin + size - spacing, even if the spacing is not 1.
    height, width = image.shape if len(image.shape) == 2 else (0, 0)
    if not height * width:
        return dict.fromkeys(EXTENT, 0.0)
    if image.fields["is_uniform_coords"]:
        x0, y0, dx, dy = (_number(image.fields[n]) for n in ("x0", "y0", "dx", "dy"))
        corners = (x0, x0 + width - dx, y0, y0 + height - dy)
        return dict(zip(EXTENT, corners, strict=True))
    ends: list[float] = []
    for name in ("xcoords", "ycoords"):
        coordinates = image.array(name)
        if coordinates is None or not coordinates.size:
            ends += [math.nan, math.nan]
        else:
            ends += [float(coordinates[0]), float(coordinates[-1])]
    return dict(zip(EXTENT, ends, strict=True))


def _number(value: FieldValue) -> float:
    return float(value) if isinstance(value, int | float) else math.nan


def field_value(kind: Kind, name: str, value: Any) -> FieldValue:
    """Return the value of a field from the value of an attribute.

    Args:
        kind: Kind of the object.
        name: Name of the attribute and of the field.
        value: Value of the attribute, a Python scalar.

    Returns:
        A value of the type of the field; None for "" in a field that is not a string.

    Raises:
        ValueError: The value cannot be converted to the type of the field.
    """
    spec = FIELDS[kind].get(name)
    if spec is None or type(value) is spec.type:
        return value  # type: ignore[no-any-return]
    if spec.type is str and isinstance(value, bool | int | float):
        return str(value)
    if value == "":
        return None
    if isinstance(value, bool | int | float):
        converted: FieldValue = spec.type(value)
        return converted
    raise ValueError(
        f"expected a {spec.type.__name__} for the attribute, got {value!r:.60}"
    )
