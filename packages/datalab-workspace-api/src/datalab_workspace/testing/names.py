"""The rules of names: valid names, duplicates and bindings."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from datalab_workspace.backends.base import Capabilities
from datalab_workspace.errors import (
    AmbiguousObjectError,
    InvalidNameError,
    NotSupportedByProtocolError,
)
from datalab_workspace.testing.samples.images import spot
from datalab_workspace.testing.samples.items import with_items
from datalab_workspace.testing.samples.names import NAMES, NO_NAMES
from datalab_workspace.testing.samples.signals import gaussian
from datalab_workspace.testing.suite import WorkspaceSuite
from datalab_workspace.workspace import Workspace

PIXELS = np.eye(3)
POINTS = np.arange(4.0)


def numbered(number: float) -> Any:
    """Return the points of a signal that is identified by its number."""
    return np.array([number, 0.0, 1.0])


def number_of(workspace: Workspace, name: str) -> float:
    """Return the number of a signal created by `numbered`."""
    return float(workspace.get(name).y[0])


class GivenNames(WorkspaceSuite):
    """Names are titles: any strings without control characters."""

    @pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
    def test_any_string_can_be_a_name(
        self, workspace: Workspace, capabilities: Capabilities, name: str
    ) -> None:
        """It comes back letter by letter, and is understood wherever a name is.

        A name that the backend does not accept is refused, and nothing changes.
        """
        workspace.add("before", PIXELS)
        if not self.accepts_name(capabilities, name):
            with pytest.raises(InvalidNameError):
                workspace.add(name, POINTS)
            with pytest.raises((InvalidNameError, NotSupportedByProtocolError)):
                workspace.rename("before", name)
            assert self.settle(workspace).list() == ["before"]
            return
        assert workspace.add(name, POINTS) == name
        workspace = self.settle(workspace)
        assert workspace.list() == [name, "before"]
        assert workspace.get(name).title == name
        assert workspace.describe(name).name == name
        assert name in workspace
        workspace.rename(name, "between")
        workspace.rename("between", name)
        workspace.remove(name)
        assert self.settle(workspace).list() == ["before"]

    def test_all_these_names_fit_beside_each_other(
        self, workspace: Workspace, capabilities: Capabilities
    ) -> None:
        """Similar names are different names."""
        alike = ["A", "a", "a ", *NAMES.values()]
        names = [name for name in alike if self.accepts_name(capabilities, name)]
        for number, name in enumerate(names):
            workspace.add(name, numbered(number))
        workspace = self.settle(workspace)
        assert workspace.list() == names
        numbers = [number_of(workspace, name) for name in names]
        assert numbers == list(range(len(names)))

    def test_the_name_becomes_the_title(self, workspace: Workspace) -> None:
        """The argument keeps its own title."""
        peak = gaussian()
        assert workspace.add("peak", peak) == "peak"
        workspace = self.settle(workspace)
        assert workspace.describe("peak").title == "peak"
        assert workspace.get("peak").title == "peak"
        assert peak.title == "gaussian"

    def test_without_a_name_an_object_goes_under_its_title(
        self, workspace: Workspace
    ) -> None:
        """The title is the name in every respect."""
        assert workspace.add(gaussian()) == "gaussian"
        assert workspace.add(spot()) == "spot"
        assert self.settle(workspace).list() == ["gaussian", "spot"]


class RefusedNames(WorkspaceSuite):
    """Names that a workspace refuses before it asks its backend."""

    @pytest.mark.parametrize(("name", "reason"), NO_NAMES.values(), ids=NO_NAMES)
    def test_a_string_that_cannot_be_shown_is_refused(
        self, workspace: Workspace, name: str, reason: str
    ) -> None:
        """Neither `add` nor `rename` accepts it. Nothing changes."""
        workspace.add("x", POINTS)
        with pytest.raises(ValueError, match=reason):
            workspace.add(name, PIXELS)
        with pytest.raises(ValueError, match=reason):
            workspace.rename("x", name)
        assert self.settle(workspace).list() == ["x"]

    @pytest.mark.parametrize("name", [None, 1, b"x", ("x",), POINTS])
    def test_only_a_string_is_a_name(self, workspace: Workspace, name: Any) -> None:
        """Any other type raises a `TypeError`, not a `ValueError`."""
        workspace.add("x", POINTS)
        with pytest.raises(TypeError, match="expected a string for the name"):
            workspace.add(name, PIXELS)
        with pytest.raises(TypeError, match="expected a string for the name"):
            workspace.rename("x", name)
        assert workspace.list() == ["x"]

    @pytest.mark.parametrize("value", [POINTS, PIXELS, (POINTS, POINTS), "x", None])
    def test_what_has_no_title_needs_a_name(
        self, workspace: Workspace, value: Any
    ) -> None:
        """The error shows how to pass a name."""
        with pytest.raises(TypeError, match=re.escape("add(name, object)")):
            workspace.add(value)
        assert workspace.list() == []

    def test_an_empty_title_is_no_name(self, workspace: Workspace) -> None:
        """An object without a title needs a name too."""
        with pytest.raises(ValueError, match="empty"):
            workspace.add(with_items(gaussian(), title=""))
        with pytest.raises(TypeError, match="title"):
            workspace.add(with_items(gaussian(), title=None))


class Duplicates(WorkspaceSuite):
    """Tests with duplicate titles, or of the error that they cause."""

    def refused(self, workspace: Workspace) -> bool:
        """Return whether duplicates are refused, after testing the error."""
        if workspace.capabilities.tells_apart:
            return False
        names = self.bring(workspace, "A", "A")
        for access in (workspace.get, workspace.remove, workspace.record):
            with pytest.raises(AmbiguousObjectError, match="'A'"):
                access(names[1])
        assert workspace.list() == names
        return True


class NamesOfDuplicates(Duplicates):
    """The name of a duplicate is its title with a number."""

    def test_duplicates_are_numbered(self, workspace: Workspace) -> None:
        """The titles do not change."""
        if self.refused(workspace):
            return
        assert self.bring(workspace, "A", "A", "A") == ["A", "A (2)", "A (3)"]
        workspace = self.settle(workspace)
        assert workspace.list() == ["A", "A (2)", "A (3)"]
        assert [workspace.get(name).title for name in workspace] == ["A"] * 3
        assert [number_of(workspace, name) for name in workspace] == [0, 1, 2]

    def test_a_title_comes_before_a_number(self, workspace: Workspace) -> None:
        """A duplicate never takes a name that is the title of another."""
        if self.refused(workspace):
            return
        titles = ["A", "A", "A (2)", "A (2)"]
        names = ["A", "A (3)", "A (2)", "A (2) (2)"]
        assert self.bring(workspace, *titles) == names
        assert self.settle(workspace).list() == names

    def test_a_number_is_given_by_title(self, workspace: Workspace) -> None:
        """It is the next free one, not the one in the file."""
        if self.refused(workspace):
            return
        workspace.add("A", numbered(7))
        workspace.add("A (2)", numbered(8))
        assert self.bring(workspace, "B", "B") == ["B", "B (2)"]
        workspace.rename("B", "A (3)")
        assert workspace.list() == ["A", "A (2)", "A (3)", "B (2)"]
        titles = [item.title for item in self.settle(workspace).describe()]
        assert titles == ["A", "A (2)", "A (3)", "B"]

    def test_a_name_survives_the_removal_of_the_first(
        self, workspace: Workspace
    ) -> None:
        """Only a new workspace assigns the name of the first again."""
        if self.refused(workspace):
            return
        self.bring(workspace, "A", "A", "A")
        workspace.remove("A")
        assert workspace.list() == ["A (2)", "A (3)"]
        assert number_of(workspace, "A (2)") == 1
        with pytest.raises(KeyError):
            workspace.get("A")
        workspace.add("A", numbered(9))
        assert workspace.list() == ["A (2)", "A (3)", "A"]
        assert [number_of(workspace, n) for n in workspace] == [1, 2, 9]

    def test_a_duplicate_is_replaced_under_its_name(self, workspace: Workspace) -> None:
        """Its title stays the same."""
        if self.refused(workspace):
            return
        self.bring(workspace, "A", "A")
        workspace.add("A (2)", numbered(5), overwrite=True)
        assert workspace.describe("A (2)").title == "A"
        workspace = self.settle(workspace)
        assert workspace.list() == ["A", "A (2)"]
        assert [number_of(workspace, n) for n in workspace] == [0, 5]

    def test_renaming_a_duplicate_gives_it_a_title(self, workspace: Workspace) -> None:
        """Its numbered name can be used again."""
        if self.refused(workspace):
            return
        self.bring(workspace, "A", "A")
        workspace.rename("A (2)", "B")
        assert workspace.describe("B").title == "B"
        assert workspace.add("A (2)", numbered(2)) == "A (2)"
        assert self.settle(workspace).list() == ["A", "B", "A (2)"]


class BoundNames(Duplicates):
    """A name is bound to the UUID of its object."""

    def test_another_title_changes_no_name(self, workspace: Workspace) -> None:
        """This holds where only extensions change titles; see also `WindowNames`."""
        if workspace.capabilities.shared or self.refused(workspace):
            return
        workspace.add("a", numbered(1))
        workspace.add("b", numbered(2))
        self.retitle(workspace, "a", "b")
        assert workspace.list() == ["a", "b"]
        assert workspace.describe("a").title == "b"
        assert [number_of(workspace, name) for name in workspace] == [1, 2]
        workspace.add("c", numbered(3))
        workspace.remove("b")
        assert workspace.list() == ["a", "c"]

    def test_renumbering_changes_no_name(self, workspace: Workspace) -> None:
        """Short ids shift when an object is removed."""
        for number in range(4):
            workspace.add(f"n{number}", numbered(number))
        workspace = self.settle(workspace)
        assert number_of(workspace, "s002") == 1
        workspace.remove("n0")
        assert number_of(workspace, "s002") == 2
        assert [number_of(workspace, n) for n in workspace.list()] == [1, 2, 3]

    def test_loops_over_names_may_remove(self, workspace: Workspace) -> None:
        """The list is independent, and its names stay valid."""
        if self.refused(workspace):
            return
        self.bring(workspace, "A", "A", "B", "A (2)")
        workspace = self.settle(workspace)
        for name in workspace.list():
            workspace.remove(name)
        assert self.settle(workspace).list() == []

    def test_a_rename_keeps_place_and_uuid(self, workspace: Workspace) -> None:
        """The old name can be used for a new object with a new UUID."""
        for name in ("a", "b", "c"):
            workspace.add(name, numbered(1))
        workspace = self.settle(workspace)
        uuid = workspace.describe("b").uuid
        assert workspace.rename("b", "new") == "new"
        if workspace.capabilities.tells_apart:
            workspace = self.settle(workspace)
        assert workspace.list() == ["a", "new", "c"]
        described = workspace.describe("new")
        assert (described.uuid, described.title) == (uuid, "new")
        with pytest.raises(KeyError):
            workspace.get("b")
        workspace.add("b", numbered(1))
        assert self.settle(workspace).describe("b").uuid != uuid

    def test_a_rename_refuses_a_name_in_use(self, workspace: Workspace) -> None:
        """The object's own name is allowed."""
        workspace.add("a", numbered(1))
        workspace.add("b", PIXELS)
        with pytest.raises(ValueError, match="'b'"):
            workspace.rename("a", "b")
        assert workspace.rename("b", "b") == "b"
        workspace = self.settle(workspace)
        assert workspace.list() == ["a", "b"]
        assert number_of(workspace, "a") == 1

    def test_a_new_name_gets_a_new_uuid(self, workspace: Workspace) -> None:
        """This also holds for an object that was added before or has a UUID."""
        peak = gaussian()
        workspace.add("a", peak)
        first = workspace.describe("a").uuid
        workspace.add("b", peak)
        workspace.add("c", workspace.get("a"))
        peak.metadata["__uuid"] = first
        workspace.add("d", peak)
        workspace.remove("a")
        workspace.add("a", peak)
        workspace = self.settle(workspace)
        uuids = {item.uuid for item in workspace.describe()}
        assert len(uuids - {first}) == 4


class NameRules(GivenNames, NamesOfDuplicates, BoundNames):
    """The rules of names that depend on the backend."""
