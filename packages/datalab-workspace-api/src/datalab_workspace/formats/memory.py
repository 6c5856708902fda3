"""Limits on the memory into which the content of a file may expand.

The memory of a process is limited by the machine, by the control groups of its
container (versions 1 and 2, and every parent group) and by the limit on its address
space.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cached_property
from importlib import import_module
from pathlib import Path, PurePosixPath

from datalab_workspace.errors import UnsafeFileError
from datalab_workspace.runtime import is_installed

_UNKNOWN = 8 << 30  # bytes that are assumed where the system does not say


class Budget:
    """The bytes by which the arrays of one file may exceed what the file stores.

    Args:
        name: The file as error messages name it.
        size: Size of the file in bytes.
        expansion: The largest number of bytes by which all compressed arrays together
            may exceed their stored size; None for half of the free memory.
    """

    def __init__(self, name: str, size: int, expansion: int | None = None) -> None:
        self.name = name
        self.size = size
        self.stored = 0
        self._expansion = expansion
        self._expanded = 0
        self._claimed: set[object] = set()

    @cached_property
    def allowance(self) -> int:
        """The largest expansion in bytes."""
        return free_memory() // 2 if self._expansion is None else self._expansion

    def error(self, where: str, reason: str) -> UnsafeFileError:
        """Return the error that says why the object at `where` is not read."""
        return UnsafeFileError(f"{self.name!r}: {where} {reason}; it was not read")

    def claim(self, key: object, declared: int, stored: int, where: str) -> None:
        """Add an array to the total that may be read.

        No two arrays share stored bytes, so the total is at most the size of the file.

        Args:
            key: Identifies the array; an array is counted once.
            declared: Size of the array in bytes.
            stored: Number of bytes that the file stores for it.
            where: Its path in the file.

        Raises:
            UnsafeFileError: All arrays together exceed the file or the memory.
        """
        if key in self._claimed:
            return
        self._claimed.add(key)
        self.stored += stored
        if self.stored > self.size:
            raise self.error(where, "shares its data with other arrays to look larger")
        self._expanded += max(0, declared - stored)
        if self._expanded and self._expanded > self.allowance:
            raise self.error(
                where, f"expands to {declared} bytes, more than the memory allows"
            )


def free_memory(root: Path = Path("/")) -> int:
    """Return the number of bytes that this process may still use.

    What other processes use is not subtracted. What this process uses already is, so
    that several files together may not exceed the limit.

    Args:
        root: The folder that contains ``proc`` and ``sys``.
    """
    address_space, resident = _used(root / "proc/self/statm")
    room = [_physical() - resident]
    room += [limit - resident for limit in _group_limits(root)]
    if (limit := _address_space_limit()) is not None:
        room.append(limit - address_space)
    return max(0, min(room))


def _physical() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * _page()
    except (AttributeError, OSError, ValueError):
        return _UNKNOWN


def _page() -> int:
    return os.sysconf("SC_PAGE_SIZE")


def _used(statm: Path) -> tuple[int, int]:
    """Return the address space and the memory of this process in bytes."""
    try:
        total, resident, *_ = statm.read_text("ascii").split()
        return int(total) * _page(), int(resident) * _page()
    except (OSError, ValueError):
        return 0, 0


def _address_space_limit() -> int | None:
    if not is_installed("resource"):  # on Windows
        return None
    resource = import_module("resource")
    if not hasattr(resource, "getrlimit"):  # an empty module, in some browser kernels
        return None
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if limit == resource.RLIM_INFINITY else int(limit)


def _group_limits(root: Path) -> Iterator[int]:
    """Yield the limits in bytes of the control groups of this process."""
    try:
        lines = (root / "proc/self/cgroup").read_text("utf-8").splitlines()
    except (OSError, ValueError):
        return
    mounted = root / "sys/fs/cgroup"
    for line in lines:
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        if not controllers:  # version 2, alone or next to version 1
            for mount in (mounted, mounted / "unified"):
                yield from _limits_of(mount, path, "memory.max")
        elif "memory" in controllers.split(","):
            yield from _limits_of(mounted / "memory", path, "memory.limit_in_bytes")


def _limits_of(mount: Path, path: str, name: str) -> Iterator[int]:
    """Yield the limits of a group and of its parents.

    In a container, the path may be that of the host. Then only the group at the mount
    point exists, which is that of the container.
    """
    group = PurePosixPath(path.lstrip("/"))
    for parent in (group, *group.parents):
        limit = _limit(mount / parent / name)
        if limit is not None:
            yield limit


def _limit(path: Path) -> int | None:
    try:
        return int(path.read_text("ascii"))
    except (OSError, ValueError):
        return None  # there is no such group, or its limit is "max"
