"""Parameters of features as data for JSON, if sigima has no codec for them.

sigima 1.3 has a codec (`sigima.proc.contracts.codec`), and earlier versions do not. The
data has the same form as the codec's, so each can read the data of the other. Class
names are neither written nor read.
"""

from __future__ import annotations

import base64
import datetime
import math
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

import numpy as np

_NUMBERS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def encoded(parameters: Any) -> dict[str, Any]:
    """Return the values of a parameter object by name, as data for JSON.

    Args:
        parameters: A parameter object of sigima.

    Raises:
        ValueError: The type of a value is not supported.
    """
    from datalab_workspace.processing.parameters import settable

    values = {}
    for item in settable(parameters):
        value, enum = item.get_value(parameters), getattr(item, "_enum_cls", None)
        if enum is not None and isinstance(value, str):
            value = enum[value].value
        values[item.get_name()] = encoded_value(value)
    return values


def encoded_value(value: Any) -> Any:
    """Return one value as data for JSON.

    Raises:
        ValueError: Its type is not supported.
    """
    if isinstance(value, np.ndarray):
        return _encoded_array(value)
    if isinstance(value, np.generic):
        return encoded_value(value.item())
    if isinstance(value, Enum):
        return encoded_value(value.value)
    if value is None or isinstance(value, bool | str | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"$float": _number_name(value)}
    if isinstance(value, list):
        return [encoded_value(one) for one in value]
    return _encoded_form(value)


def _encoded_form(value: Any) -> dict[str, Any]:
    """Return a value that JSON lacks, as an object whose key names its type."""
    if isinstance(value, complex):
        return {"$complex": [encoded_value(value.real), encoded_value(value.imag)]}
    if isinstance(value, tuple):
        return {"$tuple": [encoded_value(one) for one in value]}
    if isinstance(value, dict):
        return {"$dict": {str(key): encoded_value(one) for key, one in value.items()}}
    if isinstance(value, datetime.datetime):
        return {"$datetime": value.isoformat()}
    if isinstance(value, datetime.date):
        return {"$date": value.isoformat()}
    raise ValueError(f"a parameter of type {type(value).__name__} cannot be written")


def _number_name(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def _encoded_array(array: np.ndarray[Any, Any]) -> dict[str, Any]:
    if array.dtype.kind not in "biufc":
        raise ValueError(f"a parameter of dtype {array.dtype} cannot be written")
    little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    data = base64.b64encode(little.tobytes()).decode("ascii")
    content = {"dtype": little.dtype.str, "shape": [*array.shape], "base64": data}
    return {"$ndarray": content}


def decoded_value(value: Any) -> Any:
    """Return the value that data from JSON describes.

    Args:
        value: The data that `encoded_value` or sigima's codec returned. It may come
            from a file of unknown origin.

    Raises:
        ValueError: It is malformed.
    """
    if value is None or isinstance(value, bool | str | int | float):
        return value
    if isinstance(value, list):
        return [decoded_value(one) for one in value]
    if not isinstance(value, Mapping) or len(value) != 1:
        raise ValueError(f"{value!r:.80} is not the value of a parameter")
    ((form, content),) = value.items()
    try:
        return _decoded_form(form, content)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise ValueError(f"{value!r:.80} is not the value of a parameter") from error


def _decoded_form(form: str, content: Any) -> Any:
    if form == "$float":
        return _NUMBERS[content]
    if form == "$complex":
        real, imaginary = map(decoded_value, content)
        return complex(real, imaginary)
    if form == "$tuple":
        return tuple(map(decoded_value, content))
    if form == "$dict":
        return {key: decoded_value(one) for key, one in content.items()}
    if form == "$date":
        return datetime.date.fromisoformat(content)
    if form == "$datetime":
        return datetime.datetime.fromisoformat(content)
    if form == "$ndarray":
        return _decoded_array(content)
    raise KeyError(form)


def _decoded_array(content: Mapping[str, Any]) -> np.ndarray[Any, Any]:
    dtype = np.dtype(str(content["dtype"]))
    if dtype.kind not in "biufc":
        raise ValueError(f"a parameter cannot have the dtype {dtype}")
    data = base64.b64decode(content["base64"], validate=True)
    shape: Sequence[int] = tuple(map(int, content["shape"]))
    if len(data) != math.prod(shape) * dtype.itemsize or min(shape, default=0) < 0:
        raise ValueError("the size of an array does not match its shape")
    array: np.ndarray[Any, Any] = np.frombuffer(data, dtype).reshape(shape).copy()
    return array
