"""A stateful machine that compares a workspace with a model after random operations.

If a workspace and its model disagree, hypothesis searches for the shortest sequence of
operations that causes this.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from datalab_workspace.errors import ReusedNameError
from datalab_workspace.model.record import Kind
from datalab_workspace.testing.model import Model, Thing, content

if TYPE_CHECKING:
    from datalab_workspace.testing.suite import WorkspaceSuite

#: Few names, so that they collide; and similar ones, which must not be confused.
NAMES = ("a", "b", "a (2)", "A", "s001", "i001", "x/y", "\u03bb \U0001f9ea")
PLAIN_NAMES = ("a", "b", "c", "d")

_names = st.integers(0, len(NAMES) - 1)
_kinds: st.SearchStrategy[Kind] = st.sampled_from(["signal", "image"])
_numbers = st.integers(0, 3)
_groups = st.sampled_from([None, None, "one", "two"])
_files = st.sampled_from(["first.h5", "second.h5"])
_picks = st.integers(0, 100)
_choices: st.SearchStrategy[Literal["error", "replace", "rename", "skip"]]
_choices = st.sampled_from(["error", "replace", "rename", "skip"])


class WorkspaceMachine(RuleBasedStateMachine):
    """A machine that uses a workspace at random and records its expected content.

    Args:
        suite: The suite, which creates workspaces and knows their capabilities.

    Example:
        >>> from datalab_workspace.testing import WorkspaceMachine, WorkspaceSuite
        >>> class Suite(WorkspaceSuite):
        ...     def open_workspace(self):
        ...         return dlw.Workspace()
        >>> WorkspaceMachine(Suite()).teardown()
    """

    def __init__(self, suite: WorkspaceSuite) -> None:
        super().__init__()
        self.suite = suite
        self.workspace = suite.open_workspace()
        self.capabilities = suite.capabilities_of(self.workspace)
        self.model = Model()
        self.files: dict[str, Model] = {}
        self.folder = tempfile.TemporaryDirectory()

    def name(self, number: int) -> str:
        """Return a name; a plain one if the backend refuses others."""
        if self.capabilities.any_name:
            return NAMES[number]
        return PLAIN_NAMES[number % len(PLAIN_NAMES)]

    def pick(self, number: int) -> str:
        """Return the name of an object that exists."""
        names = self.model.names()
        return names[number % len(names)]

    def path(self, name: str) -> Path:
        """Return the path of a file."""
        return Path(self.folder.name, name)

    def learn(self, name: str) -> None:
        """Record the UUID that the workspace chose for an object that it made."""
        self.model.things[name].uuid = self.model.meant[name] = self.uuid_of(name)

    def uuid_of(self, name: str) -> str:
        """Return the UUID of an object, even if its name meant another one."""
        return next(d.uuid for d in self.workspace.describe() if d.name == name)

    def refuses(self, call: Callable[[], object], *names: str) -> bool:
        """Return whether a call refuses names that meant other objects.

        Args:
            call: The call, which is made only if it should be refused.
            names: The names that it uses.
        """
        if not any(map(self.model.is_reused, names)):
            return False
        with pytest.raises(ReusedNameError, match="the name"):
            call()
        return True

    def has_objects(self) -> bool:
        """Return whether the workspace has any objects."""
        return bool(self.model.things)

    @initialize(objects=st.lists(st.tuples(_names, _kinds, _numbers, _groups)))
    def begin(self, objects: list[tuple[int, Kind, int, str | None]]) -> None:
        """Start with some objects and a file that contains them."""
        for arguments in objects[:4]:
            self.add(*arguments)
        if objects:
            self.save("first.h5")

    # -- objects in and out -----------------------------------------------------------

    @rule(number=_names, kind=_kinds, value=_numbers, group=_groups)
    def add(self, number: int, kind: Kind, value: int, group: str | None) -> None:
        """A new object is appended, an equal one ignored, others refused."""
        name, data = self.name(number), content(kind, value)
        group = group if self.capabilities.groups else None
        known = self.model.things.get(name)
        if known is None:
            assert self.workspace.add(name, data, group=group) == name
            assert self.workspace.modified
            group = self.model.group(kind, group)
            self.model.put(name, Thing(kind, value, name, group))
            self.learn(name)
        elif self.refuses(lambda: self.workspace.add(name, data, group=group), name):
            return
        elif known.same_content(Thing(kind, value, name)):
            assert self.workspace.add(name, data, group=group) == name
        else:
            with pytest.raises(ValueError, match="overwrite=True"):
                self.workspace.add(name, data, group=group)

    @precondition(has_objects)
    @rule(number=_picks, kind=_kinds, value=_numbers, group=_groups)
    def overwrite(self, number: int, kind: Kind, value: int, group: str | None) -> None:
        """Position, group, title and UUID stay unless they are changed."""
        name, data = self.pick(number), content(kind, value)
        group = group if self.capabilities.groups else None
        self.workspace.add(name, data, overwrite=True, group=group)
        assert self.workspace.modified
        old = self.model.things[name]
        new = replace(old, kind=kind, number=value, note=None, size=3)
        new.group = group or old.group
        self.model.meant[name] = old.uuid
        if not self.capabilities.in_place_overwrite:
            self.model.put(name, new)
            self.learn(name)
        elif (new.kind, new.group) == (old.kind, old.group):
            self.model.things[name] = new
        else:
            self.model.put(name, new)

    @precondition(has_objects)
    @rule(numbers=st.lists(_picks, min_size=1, max_size=3))
    def remove(self, numbers: list[int]) -> None:
        """Several objects are removed at once; duplicates are ignored."""
        names = [self.pick(number) for number in numbers]
        if self.refuses(lambda: self.workspace.remove(*names), *names):
            return
        self.workspace.remove(*names)
        assert self.workspace.modified
        for name in {*names}:
            self.model.free(name)
            del self.model.things[name]

    @precondition(has_objects)
    @rule(number=_picks, to=_names)
    def rename(self, number: int, to: int) -> None:
        """A name that another object has is refused."""
        old, new = self.pick(number), self.name(to)
        if self.refuses(lambda: self.workspace.rename(old, new), old):
            return
        if new in self.model.things and new != old:
            with pytest.raises(ValueError, match="cannot rename"):
                self.workspace.rename(old, new)
            return
        self.workspace.rename(old, new)
        if new != old:
            self.model.free(old)
            self.model.rename(old, new)
            thing = self.model.things[new]
            thing.title, self.model.meant[new] = new, thing.uuid

    @precondition(has_objects)
    @rule(number=_picks, to=_names)
    def retitle(self, number: int, to: int) -> None:
        """Another program changes a title, and the name stays."""
        name, title = self.pick(number), self.name(to)
        self.suite.retitle(self.workspace, name, title)
        self.model.things[name].title = title

    @precondition(has_objects)
    @rule(number=_picks, note=_numbers)
    def edit(self, number: int, note: int) -> None:
        """Metadata is changed in place."""
        name = self.pick(number)
        if self.refuses(lambda: self.workspace.edit(name), name):
            return
        self.workspace.edit(name, metadata={"note": note})
        assert self.workspace.modified
        self.model.things[name].note = note

    @precondition(has_objects)
    @rule(number=_picks, copy=st.booleans())
    def get(self, number: int, copy: bool) -> None:
        """The object is equal to that of the model."""
        name = self.pick(number)
        if not self.refuses(lambda: self.workspace.get(name), name):
            self.look(name, copy=copy)

    @rule()
    def clear(self) -> None:
        """All objects and groups are removed."""
        self.workspace.clear(all=True)
        for name in self.model.things:
            self.model.free(name)
        self.model = Model(meant=self.model.meant)

    # -- files ------------------------------------------------------------------------

    @rule(file=_files)
    def save(self, file: str) -> None:
        """The file contains all objects of the workspace."""
        assert self.workspace.save(self.path(file)) == self.path(file)
        assert self.workspace.path == self.path(file)
        assert not self.workspace.modified
        self.files[file] = self.model.copy()

    @precondition(has_objects)
    @rule(numbers=st.lists(_picks, min_size=1, max_size=3), file=_files)
    def save_some(self, numbers: list[int], file: str) -> None:
        """It is refused if the file has unread data that would be lost."""
        names = [self.pick(number) for number in numbers]
        if self.refuses(
            lambda: self.workspace.save(self.path(file), names=names), *names
        ):
            return
        try:
            self.workspace.save(self.path(file), names=names)
        except ValueError as error:
            assert "would destroy the data" in str(error)  # noqa: PT017
            return
        self.files[file] = self.model.only(names)

    @precondition(lambda self: bool(self.files))
    @rule(number=_picks, lazy=st.booleans())
    def reopen(self, number: int, lazy: bool) -> None:
        """A new workspace that loads the file has the saved objects."""
        file = [*self.files][number % len(self.files)]
        self.workspace = self.suite.open_workspace()
        self.model = self.files[file].reopened()
        names = self.workspace.load(self.path(file), lazy=lazy)
        assert names == self.model.names()
        assert not self.workspace.modified

    @precondition(lambda self: bool(self.files))
    @rule(number=_picks, choice=_choices, lazy=st.booleans())
    def load(
        self,
        number: int,
        choice: Literal["error", "replace", "rename", "skip"],
        lazy: bool,
    ) -> None:
        """All objects are loaded or none. Only "replace" changes others."""
        file = [*self.files][number % len(self.files)]
        incoming = self.files[file].reopened()
        try:
            names = self.workspace.load(self.path(file), on_conflict=choice, lazy=lazy)
        except ValueError as error:
            assert choice == "error"
            assert "on_conflict" in str(error)  # noqa: PT017
            return
        things = [incoming.things[name] for name in incoming.names()]
        if choice == "skip":
            assert len(names) <= len(things)
            things = self.not_skipped(names, things)
        assert len(names) == len(things)
        new = [
            t for n, t in zip(names, things, strict=True) if n not in self.model.things
        ]
        for kind, title, members in incoming.all_groups():
            if not members or any(thing in new for thing in members.values()):
                self.model.group(kind, title)
        for name, thing in zip(names, things, strict=True):
            self.loaded(name, thing, choice == "replace")

    def not_skipped(self, names: list[str], things: list[Thing]) -> list[Thing]:
        """Return the things of a file that were not skipped, in order."""
        left = iter(things)
        return [next(t for t in left if self.came_as(name, t)) for name in names]

    def came_as(self, name: str, thing: Thing) -> bool:
        """Return whether an object may come from a thing of a file."""
        found = self.found(name)
        known = name in self.model.things
        return thing.same_content(found) and (known or thing.title == found.title)

    def loaded(self, name: str, thing: Thing, replaced: bool) -> None:
        """Add a loaded object to the model."""
        known = self.model.things.get(name)
        if known is None:
            self.model.put(name, replace(thing))
            self.learn(name)
            return
        if known.same_content(thing):
            return  # an equal object does not move
        assert replaced
        moved = known.kind != thing.kind
        known.number, known.note, known.kind = thing.number, thing.note, thing.kind
        known.size, self.model.meant[name] = thing.size, known.uuid
        if moved or not self.capabilities.in_place_overwrite:
            self.model.put(name, known)
            self.learn(name)

    @rule()
    def settle(self) -> None:
        """The stored objects are those of the workspace."""
        settled = self.suite.settle(self.workspace)
        if settled is not self.workspace:
            self.workspace, self.model = settled, self.model.reopened()
            for name in self.model.names():
                self.learn(name)

    # -- invariants -------------------------------------------------------------------

    @invariant()
    def names_groups_and_uuids_agree(self) -> None:
        """The order agrees as well."""
        assert self.workspace.list() == self.model.names()
        if self.capabilities.groups:
            groups = [(g.kind, g.title, [*g.names]) for g in self.workspace.groups()]
            assert [group for group in groups if group[2]] == self.model.members()
        for found in self.workspace.describe():
            thing = self.model.things[found.name]
            assert (found.kind, found.title) == (thing.kind, thing.title)
            assert found.uuid == thing.uuid
            self.model.meant.setdefault(found.name, found.uuid)

    def found(self, name: str, *, copy: bool = True) -> Thing:
        """Return the thing that an object of the workspace represents."""
        obj = self.workspace.get(self.uuid_of(name), copy=copy)
        image = not hasattr(obj, "xydata")
        number = int(obj.data[0, 0] if image else obj.y[0])
        note = obj.metadata.get("note")
        size = obj.data.size if image else obj.y.size
        kind: Kind = "image" if image else "signal"
        return Thing(kind, number, obj.title, note=note, size=size)

    def look(self, name: str, *, copy: bool = True) -> None:
        """Compare an object with its thing in the model."""
        assert self.found(name, copy=copy).same_content(self.model.things[name])

    def teardown(self) -> None:
        """Compare all remaining objects at the end."""
        try:
            for name in self.model.names():
                self.look(name)
        finally:
            self.folder.cleanup()
