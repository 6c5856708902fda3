"""The short ids of the objects and groups in the panels."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count

from datalab_kernel.desktop.companion.layout import Layout, members_of
from datalab_workspace.model.naming import SHORT_ID_PREFIX
from datalab_workspace.model.record import KINDS, Kind


class ShortIds:
    """The short ids in the layouts of both panels; each is made when it is needed.

    Args:
        layouts: The groups of each panel.
    """

    def __init__(self, layouts: Mapping[Kind, Layout]) -> None:
        self._keys: dict[str, list[str]] = {}
        self._numbers: dict[str, dict[str, int]] = {}
        for kind in KINDS:
            prefix, layout = SHORT_ID_PREFIX[kind], layouts[kind]
            self._keys[prefix] = members_of(layout)
            self._keys[f"g{prefix}"] = [str(group.uuid) for group, _, _ in layout]
        for prefix, keys in self._keys.items():
            self._numbers[prefix] = dict(zip(keys, count(1), strict=False))

    def get(self, uuid: str, default: str) -> str:
        """Return the short id of an object or group; `default` if it is in no panel."""
        for prefix, numbers in self._numbers.items():
            if uuid in numbers:
                return f"{prefix}{numbers[uuid]:03d}"
        return default

    def uuid_of(self, short_id: str) -> str | None:
        """Return the UUID of the object or group with a short id; None without one."""
        prefix = short_id.rstrip("0123456789")
        number, keys = int(short_id[len(prefix) :]), self._keys.get(prefix, [])
        if not 0 < number <= len(keys) or short_id != f"{prefix}{number:03d}":
            return None
        return keys[number - 1]
