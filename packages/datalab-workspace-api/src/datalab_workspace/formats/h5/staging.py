"""A file object for HDF5 that keeps small writes in memory and passes large ones on.

HDF5 writes the structure of a project into memory, where no write can fail: after a
disk error, HDF5 can neither write nor close its file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from typing import TYPE_CHECKING, Any

from datalab_workspace.forks import follow_forks
from datalab_workspace.formats.raw_io import read_available, write_all

if TYPE_CHECKING:
    import h5py

_PAGE = 1 << 14


class Staging:
    """A file-like object that h5py accepts instead of a path.

    A page that a single write covers (of compressed data) goes to the file immediately,
    every other page when `finish` is called.

    Args:
        file: A file, open for reading and writing.
        size: Size of the file in bytes.
    """

    def __init__(self, file: FileIO, size: int = 0) -> None:
        self._file = file
        self._pages: dict[int, bytearray] = {}
        self._changed: set[int] = set()
        self._written: set[int] = set()
        # Pages whose content is in the file.
        self._known = -(-size // _PAGE)
        self._spilled: set[int] = set()
        self._size = size
        self._position = 0
        self._error: OSError | None = None
        self._hdf5: h5py.File | None = None
        self._is_of_parent = False
        follow_forks(self)

    @contextmanager
    def hdf5(self) -> Iterator[h5py.File]:
        """Open the file in HDF5 for writing, by way of this object."""
        import h5py

        with h5py.File(self, "r+" if self._size else "w") as self._hdf5:
            yield self._hdf5
        self._hdf5 = None

    def after_fork(self) -> None:
        """Leave the file to the parent, in a child that was forked during a save.

        HDF5 would write to the file when the child ends, after Python has ended, which
        crashes.
        """
        self._is_of_parent = True
        if self._hdf5 is not None:
            self._hdf5.close()

    def finish(self) -> None:
        """Write the pages in memory to the file.

        Raises:
            OSError: The file could not be written, now or before.
        """
        if self._error is not None:
            raise self._error
        self._file.truncate(self._size)
        for number in sorted(self._changed):
            start = number * _PAGE
            if start >= self._size:
                break
            page = memoryview(self._pages[number])[: self._size - start]
            self._file.seek(start)
            write_all(self._file, page)
        self._written |= self._changed
        self._pages.clear()
        self._changed.clear()

    def written_blocks(self, size: int) -> set[int]:
        """Return the numbers of the blocks of the file that were written to.

        Args:
            size: Size of a block in bytes, a multiple of that of a page.
        """
        return {number * _PAGE // size for number in self._written}

    # -- methods that h5py calls ------------------------------------------------------

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Set the position."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}
        self._position = base[whence] + offset
        return self._position

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def truncate(self, size: int | None = None) -> int:
        """Set the size."""
        self._size = self._position if size is None else size
        return self._size

    def flush(self) -> None:
        """Do nothing: see `finish`."""

    def write(self, data: Any) -> int:
        """Write at the position."""
        view = memoryview(data).cast("B")
        number, start = divmod(self._position, _PAGE)
        end = start + len(view)
        page = self._pages.get(number)
        if page is not None and end < _PAGE and not self._is_of_parent:
            page[start:end] = view  # nearly all writes of HDF5 are such
            self._changed.add(number)
            self._position += len(view)
            self._size = max(self._size, self._position)
            return len(view)
        return self._write_pages(view)

    def _write_pages(self, view: memoryview) -> int:
        done = len(view) if self._is_of_parent else 0
        while done < len(view):
            number, start = divmod(self._position + done, _PAGE)
            piece = view[done : done + _PAGE - start]
            if len(piece) == _PAGE:
                whole = len(view) - done - (len(view) - done) % _PAGE
                self._spill(number, view[done : done + whole])
                done += whole
            else:
                self._page(number)[start : start + len(piece)] = piece
                self._changed.add(number)
                done += len(piece)
        self._position += done
        self._size = max(self._size, self._position)
        return done

    def readinto(self, buffer: Any) -> int:
        """Read from the position; bytes that were never written are zero."""
        view = memoryview(buffer).cast("B")
        done = len(view) if self._is_of_parent else 0
        while done < len(view):
            number, start = divmod(self._position + done, _PAGE)
            length = min(_PAGE - start, len(view) - done)
            view[done : done + length] = self._page(number)[start : start + length]
            done += length
        self._position += done
        return done

    def read(self, size: int) -> bytes:
        """Read from the position."""
        buffer = bytearray(size)
        self.readinto(buffer)
        return bytes(buffer)

    def _page(self, number: int) -> bytearray:
        page = self._pages.get(number)
        if page is None:
            page = self._pages[number] = bytearray(_PAGE)
            if number < self._known or number in self._spilled:
                self._file.seek(number * _PAGE)
                read_available(self._file, memoryview(page))
        return page

    def _spill(self, first: int, pages: memoryview) -> None:
        numbers = range(first, first + len(pages) // _PAGE)
        for number in numbers:
            self._pages.pop(number, None)
            self._changed.discard(number)
        self._spilled.update(numbers)
        self._written.update(numbers)
        if self._error is not None:
            return
        try:
            self._file.seek(first * _PAGE)
            write_all(self._file, pages)
        except OSError as error:
            self._error = error  # raised by `finish`, outside of HDF5
