"""Make file names from the names of objects, for every common file system."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
#: Names that Windows reserves, whatever suffix follows.
_RESERVED = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\..*)?\Z", re.IGNORECASE
)
#: Bytes of a name in UTF-8 that leave room for a suffix and for a temporary name.
_LONGEST = 150


def file_names(names: Sequence[str]) -> list[str]:
    """Return a file name without suffix for each name of an object.

    Characters that a file system forbids become "_". Names that differ only in these,
    or in upper and lower case, get a number, as in "a (2)".

    Args:
        names: Different names.

    Returns:
        Different names, in the same order; also different where upper and lower case
        are not distinguished.
    """
    made: list[str] = []
    used: set[str] = set()
    # A name that needs no change keeps it, whatever the others become.
    wanted = [_allowed(name) for name in names]
    used.update(
        _folded(name) for name, own in zip(names, wanted, strict=True) if name == own
    )
    kept: set[str] = set()
    for name, own in zip(names, wanted, strict=True):
        if name == own and _folded(own) not in kept:
            kept.add(_folded(own))
            made.append(own)
            continue
        made.append(_free(own, used))
        used.add(_folded(made[-1]))
    return made


def _allowed(name: str) -> str:
    name = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", name)).strip(" ")
    # A name of a file must not end in a dot on Windows, and is hidden elsewhere if it
    # begins with one.
    name = re.sub(r"\A\.+|[. ]+\Z", "_", name) or "_"
    if _RESERVED.match(name):
        name = f"_{name}"
    return _shortened(name, _LONGEST)


def _free(name: str, used: set[str]) -> str:
    number, free = 1, name
    while _folded(free) in used:
        number += 1
        end = f" ({number})"
        free = _shortened(name, _LONGEST - len(end)) + end
    return free


def _shortened(name: str, size: int) -> str:
    encoded = name.encode("utf-8", "surrogatepass")[:size]
    return encoded.decode("utf-8", "ignore").rstrip(" .") or "_"


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name.casefold())
