"""The content of values and functions, hashed in a way that no session changes."""

from __future__ import annotations

import copyreg
import enum
import functools
import hashlib
import sys
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import PurePath
from types import (
    BuiltinFunctionType,
    CodeType,
    FunctionType,
    MappingProxyType,
    MethodType,
    ModuleType,
)
from typing import Any

import numpy as np

from datalab_workspace.batch.function_source import normalized
from datalab_workspace.batch.local_code import is_local, local_source

_PLAIN = (type(None), bool, int, float, complex, str, bytes)
_SKIPPED = frozenset(
    ("__dict__", "__weakref__", "__doc__", "__module__", "__firstlineno__")
) | {"__static_attributes__", "__annotations__", "__qualname__", "__annotate_func__"}
_DEEPEST = 100
#: The rules for these types are not those of their subclasses.
_BUILT_IN = (list, tuple, set, frozenset, dict)


class Contents:
    """A hash of values, with the functions and classes that they use.

    A function of an installed package counts by its name. One of the user counts by
    its code, its defaults, and the values of the variables that it uses.
    """

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._seen: dict[int, int] = {}
        # Keeps the values alive, so that no identity is used twice.
        self._alive: list[Any] = []
        self._path: list[str] = []

    def digest(self) -> bytes:
        """Return the hash."""
        return self._hash.digest()

    def add_bytes(self, content: bytes) -> None:
        """Add bytes, with their length."""
        self._hash.update(b"%d:" % len(content) + content)

    def reduced(self, value: Any) -> Any:
        """Return what pickle would write for an object.

        Raises:
            ValueError: It cannot be pickled.
        """
        reduce: Any = copyreg.dispatch_table.get(type(value), _reduce)
        try:
            return reduce(value)
        except Exception as error:
            raise self._refusal(value, "has no stable content") from error

    def add(self, value: Any, *, name: str = "") -> None:
        """Add a value.

        Args:
            value: The value.
            name: Its name, for errors.

        Raises:
            ValueError: It has no content that another session would have, too.
        """
        self._path.append(name)
        try:
            self._add(value)
        finally:
            self._path.pop()

    def tag(self, *parts: object) -> None:
        """Add strings, each one with its length."""
        for part in parts:
            text = str(part).encode("utf-8", "surrogatepass")
            self._hash.update(b"%d:" % len(text) + text)

    def _add(self, value: Any) -> None:
        if type(value) in _PLAIN:
            self.tag(type(value).__name__, repr(value))
            return
        if id(value) in self._seen:
            self.tag("again", self._seen[id(value)])
            return
        if len(self._path) > _DEEPEST:
            raise self._refusal(value, "is nested too deeply")
        self._seen[id(value)] = len(self._seen)
        self._alive.append(value)
        self._refuse(value)
        if isinstance(value, _BUILT_IN) and type(value) not in _BUILT_IN:
            _describe.dispatch(object)(value, self)
        else:
            _describe(value, self)

    def _refuse(self, value: Any) -> None:
        """Raise an error for an object that cannot be the same on all workers."""
        random = sys.modules.get("random")
        kinds = (np.random.Generator, np.random.RandomState, np.random.BitGenerator)
        if isinstance(value, kinds) or (
            random is not None and isinstance(value, random.Random)
        ):
            raise ValueError(
                f"the function uses {self._named()}, a random number generator, so "
                "that its results would depend on the order of the items; take the "
                "numbers from dlw.batch.rng()"
            )

    def _refusal(self, value: Any, why: str) -> ValueError:
        return ValueError(
            f"the function uses {self._named()}, a {type(value).__name__} that {why}, "
            "so that a later run cannot recognise it; pass it to the function in "
            "another form, or pass key= with a string that stands for this version"
        )

    def _named(self) -> str:
        name = next((name for name in reversed(self._path) if name), "an object")
        return repr(name)


# -- the rules for the types of values -----------------------------------------------


@functools.singledispatch
def _describe(value: Any, contents: Contents) -> None:
    """Add an object by what pickle would write."""
    contents.tag("object")
    reduced = contents.reduced(value)
    if isinstance(reduced, str):
        contents.tag(reduced)
        return
    for part in reduced[:3]:
        contents.add(part)
    for items in reduced[3:5]:
        contents.add(None if items is None else list(items))


@_describe.register(list)
@_describe.register(tuple)
def _(value: Sequence[Any], contents: Contents) -> None:
    contents.tag(type(value).__name__, len(value))
    for one in value:
        contents.add(one)


@_describe.register(set)
@_describe.register(frozenset)
def _(value: Collection[Any], contents: Contents) -> None:
    contents.tag("set", *sorted(_alone(one) for one in value))


@_describe.register(dict)
@_describe.register(MappingProxyType)
def _(value: Mapping[Any, Any], contents: Contents) -> None:
    contents.tag("dict", len(value))
    for key, one in value.items():
        contents.add(key)
        contents.add(one, name=str(key))


@_describe.register
def _(value: np.generic, contents: Contents) -> None:
    contents.tag("scalar", value.dtype.str, value.tobytes().hex())


@_describe.register(np.ndarray)
def _(value: np.ndarray[Any, Any], contents: Contents) -> None:
    contents.tag("array", value.dtype.str, value.shape)
    if value.dtype.hasobject:
        contents.add(value.tolist())
    else:
        contents.add_bytes(np.ascontiguousarray(value).tobytes())
    if isinstance(value, np.ma.MaskedArray):
        contents.add_bytes(np.ma.getmaskarray(value).tobytes())


@_describe.register
def _(value: PurePath, contents: Contents) -> None:
    contents.tag("path", value)


@_describe.register
def _(value: enum.Enum, contents: Contents) -> None:
    contents.tag("enum", type(value).__qualname__, value.name)


@_describe.register
def _(value: BuiltinFunctionType, contents: Contents) -> None:
    contents.tag("builtin", value.__module__, value.__qualname__)


@_describe.register
def _(value: MethodType, contents: Contents) -> None:
    contents.tag("method")
    contents.add(value.__func__)
    contents.add(value.__self__)


@_describe.register(functools.partial)
def _(value: functools.partial[Any], contents: Contents) -> None:
    contents.tag("partial")
    for one in (value.func, value.args, value.keywords):
        contents.add(one)


@_describe.register
def _(value: ModuleType, contents: Contents) -> None:
    contents.tag("module", value.__name__)
    if is_local(value.__name__):
        contents.tag(local_source(value))


@_describe.register
def _(value: FunctionType, contents: Contents) -> None:
    contents.tag("function", value.__name__)
    if not is_local(value.__module__):
        contents.tag(value.__module__, value.__qualname__)
        return
    contents.tag(normalized(value))
    contents.add(value.__defaults__)
    contents.add(value.__kwdefaults__)
    for name, used in variables_of(value).items():
        contents.tag(name)
        contents.add(used, name=name)


@_describe.register
def _(value: type, contents: Contents) -> None:
    contents.tag("class", value.__qualname__)
    if not is_local(value.__module__):
        contents.tag(value.__module__)
        return
    for base in value.__bases__:
        contents.add(base)
    for name, member in sorted(vars(value).items()):
        if name not in _SKIPPED:
            contents.tag(name)
            contents.add(_of_descriptor(member), name=name)


def _alone(value: Any) -> str:
    contents = Contents()
    contents.add(value)
    return contents.digest().hex()


def _reduce(value: Any) -> Any:
    return value.__reduce_ex__(4)


def _of_descriptor(value: Any) -> Any:
    if isinstance(value, staticmethod | classmethod):
        return value.__func__
    if isinstance(value, property):
        return value.fget, value.fset, value.fdel
    if isinstance(value, functools.cached_property):
        return value.func
    return value


def variables_of(function: FunctionType) -> Mapping[str, Any]:
    """Return the variables outside of a function that it uses, by name."""
    found: dict[str, Any] = {}
    for name in sorted(_names(function.__code__)):
        if name in function.__globals__:
            found[name] = function.__globals__[name]
    cells = function.__closure__ or ()
    for name, cell in zip(function.__code__.co_freevars, cells, strict=True):
        with suppress(ValueError):  # it is not bound yet
            found[name] = cell.cell_contents
    return found


def _names(code: CodeType) -> set[str]:
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= _names(constant)
    return names
