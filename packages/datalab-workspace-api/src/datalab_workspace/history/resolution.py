"""The steps of one object in order, through the other objects that it was made from.

The history of an object in a file ends at objects that are in the same file: there, it
has references. A reader follows them into the histories of those objects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from datalab_workspace.history.steps import Edit, Fingerprint, Reference, Step

#: Returns the step that made the object of a reference; None if it is not available.
Finder: TypeAlias = "Callable[[Reference], Step | None]"


@dataclass(frozen=True)
class Resolution:
    """The steps that made an object, each one after its inputs.

    Attributes:
        steps: The steps. The last one is the latest.
        inputs: The steps whose objects a step used, by the `id` of the step. None of
            them is a reference that could be followed.
    """

    steps: tuple[Step, ...]
    inputs: Mapping[int, tuple[Step, ...]]

    @property
    def latest(self) -> Step:
        """The latest step."""
        return self.steps[-1]

    def inputs_of(self, step: Step) -> tuple[Step, ...]:
        """Return the steps whose objects a step used."""
        return self.inputs[id(step)]

    def same_data(self) -> Iterator[Step]:
        """Yield the latest step and those before it, up to the one that made the data.

        All except that one are edits.
        """
        step = self.latest
        yield step
        while isinstance(step.action, Edit) and step.inputs:
            (step,) = self.inputs_of(step)
            yield step


def resolve(latest: Step, find: Finder) -> Resolution:
    """Return a step and all those before it, through references that can be followed.

    It is not recursive, because a loop may have made a chain of any length. References
    in a damaged file may form a ring; the one that closes it is not followed.

    Args:
        latest: The latest step of an object.
        find: Returns the step of a reference.
    """
    followed = _Followed(find)
    first = followed(latest, set())
    ordered: list[Step] = []
    inputs: dict[int, tuple[Step, ...]] = {}
    unfinished = {id(first)}
    todo = [_visit(first, unfinished, followed, inputs)]
    stack = [first]
    while todo:
        following = next(todo[-1], None)
        if following is None:
            todo.pop()
            finished = stack.pop()
            unfinished.discard(id(finished))
            ordered.append(finished)
        else:
            unfinished.add(id(following))
            stack.append(following)
            todo.append(_visit(following, unfinished, followed, inputs))
    return Resolution(tuple(ordered), inputs)


def _visit(
    step: Step,
    unfinished: set[int],
    followed: _Followed,
    inputs: dict[int, tuple[Step, ...]],
) -> Iterator[Step]:
    """Yield the inputs of a step that have not been visited; note all of them."""
    inputs[id(step)] = ()
    found = tuple(followed(each, unfinished) for each in step.inputs)
    inputs[id(step)] = found
    for each in found:
        if id(each) not in inputs:
            yield each


class _Followed:
    """The step for each reference; equal references have one step."""

    def __init__(self, find: Finder) -> None:
        self._find = find
        self._steps: dict[tuple[str, Fingerprint | None, int], Step] = {}

    def __call__(self, step: Step, unfinished: set[int]) -> Step:
        seen: set[int] = set()
        while isinstance(step.action, Reference) and id(step) not in seen:
            seen.add(id(step))
            reference = step.action
            key = reference.uuid, reference.fingerprint, reference.edits
            if key not in self._steps:
                written = step.inputs[0] if step.inputs else step
                self._steps[key] = self._find(reference) or written
            found = self._steps[key]
            if id(found) in unfinished:
                return step
            step = found
        return step
