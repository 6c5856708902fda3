"""What a file may do to the program that reads it.

A stranger's file is read link by link and size by size: only what is in the file
itself, each object once, nothing much larger than what the file stores, and no more of
that than the memory can take.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from h5py import h5, h5d, h5g, h5l, h5o, h5p, h5t, h5z

from datalab_workspace.errors import UnsafeFileError

_KINDS = "biufc"
_FILTERS = frozenset(
    {h5z.FILTER_DEFLATE, h5z.FILTER_SHUFFLE, h5z.FILTER_FLETCHER32, h5z.FILTER_LZF}
)
#: What may be declared without being stored, such as an array that was never written.
_SMALL = 1 << 20
_ORDERED = h5p.CRT_ORDER_TRACKED | h5p.CRT_ORDER_INDEXED


@dataclass(frozen=True)
class Limits:
    """How much a file may make of the bytes that it stores.

    Attributes:
        depth: Groups within groups; metadata alone may take 64 of them.
        ratio: Size of one compressed array over what is stored of it; deflate cannot
            reach 1100.
        expansion: Bytes that all compressed arrays read at once may have more than is
            stored of them. None: half of the memory.
    """

    depth: int = 100
    ratio: int = 1100
    expansion: int | None = None


class Guard:
    """Watches over the reading of one file; raises before anything unsafe is done.

    Args:
        name: What to call the file in errors.
        size: Size of the file in bytes.
        limits: How much to allow.
        check_heaps: Raises a `ValueError` where HDF5 could not read the texts.
    """

    def __init__(
        self, name: str, size: int, limits: Limits, check_heaps: Callable[[], None]
    ) -> None:
        self.name = name
        self.size = size
        self.limits = limits
        self.check_heaps = check_heaps
        self._seen: set[int] = set()
        self._texts = 0
        self._claimed: set[object] = set()
        self._stored = 0
        self._expanded = 0

    @cached_property
    def _allowance(self) -> int:
        if self.limits.expansion is not None:
            return self.limits.expansion
        try:
            return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
        except (AttributeError, OSError, ValueError):
            return 4 << 30

    def refuse(self, where: str, reason: str) -> UnsafeFileError:
        """Return the error that says why `where` is not read."""
        return UnsafeFileError(f"{self.name!r}: {where} {reason}; it was not read")

    def members(self, group: Any, where: str) -> Iterator[tuple[str, Any]]:
        """Open what a group holds, in the order of creation if it keeps that.

        Args:
            group: The low-level group.
            where: Its path in the file.

        Yields:
            Name and low-level object of each member.

        Raises:
            UnsafeFileError: A member is a link to elsewhere, or was seen before.
        """
        if where.count("/") > self.limits.depth:
            raise self.refuse(where, f"is over {self.limits.depth} levels deep")
        for name, kind, address in self._links(group):
            text = name.decode(errors="replace")
            place = f"{where.rstrip('/')}/{text}"
            if kind != h5l.TYPE_HARD:
                which = "a soft" if kind == h5l.TYPE_SOFT else "an external"
                raise self.refuse(place, f"is {which} link; DataLab writes none")
            if address in self._seen:
                raise self.refuse(place, "is in the file twice, or contains itself")
            self._seen.add(address)
            yield text, h5o.open(group, name)

    def _links(self, group: Any) -> list[tuple[bytes, int, Any]]:
        links: list[tuple[bytes, int, Any]] = []
        ordered = group.get_create_plist().get_link_creation_order() == _ORDERED
        group.links.iterate(
            lambda name, info: links.append((name, info.type, info.u)),
            info=True,
            idx_type=h5.INDEX_CRT_ORDER if ordered else h5.INDEX_NAME,
        )
        return links

    def child(self, group: Any, name: bytes) -> Any:
        """Open one member of a group, without looking at the others.

        Returns:
            The low-level object, None if there is none.

        Raises:
            UnsafeFileError: It is a link to elsewhere.
        """
        if not group.links.exists(name):
            return None
        if group.links.get_info(name).type != h5l.TYPE_HARD:
            raise self.refuse(name.decode(errors="replace"), "is a link to elsewhere")
        return h5o.open(group, name)

    def below(self, group: Any, path: str) -> Any:
        """Open what is at a path below a group, None if there is nothing.

        Raises:
            UnsafeFileError: A part of the path is a link to elsewhere.
        """
        for part in path.strip("/").split("/"):
            if group is None or not is_group(group):
                return None
            group = self.child(group, part.encode())
        return group

    def dataset(self, dataset: Any, where: str) -> np.dtype[Any]:
        """Check that a dataset is numbers, in this file, and as large as it says.

        Args:
            dataset: The low-level dataset.
            where: Its path in the file.

        Returns:
            The dtype of its elements.

        Raises:
            UnsafeFileError: It is not.
        """
        self.storage(dataset, where)
        dtype = self.element_type(dataset.get_type(), where)
        self._check_size(dataset, dtype, where)
        return dtype

    def storage(self, dataset: Any, where: str) -> None:
        """Check that a dataset is stored in this file, in a way that DataLab uses.

        Raises:
            UnsafeFileError: It is not.
        """
        plist = dataset.get_create_plist()
        if plist.get_external_count():
            raise self.refuse(where, "is stored in another file")
        layout = plist.get_layout()
        if layout == getattr(h5d, "VIRTUAL", None):
            raise self.refuse(where, "is a view of other files")
        for index in range(plist.get_nfilters()):
            if plist.get_filter(index)[0] not in _FILTERS:
                raise self.refuse(where, "is compressed in a way DataLab never uses")

    def element_type(self, stored: Any, where: str) -> np.dtype[Any]:
        """Return the dtype of a numeric HDF5 type."""
        dtype = None
        if stored.get_class() in (h5t.INTEGER, h5t.FLOAT, h5t.ENUM, h5t.COMPOUND):
            dtype = stored.dtype
        if dtype is None or dtype.kind not in _KINDS:
            raise self.refuse(where, f"holds no numbers but {dtype or 'references'}")
        bare: np.dtype[Any] = np.dtype(dtype.str)  # without what h5py attaches to it
        return bare

    def _check_size(self, dataset: Any, dtype: np.dtype[Any], where: str) -> None:
        declared = math.prod(dataset.shape) * dtype.itemsize
        stored = min(dataset.get_storage_size(), self.size)
        if declared > max(self.limits.ratio * stored, _SMALL):
            raise self.refuse(
                where, f"declares {declared} bytes of data but stores {stored}"
            )
        self.claim(h5o.get_info(dataset).addr, declared, stored, where)

    def claim(self, key: object, declared: int, stored: int, where: str) -> None:
        """Count an array that may be read; nothing is stored for two of them.

        Args:
            key: What tells it from the others; those counted before are not again.
            declared: Its size in bytes.
            stored: How many bytes the file stores of it.
            where: Its path in the file.

        Raises:
            UnsafeFileError: All arrays together are larger than file or memory.
        """
        if key in self._claimed:
            return
        self._claimed.add(key)
        self._stored += stored
        if self._stored > self.size:
            raise self.refuse(where, "and others share their data to look larger")
        self._expanded += max(0, declared - stored)
        if self._expanded > self._allowance:
            raise self.refuse(
                where, f"expands to {declared} bytes, more than the memory may take"
            )

    def text(self, length: int, where: str) -> None:
        """Count a text that was read; every text is stored once.

        Raises:
            UnsafeFileError: All texts together are larger than the file.
        """
        self._texts += length
        if self._texts > self.size + _SMALL:
            raise self.refuse(where, "and others share one text to look larger")

    def texts(self, count: int, where: str) -> None:
        """Check that several texts may be read, whose lengths are not known yet.

        Raises:
            UnsafeFileError: If they all were one text, of all that is in the file but
                arrays, the memory could not take them.
        """
        if count * (self.size - self._stored) > self._allowance:
            raise self.refuse(where, f"holds {count} texts that may be of any length")

    def block(self, size: int, where: str) -> None:
        """Check that something stored as it is fits into the file."""
        if size > self.size:
            raise self.refuse(where, f"declares {size} bytes, more than the file has")


def is_group(member: Any) -> bool:
    """Tell whether a low-level object is a group."""
    return isinstance(member, h5g.GroupID)


def is_dataset(member: Any) -> bool:
    """Tell whether a low-level object is a dataset."""
    return isinstance(member, h5d.DatasetID)
