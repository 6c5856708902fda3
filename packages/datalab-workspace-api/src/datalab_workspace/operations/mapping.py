"""The mapping protocol, in terms of a workspace's public methods."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar, overload

if TYPE_CHECKING:
    from sigima import ImageObj, SignalObj

T = TypeVar("T")
# Within the class, `list` is its method.
Names: TypeAlias = "list[str]"
#: Names, or lists of them, as `calc` returns them for several objects and regions.
NamesToGet: TypeAlias = "list[Any] | tuple[Any, ...]"
#: The objects of such names, in lists of the same form.
Objects: TypeAlias = "list[Any]"


class _Missing:
    def __repr__(self) -> str:
        return "<required>"


MISSING = _Missing()


class NamedObjects(ABC):
    """The operators of a dict, such as ``ws[name]`` and ``name in ws``.

    This is not a `collections.abc.Mapping`, whose ``get`` returns None for a name that
    does not exist: a misspelt name must raise an error.
    """

    @abstractmethod
    def list(self) -> Names:
        """Return all names in order."""

    @abstractmethod
    def exists(self, name: str) -> bool:
        """Return whether there is such an object."""

    @abstractmethod
    def get(self, name: Any, *, default: Any = MISSING) -> Any:
        """Return an object, or those of a list of names."""

    @abstractmethod
    def add(self, name: Any, obj: Any = MISSING, *, overwrite: bool = False) -> str:
        """Store an object."""

    @abstractmethod
    def remove(self, *names: str | NamesToGet) -> None:
        """Remove objects."""

    @overload
    def __getitem__(self, name: str) -> SignalObj | ImageObj: ...
    @overload
    def __getitem__(self, name: NamesToGet) -> Objects: ...
    def __getitem__(self, name: str | NamesToGet) -> SignalObj | ImageObj | Objects:
        return self.get(name)

    def __setitem__(self, name: str, obj: object) -> None:
        self.add(name, obj, overwrite=True)

    def __delitem__(self, name: str | NamesToGet) -> None:
        self.remove(name)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.exists(name)

    def __len__(self) -> int:
        return len(self.list())

    def __bool__(self) -> Literal[True]:
        # An empty workspace is still a workspace: `if workspace:` asks for None.
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(self.list())

    def keys(self) -> Names:
        """Return all names.

        Example:
            >>> workspace.keys()
            ['peak', 'noisy', 'spot']
        """
        return self.list()

    def values(self) -> Iterator[SignalObj | ImageObj]:
        """Yield every object, one at a time.

        Example:
            >>> [obj.title for obj in workspace.values()]
            ['peak', 'noisy', 'spot']
        """
        return (self.get(name) for name in self.list())

    def items(self) -> Iterator[tuple[str, SignalObj | ImageObj]]:
        """Yield every name and its object, one at a time.

        Example:
            >>> dict(workspace.items())["peak"].title
            'peak'
        """
        return ((name, self.get(name)) for name in self.list())

    @overload
    def pop(self, name: str) -> SignalObj | ImageObj: ...
    @overload
    def pop(self, name: str, default: T) -> SignalObj | ImageObj | T: ...
    def pop(self, name: str, default: Any = MISSING) -> Any:
        """Remove an object and return it, or `default` if there is no such object."""
        obj = self.get(name, default=default)
        if self.exists(name):
            self.remove(name)
        return obj

    def _ipython_key_completions_(self) -> Names:
        return self.list()
