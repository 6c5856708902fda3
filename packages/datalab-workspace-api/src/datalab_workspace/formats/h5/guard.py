"""Limits for reading a file of unknown origin.

Every link and every size is checked before it is used. Only what is in the file itself
is read, and each object once. Nothing is read that is much larger than what the file
stores, or that does not fit into memory.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from h5py import h5, h5d, h5g, h5l, h5o, h5p, h5t, h5z

from datalab_workspace.errors import UnsafeFileError
from datalab_workspace.formats.memory import Budget

_KINDS = "biufc"
_FILTERS = frozenset(
    {h5z.FILTER_DEFLATE, h5z.FILTER_SHUFFLE, h5z.FILTER_FLETCHER32, h5z.FILTER_LZF}
)
#: Bytes that may be declared without being stored, as for an array never written.
_SMALL = 1 << 20
#: Bytes of a chunk that may be larger than the array, as in an array that can grow.
_LARGE_CHUNK = 1 << 26
_ORDERED = h5p.CRT_ORDER_TRACKED | h5p.CRT_ORDER_INDEXED


@dataclass(frozen=True)
class Limits:
    """Limits on how far the content of a file may expand.

    Attributes:
        depth: The largest depth of nested groups. Metadata alone may take 64 levels.
        ratio: The largest ratio of the size of a compressed array to its stored size.
            Deflate cannot reach 1100.
        members: The largest number of groups and datasets.
        expansion: The largest number of bytes by which all compressed arrays together
            may exceed their stored size; None for half of the free memory.
    """

    depth: int = 100
    ratio: int = 1100
    expansion: int | None = None
    members: int = 10_000_000


class Guard:
    """Checks for reading one file, which raise an error before anything unsafe is done.

    Args:
        name: The file as error messages name it.
        size: Size of the file in bytes.
        limits: The limits to apply.
        check_heaps: Raises a `ValueError` if HDF5 could not read the strings.
        advance: Called with the number of groups and datasets that were opened.
    """

    def __init__(
        self,
        name: str,
        size: int,
        limits: Limits,
        check_heaps: Callable[[], None],
        advance: Callable[[int], object],
    ) -> None:
        self.name = name
        self.limits = limits
        self.check_heaps = check_heaps
        self.advance = advance
        self._members = 0
        self._seen: set[int] = set()
        self._string_bytes = 0
        self._budget = Budget(name, size, limits.expansion)

    @property
    def size(self) -> int:
        """Size of the file in bytes."""
        return self._budget.size

    def error(self, where: str, reason: str) -> UnsafeFileError:
        """Return the error that says why the object at `where` is not read."""
        return self._budget.error(where, reason)

    def members(self, group: Any, where: str) -> Iterator[tuple[str, Any]]:
        """Open the members of a group, in the order of creation if the group keeps it.

        Args:
            group: The low-level group.
            where: Its path in the file.

        Yields:
            The name and the low-level object of each member.

        Raises:
            UnsafeFileError: A member is a soft or external link, or was opened before,
                or there are too many members.
        """
        for name, _ in self.links(group, where):
            yield name.decode(errors="replace"), h5o.open(group, name)

    def links(self, group: Any, where: str) -> Iterator[tuple[bytes, int]]:
        """Yield the name and the address of each member of a group; see `members`."""
        if where.count("/") > self.limits.depth:
            raise self.error(where, f"is over {self.limits.depth} levels deep")
        links = self._links(group)
        self.count_members(len(links), where)
        for name, kind, address in links:
            self.advance(1)
            if kind != h5l.TYPE_HARD:
                which = "a soft" if kind == h5l.TYPE_SOFT else "an external"
                path = _join(where, name)
                raise self.error(path, f"is {which} link; DataLab writes none")
            self.mark({address: (where, name)})
            yield name, address

    def count_members(self, count: int, where: str) -> None:
        """Add groups and datasets to the total that was read.

        Raises:
            UnsafeFileError: There are too many members.
        """
        self._members += count
        if self._members > self.limits.members:
            raise self.error(where, f"has over {self.limits.members} parts")

    def mark(self, members: Mapping[int, tuple[str, bytes]]) -> None:
        """Note that members of groups are read: all of them, or none.

        Args:
            members: The path of the group and the name of each member, by the address
                of the member in the file.

        Raises:
            UnsafeFileError: A member was read before, under this name or another.
        """
        for address, (where, name) in members.items():
            if address in self._seen:
                path = _join(where, name)
                raise self.error(path, "is in the file twice, or contains itself")
        self._seen.update(members)

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
        """Open one member of a group; the other members are not looked at.

        Returns:
            The low-level object, or None if there is no such member.

        Raises:
            UnsafeFileError: The member is a soft or external link.
        """
        if not group.links.exists(name):
            return None
        if group.links.get_info(name).type != h5l.TYPE_HARD:
            text = name.decode(errors="replace")
            raise self.error(text, "is a soft or external link")
        return h5o.open(group, name)

    def resolve(self, group: Any, path: str) -> Any:
        """Open the object at a path below a group, or return None if there is none.

        Raises:
            UnsafeFileError: A part of the path is a soft or external link.
        """
        for part in path.strip("/").split("/"):
            if group is None or not is_group(group):
                return None
            group = self.child(group, part.encode())
        return group

    def check_dataset(self, dataset: Any, where: str) -> np.dtype[Any]:
        """Check that a dataset holds numbers, is in this file, and has its true size.

        Args:
            dataset: The low-level dataset.
            where: Its path in the file.

        Returns:
            The dtype of its elements.

        Raises:
            UnsafeFileError: One of the checks fails.
        """
        self.check_storage(dataset, where)
        dtype = self.element_type(dataset.get_type(), where)
        self._check_size(dataset, dtype, where)
        return dtype

    def check_storage(self, dataset: Any, where: str) -> None:
        """Check that a dataset is stored in this file, with a filter that DataLab uses.

        Raises:
            UnsafeFileError: One of the checks fails.
        """
        plist = dataset.get_create_plist()
        if plist.get_external_count():
            raise self.error(where, "is stored in another file")
        layout = plist.get_layout()
        if layout == getattr(h5d, "VIRTUAL", None):
            raise self.error(where, "is a view of other files")
        for index in range(plist.get_nfilters()):
            if plist.get_filter(index)[0] not in _FILTERS:
                raise self.error(
                    where, "is compressed by a method that DataLab never uses"
                )

    def element_type(self, stored: Any, where: str) -> np.dtype[Any]:
        """Return the dtype of a numeric HDF5 type.

        Raises:
            UnsafeFileError: The type is not numeric.
        """
        dtype = None
        if stored.get_class() in (h5t.INTEGER, h5t.FLOAT, h5t.ENUM, h5t.COMPOUND):
            dtype = stored.dtype
        if dtype is None or dtype.kind not in _KINDS:
            raise self.error(where, f"holds {dtype or 'references'} and not numbers")
        bare: np.dtype[Any] = np.dtype(dtype.str)  # without the metadata of h5py
        return bare

    def _check_size(self, dataset: Any, dtype: np.dtype[Any], where: str) -> None:
        declared = math.prod(dataset.shape) * dtype.itemsize
        stored = min(dataset.get_storage_size(), self.size)
        if declared > max(self.limits.ratio * stored, _SMALL):
            raise self.error(
                where, f"declares {declared} bytes of data but stores {stored}"
            )
        plist = dataset.get_create_plist()
        if plist.get_layout() == h5d.CHUNKED:
            # HDF5 decompresses a chunk as a whole, also for one element.
            chunk = math.prod(plist.get_chunk()) * dtype.itemsize
            if chunk > max(declared, _LARGE_CHUNK):
                raise self.error(
                    where, f"has chunks of {chunk} bytes for {declared} bytes of data"
                )
        self.claim(h5o.get_info(dataset).addr, declared, stored, where)

    def claim(self, key: object, declared: int, stored: int, where: str) -> None:
        """Add an array to the total that may be read; see `Budget.claim`."""
        self._budget.claim(key, declared, stored, where)

    def count_string(self, length: int, where: str) -> None:
        """Add a string to the total that was read; each is stored separately.

        Raises:
            UnsafeFileError: All strings together are larger than the file.
        """
        self._string_bytes += length
        if self._string_bytes > self.size + _SMALL:
            raise self.error(where, "shares a string with others to look larger")

    def check_strings(self, count: int, where: str) -> None:
        """Check that several strings of unknown length can be read.

        Raises:
            UnsafeFileError: They would not fit into memory if each were as long as
                everything in the file but the arrays.
        """
        if count * (self.size - self._budget.stored) > self._budget.allowance:
            raise self.error(where, f"holds {count} strings of unknown length")

    def check_block(self, size: int, where: str) -> None:
        """Check that `size` uncompressed bytes fit into the file.

        Raises:
            UnsafeFileError: They do not.
        """
        if size > self.size:
            raise self.error(where, f"declares {size} bytes, more than the file has")


def _join(where: str, name: bytes) -> str:
    return f"{where.rstrip('/')}/{name.decode(errors='replace')}"


def is_group(member: Any) -> bool:
    """Return True if a low-level object is a group."""
    return isinstance(member, h5g.GroupID)


def is_dataset(member: Any) -> bool:
    """Return True if a low-level object is a dataset."""
    return isinstance(member, h5d.DatasetID)
