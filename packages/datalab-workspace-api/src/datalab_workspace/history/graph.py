"""The order of the nodes of a graph in which each node comes after those it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def needs_first(last: T, needs_of: Callable[[T], Iterable[T]]) -> list[T]:
    """Return a node and all that it needs, each one once and after its own needs.

    It is not recursive: a loop may have made a chain of any length. In a ring, one node
    comes before a node that it needs.

    Args:
        last: The node. Nodes are distinguished by identity.
        needs_of: Returns the nodes that a node needs. It is called once for each node.

    Example:
        >>> from datalab_workspace.history.graph import needs_first
        >>> needs_first("c", {"a": "", "b": "a", "c": "ab"}.get)
        ['a', 'b', 'c']
    """
    ordered: list[T] = []
    seen = {id(last)}
    todo: list[tuple[T, Iterator[T]]] = [(last, iter(needs_of(last)))]
    while todo:
        node, needs = todo[-1]
        following = next((each for each in needs if id(each) not in seen), None)
        if following is None:
            ordered.append(node)
            todo.pop()
        else:
            seen.add(id(following))
            todo.append((following, iter(needs_of(following))))
    return ordered
