"""The content of values and functions, hashed in a way that no session changes."""

from __future__ import annotations

import copyreg
import enum
import functools
import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import PurePath
from types import (
    BuiltinFunctionType,
    FunctionType,
    MappingProxyType,
    MethodType,
    ModuleType,
)
from typing import Any

import numpy as np

from datalab_workspace.batch.chains import refused_values
from datalab_workspace.batch.chains.function_source import normalized, variables_of
from datalab_workspace.batch.chains.local_code import is_local, local_source

_PLAIN = (type(None), bool, int, float, complex, str, bytes)
_SKIPPED = frozenset(
    ("__dict__", "__weakref__", "__doc__", "__module__", "__firstlineno__")
) | {"__static_attributes__", "__annotations__", "__qualname__", "__annotate_func__"}
_DEEPEST = 100
#: The rules for these types are not those of their subclasses.
_BUILT_IN = (list, tuple, set, frozenset, dict)
#: Two equal values of these types may be one object by chance.
_IMMUTABLE = (tuple, np.generic, PurePath)


class ContentHash:
    """A hash of values, with the functions and classes that they use.

    A function of an installed package counts by its name. One of the user counts by
    its code, its defaults, and the values of the variables that it uses.

    Args:
        strict: Raise an error for a value without stable content.

    Attributes:
        sizes: The bytes of each variable of the functions.
        modules: The modules of the user that were found, by name.
    """

    def __init__(self, *, strict: bool = True) -> None:
        self.strict = strict
        self.sizes: Counter[str] = Counter()
        self.modules: dict[str, None] = {}
        self._parts: dict[str, Any] = {}
        self._part = hashlib.sha256()
        self._hash = hashlib.sha256()
        self._seen: dict[int, int] = {}
        # Keeps the values alive, so that no identity is used twice.
        self._alive: list[Any] = []
        self._path: list[str] = []

    def digest(self) -> bytes:
        """Return the hash."""
        return self._hash.digest()

    @property
    def parts(self) -> dict[str, str]:
        """The hash of each function and variable that the functions use, by name."""
        return {name: part.hexdigest()[:8] for name, part in self._parts.items()}

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Also add what follows to the hash of a function or variable."""
        before = self._part
        self._part = self._parts.setdefault(name, hashlib.sha256())
        try:
            yield
        finally:
            self._part = before

    def tag(self, *parts: object) -> None:
        """Add strings, each one with its length."""
        for part in parts:
            self.add_bytes(str(part).encode("utf-8", "surrogatepass"))

    def add_bytes(self, content: bytes | memoryview) -> None:
        """Add bytes, with their number."""
        for found in (self._hash, self._part):
            found.update(b"%d:" % len(content))
            found.update(content)
        if len(self._path) > 1:
            self.sizes[next(filter(None, self._path[1:]), "")] += len(content)

    def add(self, value: Any, *, name: str = "") -> None:
        """Add a value.

        Args:
            value: The value.
            name: Its name, for errors.

        Raises:
            ValueError: It is a workspace; or it has no content that another session
                would have, too.
        """
        self._path.append(name)
        try:
            self._add(value)
        finally:
            self._path.pop()

    def reduced(self, value: Any) -> Any:
        """Return the form of an object that pickle would write.

        Raises:
            ValueError: It cannot be pickled.
        """
        reduce: Any = copyreg.dispatch_table.get(type(value), _reduce)
        try:
            return reduce(value)
        except Exception as error:
            if not self.strict:
                return type(value).__qualname__
            raise self._unstable(value) from error

    def _add(self, value: Any) -> None:
        if type(value) in _PLAIN:
            self.tag(type(value).__name__, repr(value))
            return
        if not isinstance(value, _IMMUTABLE):
            if id(value) in self._seen:
                self.tag("again", self._seen[id(value)])
                return
            self._seen[id(value)] = len(self._seen)
            self._alive.append(value)
        refused_values.check(value, self._named(), strict=self.strict)
        if len(self._path) > _DEEPEST:
            if self.strict:
                raise self._unstable(value)
            return
        if isinstance(value, _BUILT_IN) and type(value) not in _BUILT_IN:
            _describe.dispatch(object)(value, self)
        else:
            _describe(value, self)

    def _unstable(self, value: Any) -> ValueError:
        # The first name is that of the function, the second one that of its variable.
        variable = next((name for name in self._path[1:] if name), "")
        return refused_values.unstable(value, self._named(), variable)

    def _named(self) -> str:
        name = next((name for name in reversed(self._path) if name), "an object")
        return repr(name)


# -- the rules for the types of values -----------------------------------------------


@functools.singledispatch
def _describe(value: Any, content_hash: ContentHash) -> None:
    """Add an object in the form that pickle would write."""
    content_hash.tag("object")
    reduced = content_hash.reduced(value)
    if isinstance(reduced, str):
        content_hash.tag(reduced)
        return
    for part in reduced[:3]:
        content_hash.add(part)
    for items in reduced[3:5]:
        content_hash.add(None if items is None else list(items))


@_describe.register(list)
@_describe.register(tuple)
def _(value: Sequence[Any], content_hash: ContentHash) -> None:
    content_hash.tag(type(value).__name__, len(value))
    for one in value:
        content_hash.add(one)


@_describe.register(set)
@_describe.register(frozenset)
def _(value: Collection[Any], content_hash: ContentHash) -> None:
    content_hash.tag("set", *sorted(_alone(one) for one in value))


@_describe.register(dict)
@_describe.register(MappingProxyType)
def _(value: Mapping[Any, Any], content_hash: ContentHash) -> None:
    content_hash.tag("dict", len(value))
    for key, one in value.items():
        content_hash.add(key)
        content_hash.add(one, name=str(key))


@_describe.register
def _(value: np.generic, content_hash: ContentHash) -> None:
    content_hash.tag("scalar", value.dtype.str, value.tobytes().hex())


@_describe.register(np.ndarray)
def _(value: np.ndarray[Any, Any], content_hash: ContentHash) -> None:
    content_hash.tag("array", value.dtype.str, value.shape)
    if value.dtype.hasobject:
        content_hash.add(value.tolist())
    else:
        plain = np.ascontiguousarray(value).reshape(-1)
        content_hash.add_bytes(plain.view(np.uint8).data)
    if isinstance(value, np.ma.MaskedArray):
        content_hash.add_bytes(np.ma.getmaskarray(value).tobytes())


@_describe.register
def _(value: PurePath, content_hash: ContentHash) -> None:
    content_hash.tag("path", value)


@_describe.register
def _(value: enum.Enum, content_hash: ContentHash) -> None:
    content_hash.tag("enum", type(value).__qualname__, value.name)


@_describe.register
def _(value: BuiltinFunctionType, content_hash: ContentHash) -> None:
    content_hash.tag("builtin", value.__module__, value.__qualname__)


@_describe.register
def _(value: MethodType, content_hash: ContentHash) -> None:
    content_hash.tag("method")
    content_hash.add(value.__func__)
    content_hash.add(value.__self__)


@_describe.register(functools.partial)
def _(value: functools.partial[Any], content_hash: ContentHash) -> None:
    content_hash.tag("partial")
    for one in (value.func, value.args, value.keywords):
        content_hash.add(one)


@_describe.register
def _(value: ModuleType, content_hash: ContentHash) -> None:
    content_hash.tag("module", value.__name__)
    if is_local(value.__name__):
        content_hash.modules[value.__name__] = None
        content_hash.tag(local_source(value))


@_describe.register
def _(value: FunctionType, content_hash: ContentHash) -> None:
    content_hash.tag("function", value.__name__)
    if not is_local(value.__module__):
        content_hash.tag(value.__module__, value.__qualname__)
        return
    content_hash.modules[value.__module__] = None
    content_hash.tag(normalized(value))
    content_hash.add(value.__defaults__)
    content_hash.add(value.__kwdefaults__)
    for name, used in variables_of(value).items():
        content_hash.tag(name)
        with content_hash.part(name):
            content_hash.add(used, name=name)


@_describe.register
def _(value: type, content_hash: ContentHash) -> None:
    content_hash.tag("class", value.__qualname__)
    if not is_local(value.__module__):
        content_hash.tag(value.__module__)
        return
    content_hash.modules[value.__module__] = None
    for base in value.__bases__:
        content_hash.add(base)
    for name, member in sorted(vars(value).items()):
        if name not in _SKIPPED:
            content_hash.tag(name)
            content_hash.add(_of_descriptor(member), name=name)


def _alone(value: Any) -> str:
    content_hash = ContentHash()
    content_hash.add(value)
    return content_hash.digest().hex()


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
