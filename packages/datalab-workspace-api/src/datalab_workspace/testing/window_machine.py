"""A stateful machine in which the user of a window changes objects, too.

The user renames, removes and adds objects; the workspace finds it out at its next look.
The model predicts the names, and which of them the workspace refuses to use.
"""

from __future__ import annotations

import re

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from datalab_workspace.testing.machine import NAMES, WorkspaceMachine
from datalab_workspace.testing.model import Thing

#: Titles that DataLab does not rewrite: they contain no short id.
TITLES = tuple(name for name in NAMES if not re.search("[si][0-9]{3}", name))

_titles = st.sampled_from(TITLES)
_picks = st.integers(0, 100)


class WindowMachine(WorkspaceMachine):
    """A machine for a backend that declares `shared`.

    Args:
        suite: The suite, which creates workspaces and acts as the user of the window.
    """

    def name(self, number: int) -> str:
        """Return a name that DataLab does not rewrite; see `WorkspaceMachine.name`."""
        name = super().name(number)
        return name if name in TITLES else TITLES[number % len(TITLES)]

    def has_objects(self) -> bool:
        """Return whether the workspace has any objects."""
        return bool(self.model.things)

    @precondition(has_objects)
    @rule(number=_picks, to=st.integers(0, len(NAMES) - 1))
    def retitle(self, number: int, to: int) -> None:
        """The user renames an object, and its name follows the new title."""
        old, title = self.pick(number), self.name(to)
        thing = self.model.things[old]
        if title == thing.title or self.is_ambiguous(title):
            return
        self.suite.retitle(self.workspace, thing.uuid, title)
        self.model.rename(old, "")
        new = self.model.free_name(title)
        self.model.rename("", new)
        thing.title = title
        if not self.capabilities.tells_apart:  # it is another object
            thing.uuid = self.uuid_of(new)

    @precondition(has_objects)
    @rule(number=_picks, note=st.integers(0, 3))
    def edit(self, number: int, note: int) -> None:
        """An object that cannot be changed in place is removed and added again."""
        name = self.pick(number)
        super().edit(number, note)
        if not (self.capabilities.in_place_overwrite or self.model.is_reused(name)):
            self.model.put(name, self.model.things[name])

    @precondition(has_objects)
    @rule(numbers=st.lists(_picks, min_size=1, max_size=2))
    def take_away(self, numbers: list[int]) -> None:
        """The user removes objects; their names are not free."""
        names = {self.pick(number) for number in numbers}
        uuids = [self.model.things[name].uuid for name in names]
        self.suite.take_away(self.workspace, *uuids)
        for name in names:
            del self.model.things[name]

    @rule(title=_titles)
    def bring(self, title: str) -> None:
        """The user adds an object, perhaps under a name that was used before."""
        if not self.capabilities.any_name or self.is_ambiguous(title):
            return
        name = self.model.free_name(title)
        assert self.suite.bring(self.workspace, title) == [name]
        found = next(d for d in self.workspace.describe() if d.name == name)
        group = self.model.group("signal", found.group or None)
        self.model.put(name, Thing("signal", 0, title, group, found.uuid, size=2))

    @precondition(lambda self: any(map(self.model.is_reused, self.model.things)))
    @rule(number=_picks)
    def free(self, number: int) -> None:
        """A name that is refused is freed by renaming its object to its own name."""
        reused = [*filter(self.model.is_reused, self.model.names())]
        name = reused[number % len(reused)]
        thing = self.model.things[name]
        assert name in self.workspace
        self.workspace.rename(thing.uuid, name)
        self.model.meant[name] = thing.uuid
        self.look(name)

    @precondition(lambda self: bool({*self.model.meant} - {*self.model.things}))
    @rule(number=_picks)
    def get_lost(self, number: int) -> None:
        """A name that no object has now is not found."""
        lost = sorted({*self.model.meant} - {*self.model.things})
        name = lost[number % len(lost)]
        assert name not in self.workspace
        with pytest.raises(KeyError):
            self.workspace.get(name)

    @rule()
    def settle(self) -> None:
        """A workspace that attaches later sees the same objects.

        It sees the same names if the backend assigns them.
        """
        before = self.model.copy()
        settled = self.suite.settle(self.workspace)
        if settled is self.workspace:
            return
        settled.list()
        entries = settled.backend.entries()
        self.workspace = settled
        if entries and all(entry.name is not None for entry in entries):
            self.model = before
            self.model.meant = {}
        else:
            self.model = before.reopened()
            for name in self.model.names():
                self.learn(name)

    def is_ambiguous(self, title: str) -> bool:
        """Return whether objects of this title could not be distinguished."""
        others = [thing.title for thing in self.model.things.values()]
        return not self.capabilities.tells_apart and title in others
