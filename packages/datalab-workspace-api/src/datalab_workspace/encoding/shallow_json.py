"""Parse JSON of other programs, unless it is nested too deeply.

Python's parser goes one level of recursion deeper for each bracket. At the limit it
raises a `RecursionError`, and until Python 3.11 a finalizer that the garbage collector
runs at that moment fails as well, although it belongs to other code.
"""

from __future__ import annotations

import json
from typing import Any

#: Levels of brackets in accepted JSON. Metadata has less than half of them.
DEEPEST = 200

_BRACKETS = b"[]{}"
_OTHERS = bytes({*range(256)} - {*_BRACKETS})


def loads(text: str | bytes | bytearray) -> Any:
    """Return the value that a JSON document describes.

    Args:
        text: The document. Bytes are UTF-8.

    Raises:
        TypeError: `text` is neither a string nor bytes.
        ValueError: It is not JSON, or it is nested more than `DEEPEST` levels deep.

    Example:
        >>> from datalab_workspace.encoding import shallow_json
        >>> shallow_json.loads("[" * 1000)
        Traceback (most recent call last):
        ...
        ValueError: the JSON is nested more than 200 levels deep
    """
    if _depth(text) > DEEPEST:
        raise ValueError(f"the JSON is nested more than {DEEPEST} levels deep")
    try:
        return json.loads(text)
    except RecursionError as error:  # brackets in strings hide the depth
        raise ValueError("the JSON is nested too deeply") from error


def _depth(text: Any) -> int:
    """Return the depth of the brackets, those within strings included."""
    if isinstance(text, str):
        text = text.encode("utf-8", "surrogatepass")
    elif not isinstance(text, bytes | bytearray):
        raise TypeError(
            f"expected JSON in a string or bytes, got {type(text).__name__}"
        )
    brackets = text.translate(None, delete=_OTHERS)
    if len(brackets) <= DEEPEST:
        return len(brackets)
    # A kernel that starts reads short documents, and must not import NumPy for them.
    import numpy as np

    steps = np.zeros(256, np.int8)  # the step of depth that each byte makes
    steps[list(b"[{")] = 1
    steps[list(b"]}")] = -1
    depths = np.cumsum(steps[np.frombuffer(brackets, np.uint8)], dtype=np.int64)
    return int(depths.max())
