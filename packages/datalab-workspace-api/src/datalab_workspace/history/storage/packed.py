"""Pack a large JSON document into a short string, and unpack it within limits.

The string is base64, because an unpacked document must not look like nested JSON.
"""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

from datalab_workspace.encoding import shallow_json
from datalab_workspace.encoding.metadata import check_dict

#: Characters of the longest document that is not packed.
SHORT = 4096
#: The greatest number of nested lists and dicts in parameters.
_DEEPEST = 50
#: The greatest number of characters of an unpacked document.
_LONGEST = 16 << 20


def pack(
    document: dict[str, Any], *, is_short: bool = False
) -> tuple[dict[str, Any] | str, int]:
    """Return a JSON document, packed if it is long, and its size in bytes.

    Args:
        document: Data for JSON.
        is_short: It is known to be shorter than `SHORT`, which is its size then.
    """
    if is_short:
        return document, SHORT
    text = json.dumps(document, separators=(",", ":"))
    if len(text) <= SHORT:
        return document, len(text)
    packed = base64.b64encode(zlib.compress(text.encode())).decode()
    return packed, len(packed)


def weight(value: Any, depth: int = 0) -> int:
    """Return the approximate number of characters of a value as JSON.

    Raises:
        TypeError: It is not data for JSON, or nested too deeply.
    """
    if value is None or isinstance(value, (int, float)):
        return 20
    if isinstance(value, str):
        return 2 + 6 * len(value)
    if depth < _DEEPEST and isinstance(value, dict):
        total = 2
        for name, one in value.items():
            if not isinstance(name, str):
                raise TypeError(f"the key {name!r:.80} is not a string")
            total += 4 + 6 * len(name) + weight(one, depth + 1)
        return total
    if depth < _DEEPEST and isinstance(value, (list, tuple)):
        return 2 + sum([weight(one, depth + 1) for one in value])
    raise TypeError(f"{type(value).__name__} is not data for JSON")


def unpack(packed: Any) -> dict[str, Any]:
    """Return the document that `pack` has packed.

    Args:
        packed: The result of `pack`, read from a file.

    Raises:
        ValueError: It is not such a document, or expands beyond the limit.
    """
    if isinstance(packed, str):
        packed = shallow_json.loads(_expanded(packed))
    check_dict(packed, "the table of its steps")
    return dict(packed)


def _expanded(text: str) -> bytes:
    decompressor = zlib.decompressobj()
    try:
        raw = base64.b64decode(text, validate=True)
        expanded = decompressor.decompress(raw, _LONGEST)
    except zlib.error as error:
        raise ValueError(f"its steps are damaged: {error}") from error
    if not decompressor.eof:
        raise ValueError("its steps are incomplete, or expand to more than 16 MiB")
    return expanded
