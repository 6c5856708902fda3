"""References to arrays that are not in memory, which can be used like arrays."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from datalab_workspace.model.index_regions import Region, split_index

#: Bytes that iterating over a reference reads at once.
_AT_ONCE = 4 << 20
#: Functions that need shape and dtype of an array only.
_WITHOUT_DATA = frozenset(
    (np.shape, np.ndim, np.size, np.result_type, np.iscomplexobj, np.isrealobj)
) | {np.empty_like, np.zeros_like, np.ones_like, np.full_like}
#: Methods of `numpy.ndarray` that return a result and leave the array as it is; not
#: `copy`, which dask calls on anything that has it.
_METHODS = frozenset(
    (
        *("all", "any", "argmax", "argmin", "argsort", "astype", "clip", "conj"),
        *("cumprod", "cumsum", "diagonal", "dot", "flatten", "max", "mean"),
        *("min", "nonzero", "prod", "ravel", "repeat", "reshape", "round", "squeeze"),
        *("std", "sum", "swapaxes", "take", "tobytes", "tolist", "trace", "transpose"),
        "var",
    )
)


class ArrayReference(NDArrayOperatorsMixin, ABC):
    """An array that is not in memory until it is read.

    A reference can be used like a NumPy array, and each use reads what it needs: an
    index reads the region that it selects, and `numpy.asarray`, a function of NumPy, an
    operator or a method such as `mean` reads the whole array. Nothing that was read is
    kept, so that `read` is better for an array that is used several times.

    A subclass sets `shape` and `dtype` and defines `read`. It overrides `read_region`
    if it can read a part of the array alone.

    Attributes:
        shape: Shape of the array.
        dtype: Data type of the elements.

    Example:
        >>> _ = workspace.save("project.h5")
        >>> data = dlw.open("project.h5").record("peak").arrays["xydata"]
        >>> data.shape[0], data[1, -2:].shape
        (2, (2,))
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @abstractmethod
    def read(self) -> np.ndarray[Any, Any]:
        """Read the whole array into new memory.

        Raises:
            StaleFileError: The file no longer contains the array.

        Example:
            >>> _ = workspace.save("project.h5")
            >>> data = dlw.open("project.h5").record("spot").arrays["data"]
            >>> data.read().shape == data.shape
            True
        """

    def read_region(self, region: Region) -> np.ndarray[Any, Any]:
        """Read a part of the array into new memory.

        Args:
            region: One slice for each axis, with 0 <= start <= stop <= length and
                step >= 1.

        Raises:
            StaleFileError: The file no longer contains the array.

        Example:
            >>> _ = workspace.save("project.h5")
            >>> data = dlw.open("project.h5").record("spot").arrays["data"]
            >>> data.read_region((slice(0, 3, 1), slice(2, 4, 1))).shape
            (3, 2)
        """
        part: np.ndarray[Any, Any] = self.read()[region]
        copied: np.ndarray[Any, Any] = part.copy()  # without the rest in memory
        return copied

    def rows_at_once(self) -> int:
        """Return the number of rows of the first axis that iterating reads at once.

        Example:
            >>> _ = workspace.save("project.h5")
            >>> data = dlw.open("project.h5").record("spot").arrays["data"]
            >>> data.rows_at_once() >= 1
            True
        """
        row = math.prod(self.shape[1:]) * self.dtype.itemsize
        return max(1, _AT_ONCE // max(row, 1))

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Size in bytes of the array in memory."""
        return self.size * self.dtype.itemsize

    @property
    def T(self) -> np.ndarray[Any, Any]:  # noqa: N802  NumPy's name
        """The transposed array, read as a whole."""
        transposed: np.ndarray[Any, Any] = self.read().T
        return transposed

    def __getattr__(self, name: str) -> Any:
        if name not in _METHODS:
            raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}")
        # Read when it is called, not when a library asks whether there is a method.
        return lambda *args, **options: getattr(self.read(), name)(*args, **options)

    def __getitem__(self, key: Any) -> Any:
        """Read what an index selects; see `numpy.ndarray.__getitem__`.

        Returns:
            An array in new memory, or a NumPy scalar.

        Raises:
            IndexError: The array has no such elements.
            StaleFileError: The file no longer contains the array.
        """
        region, rest = split_index(key, self.shape)
        return self.read_region(region)[rest]

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of unsized object")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        """Yield the rows of the first axis; several of them are read at once."""
        if not self.shape:
            raise TypeError("iteration over a 0-d array")
        step = self.rows_at_once()
        for start in range(0, len(self), step):
            yield from self[start : start + step]

    def __contains__(self, value: object) -> bool:
        return value in self.read()

    def __bool__(self) -> bool:
        if self.size != 1:
            raise ValueError(
                f"an array of {self.size} elements is neither true nor false; "
                "use numpy.any() or numpy.all()"
            )
        return bool(self.read())

    def __array__(
        self, dtype: np.dtype[Any] | None = None, copy: bool | None = None
    ) -> np.ndarray[Any, Any]:
        """Read the whole array, for `numpy.asarray` and the functions of NumPy.

        Raises:
            ValueError: `copy` is False; an array that is read is always new.
            StaleFileError: The file no longer contains the array.
        """
        if copy is False:
            raise ValueError(
                "Unable to avoid copy while creating an array as requested: the array "
                "must be read from its file; pass copy=None"
            )
        array = self.read()
        return array if dtype is None else array.astype(dtype, copy=False)

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any
    ) -> Any:
        """Read the arrays that an operator or an elementwise function needs."""
        if any(isinstance(out, ArrayReference) for out in options.get("out", ())):
            raise TypeError("an array that is still in a file cannot be written to")
        return getattr(ufunc, method)(*_read(inputs), **_read(options))

    def __array_function__(
        self,
        function: Callable[..., Any],
        types: Collection[type],
        args: Sequence[Any],
        options: Mapping[str, Any],
    ) -> Any:
        """Read the arrays that a function of NumPy needs; masks count."""
        take = _stand_in if function in _WITHOUT_DATA else _whole
        return function(*_read(args, take), **_read(options, take))

    # `==` compares elements, but a reference stays usable as a key.
    __hash__ = object.__hash__


def _read(value: Any, take: Callable[[ArrayReference], Any] | None = None) -> Any:
    """Return arguments with arrays in place of all references, also those in lists."""
    if isinstance(value, ArrayReference):
        return (take or _whole)(value)
    if type(value) in (tuple, list):
        return type(value)(_read(one, take) for one in value)
    if type(value) is dict:
        return {key: _read(one, take) for key, one in value.items()}
    return value


def _whole(reference: ArrayReference) -> np.ndarray[Any, Any]:
    return reference.read()


def _stand_in(reference: ArrayReference) -> np.ndarray[Any, Any]:
    """Return an array of the same shape and dtype that needs no memory."""
    return np.broadcast_to(np.zeros((), reference.dtype), reference.shape)
