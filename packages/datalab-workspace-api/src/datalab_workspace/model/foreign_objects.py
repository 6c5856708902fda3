"""Convert objects of pandas, xarray, HyperSpy and Dask to records.

The objects are recognised by the names of their types and of the modules of these, so
that recognising one imports nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np

from datalab_workspace.model.plain_arrays import record_of_array
from datalab_workspace.model.record import Record

#: For each recognised type, its converter: module and function.
_CONVERTERS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("pandas", "Series"): ("pandas_objects", "record_of_series"),
    ("pandas", "DataFrame"): ("pandas_objects", "record_of_frame"),
    ("pandas", "Index"): ("pandas_objects", "refuse_index"),
    ("xarray", "DataArray"): ("xarray_objects", "record_of_data_array"),
    ("xarray", "Dataset"): ("xarray_objects", "refuse_dataset"),
    ("hyperspy", "BaseSignal"): ("hyperspy_objects", "record_of_hyperspy_signal"),
}


def foreign_type(value: object) -> tuple[str, str] | None:
    """Return the package and the name of a type that is recognised.

    Args:
        value: Any value; an instance of a subclass is recognised, too.

    Returns:
        For example ("pandas", "Series"); None for any other type.
    """
    for base in type(value).__mro__:
        key = (base.__module__.partition(".")[0], base.__name__)
        if key in _CONVERTERS or key == ("dask", "Array"):
            return key
    return None


def foreign_record(value: Any, *, copy: bool) -> Record | None:
    """Return the record of an object of another library.

    Args:
        value: A Series or a DataFrame of pandas, a DataArray of xarray, a signal of
            HyperSpy, or an array of Dask, which is computed.
        copy: Copy the data of an image; otherwise the record may share it.

    Returns:
        The record; None if the type is not recognised.

    Raises:
        UnsupportedObjectError: A record cannot hold the object.
        UnsupportedDtypeError: The data is not numeric.
    """
    found = foreign_type(value)
    if found is None:
        return None
    if found == ("dask", "Array"):
        array = np.asarray(value.compute())
        return record_of_array(array, copy=False) if array.ndim in (1, 2) else None
    module, function = _CONVERTERS[found]
    convert = getattr(import_module(f"{__package__}.{module}"), function)
    record: Record = convert(value, copy=copy)
    return record


def own_title(value: Any) -> str | None:
    """Return the title of an object: a sigima object, or one of another library.

    Returns:
        None if it has no title.
    """
    found = foreign_type(value)
    if found is not None and found[0] == "hyperspy":
        title = value.metadata.get_item("General.title", "")
    elif found is not None:
        title = getattr(value, "name", None)
    else:
        # An empty title is a title, which no object can have as its name.
        title = getattr(value, "title", None)
        return title if isinstance(title, str) else None
    return title if isinstance(title, str) and title else None


def mapping_of(objects: Any) -> Any:
    """Return the columns of a DataFrame by their names; other objects as they are."""
    if foreign_type(objects) != ("pandas", "DataFrame"):
        return objects
    return {str(name): objects[name] for name in objects.columns}
