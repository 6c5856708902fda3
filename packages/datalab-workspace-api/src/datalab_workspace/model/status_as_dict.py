"""The status of a workspace, read like the dict that it was in datalab-kernel 0.2."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from datalab_workspace.validation import warn_of_old

if TYPE_CHECKING:
    from datalab_workspace.model.description import WorkspaceMode

_BACKENDS = {"standalone": "StandaloneBackend", "live": "WebApiBackend"}
_NEW = {"mode": "mode", "backend": "mode", "object_count": "signals and .images"}


class StatusAsDict:
    """The status of a workspace, read like the dict that `status()` returned."""

    mode: WorkspaceMode
    signals: int
    images: int
    url: str | None

    def __getitem__(self, key: str) -> Any:
        new = f"status().{_NEW.get(key, key)}"
        return self._as_dict(f"status()[{key!r}]", new)[key]

    def __contains__(self, key: object) -> bool:
        return key in self._as_dict(f"{key!r} in status()")

    def __iter__(self) -> Iterator[str]:
        return iter(self._as_dict("iterating over status()"))

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of a key; deprecated, use the attributes."""
        return self._as_dict(f"status().get({key!r})").get(key, default)

    def keys(self) -> Iterable[str]:
        """Return the keys; deprecated, use the attributes."""
        return self._as_dict("status().keys()").keys()

    def values(self) -> Iterable[Any]:
        """Return the values; deprecated, use the attributes."""
        return self._as_dict("status().values()").values()

    def items(self) -> Iterable[tuple[str, Any]]:
        """Return pairs of keys and values; deprecated, use the attributes."""
        return self._as_dict("status().items()").items()

    def _as_dict(
        self, old: str, new: str = "the attributes of status()"
    ) -> dict[str, Any]:
        warn_of_old(old, new)
        mode = self.mode.value
        result = {
            "mode": mode,
            "backend": _BACKENDS[mode],
            "object_count": self.signals + self.images,
        }
        return result if self.url is None else {**result, "url": self.url}
