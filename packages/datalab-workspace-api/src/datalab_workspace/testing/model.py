"""The model of the stateful machine: expected content as dicts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from datalab_workspace.model.record import Kind


def content(kind: Kind, number: int) -> np.ndarray[Any, Any]:
    """Return a signal or image that is identified by its number."""
    data = np.array([number, 0.5, 1.0])
    return data if kind == "signal" else data.reshape(1, 3)


@dataclass
class Thing:
    """The expected properties of one object."""

    kind: Kind
    number: int
    title: str
    group: str = ""
    uuid: str = ""
    note: int | None = None
    size: int = 3

    def same_content(self, other: Thing) -> bool:
        """Return whether two things differ at most in title, group and UUID."""
        ours = self.kind, self.number, self.note, self.size
        return ours == (other.kind, other.number, other.note, other.size)


@dataclass
class Model:
    """Things by name in order of addition, and the groups of each panel.

    Attributes:
        things: The expected objects by name.
        groups: The titles of the groups of each panel.
        meant: UUID of the object that the workspace means by each name it has used.
    """

    things: dict[str, Thing] = field(default_factory=dict)
    groups: dict[Kind, list[str]] = field(
        default_factory=lambda: {"signal": [], "image": []}
    )
    meant: dict[str, str] = field(default_factory=dict)

    def is_reused(self, name: str) -> bool:
        """Return whether a name meant another object when it was used before."""
        uuid = self.things[name].uuid
        return self.meant.get(name, uuid) != uuid

    def free(self, name: str) -> None:
        """Let the name of a thing mean any object, unless it means another thing."""
        if self.meant.get(name) == self.things[name].uuid:
            del self.meant[name]

    def free_name(self, title: str) -> str:
        """Return the name of a new object with a title."""
        name, number = title, 2
        while name in self.things:
            name, number = f"{title} ({number})", number + 1
        return name

    def group(self, kind: Kind, wanted: str | None) -> str:
        """Return the group of a new object; create it if necessary."""
        known = self.groups[kind]
        if wanted is None:
            wanted = known[0] if known else ""
        if wanted not in known:
            known.append(wanted)
        return wanted

    def put(self, name: str, thing: Thing) -> None:
        """Append a thing to its group."""
        self.things.pop(name, None)
        self.group(thing.kind, thing.group)
        self.things[name] = thing

    def rename(self, old: str, new: str) -> None:
        """Rename a thing without moving it."""
        self.things = {(new if n == old else n): t for n, t in self.things.items()}

    def all_groups(self) -> Iterator[tuple[Kind, str, dict[str, Thing]]]:
        """Yield kind, title and things of each group, in order."""
        for kind, titles in self.groups.items():
            for title in titles:
                yield (
                    kind,
                    title,
                    {
                        name: thing
                        for name, thing in self.things.items()
                        if (thing.kind, thing.group) == (kind, title)
                    },
                )

    def members(self) -> list[tuple[Kind, str, list[str]]]:
        """Return kind, title and names of each group that is not empty, in order."""
        groups = self.all_groups()
        return [(kind, title, [*things]) for kind, title, things in groups if things]

    def names(self) -> list[str]:
        """Return all names in the order of a workspace's list."""
        return [name for _, _, names in self.members() for name in names]

    def only(self, names: list[str]) -> Model:
        """Return a model of some of the things, without empty groups."""
        some = Model({n: replace(t) for n, t in self.things.items() if n in names})
        for kind, title, _ in self.members():
            if any((t.kind, t.group) == (kind, title) for t in some.things.values()):
                some.group(kind, title)
        return some

    def copy(self) -> Model:
        """Return an independent copy of the model."""
        return Model(
            {name: replace(thing) for name, thing in self.things.items()},
            {kind: [*titles] for kind, titles in self.groups.items()},
            {**self.meant},
        )

    def reopened(self) -> Model:
        """Return the model of a workspace that has loaded titles, but not names.

        The first object with a title has it as its name. The others get the next free
        number.
        """
        again = Model(groups={kind: [*titles] for kind, titles in self.groups.items()})
        things = [self.things[name] for name in self.names()]
        titles = [thing.title for thing in things]
        used = set(titles)
        for place, thing in enumerate(things):
            name, number = thing.title, 2
            if name in titles[:place]:
                while f"{name} ({number})" in used:
                    number += 1
                name = f"{name} ({number})"
            used.add(name)
            again.things[name] = replace(thing)
        return again
