"""The rules of names where others change objects: what the window shows counts."""

from __future__ import annotations

import queue
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from datalab_workspace.backends.base import Capabilities
from datalab_workspace.errors import ObjectNotFoundError, ReusedNameError
from datalab_workspace.events import ChangeEvent, Origin
from datalab_workspace.testing.suite import WorkspaceSuite
from datalab_workspace.workspace import Workspace

#: Seconds after which an event that was made elsewhere counts as lost.
_LOST = 30
#: Calls that use the object "a".
USES: dict[str, Callable[[Workspace], Any]] = {
    "get": lambda ws: ws.get("a"),
    "get with a default": lambda ws: ws.get("a", default=None),
    "item": lambda ws: ws["a"],
    "record": lambda ws: ws.record("a"),
    "describe": lambda ws: ws.describe("a"),
    "edit": lambda ws: ws.edit("a", xlabel="t"),
    "rename": lambda ws: ws.rename("a", "z"),
    "remove": lambda ws: ws.remove("other", "a"),
    "pop": lambda ws: ws.pop("a", None),
    "select": lambda ws: ws.select("a"),
    "show": lambda ws: ws.show("a"),
    "calc": lambda ws: ws.calc("exp", on="a"),
    "add": lambda ws: ws.add("a", np.arange(4.0)),
    "update": lambda ws: ws.update(
        {"new": np.ones(3), "a": np.ones(3)}, overwrite=False
    ),
}


def signal(number: float) -> Any:
    """Return the points of a signal that is identified by its number."""
    return np.array([number, 0.0, 1.0])


class WindowNames(WorkspaceSuite):
    """Rules that hold where a backend declares `shared`."""

    def uuids(self, workspace: Workspace) -> dict[str, str]:
        """Return the UUID of each object by its name."""
        return {found.name: found.uuid for found in workspace.describe()}

    def with_a(self) -> Workspace:
        """Return a workspace that holds the signals "a" and "other"."""
        workspace = self.open_workspace()
        workspace.update({"a": signal(1), "other": signal(2)})
        return workspace

    def reused(self) -> tuple[Workspace, str, str]:
        """Return a workspace whose "a" was renamed, and another "a" was added.

        Returns:
            The workspace, and the words by which an error names the two objects.
        """
        workspace = self.with_a()
        self.retitle(workspace, "a", "b")
        assert self.bring(workspace, "a") == ["a"]
        knows = workspace.capabilities.tells_apart
        before = "'b'" if knows else "removed in DataLab's window"
        return workspace, before, self.uuids(workspace)["a"]

    def test_a_rename_in_the_window_renames_here(
        self, capabilities: Capabilities
    ) -> None:
        """The object stays, and the old name is not found."""
        if not capabilities.shared:
            return
        workspace = self.with_a()
        uuid = self.uuids(workspace)["a"]
        self.retitle(workspace, "a", "b")
        assert sorted(workspace.list()) == ["b", "other"]
        assert workspace.get("b").y[0] == 1
        says = "removed in DataLab's window"
        if capabilities.tells_apart:
            assert self.uuids(workspace)["b"] == uuid
            says = "'a' was renamed 'b' in DataLab's window"
        with pytest.raises(ObjectNotFoundError, match=says):
            workspace.get("a")
        assert "a" not in workspace
        assert workspace.get("a", default=None) is None

    def test_a_rename_in_the_window_is_an_event(
        self, capabilities: Capabilities
    ) -> None:
        """It names the object before and after, and DataLab as its origin."""
        if not (capabilities.shared and capabilities.tells_apart):
            return
        workspace = self.with_a()
        workspace.list()
        found: queue.Queue[ChangeEvent] = queue.Queue()
        with workspace.on_change(found.put):
            self.retitle(workspace, "a", "b")
            workspace.list()
            event = found.get(timeout=_LOST)
        assert (event.origin, event.kind) == (Origin.DATALAB, "renamed")
        assert (event.names_before, event.names_after) == (("a",), ("b",))

    def test_a_title_in_use_gets_a_number(self, capabilities: Capabilities) -> None:
        """It is the next free one, as for a new object."""
        if not (capabilities.shared and capabilities.tells_apart):
            return
        workspace = self.with_a()
        self.retitle(workspace, "a", "other")
        assert workspace.list() == ["other (2)", "other"]
        assert workspace.describe("other (2)").title == "other"
        assert "title 'other'" in repr(workspace.describe())
        assert workspace.get("other").y[0] == 2

    def test_a_name_that_would_mean_another_object_raises(
        self, capabilities: Capabilities
    ) -> None:
        """The error names both objects, and nothing changes."""
        if not capabilities.shared:
            return
        workspace, before, uuid = self.reused()
        names, messages = self.uuids(workspace), {}
        for what, use in USES.items():
            with pytest.raises(ReusedNameError, match="'a'") as caught:
                use(workspace)
            messages[what] = str(caught.value)
        assert [
            w for w, m in messages.items() if before not in m or uuid not in m
        ] == []
        assert self.uuids(workspace) == names

    def test_a_name_that_raises_exists(self, capabilities: Capabilities) -> None:
        """Lists show it, and every other key finds both objects."""
        if not capabilities.shared:
            return
        workspace, _, uuid = self.reused()
        assert sorted(workspace.list()) == ["a", "b", "other"]
        assert "a" in workspace
        assert workspace.exists("a")
        assert workspace.get("b").y[0] == 1
        assert workspace.get(uuid).y[0] == 0

    def test_a_rename_to_its_own_name_frees_it(
        self, capabilities: Capabilities
    ) -> None:
        """The name then means the object that has it."""
        if not capabilities.shared:
            return
        workspace, _, uuid = self.reused()
        workspace.rename(uuid, "a")
        assert workspace.get("a").y[0] == 0
        assert workspace.describe("a").uuid == uuid

    def test_overwriting_frees_it(self, capabilities: Capabilities) -> None:
        """The object that has the name is replaced, and the other one stays."""
        if not capabilities.shared:
            return
        workspace, _, _ = self.reused()
        workspace.add("a", signal(5), overwrite=True)
        assert workspace.get("a").y[0] == 5
        assert workspace.get("b").y[0] == 1

    def test_a_call_that_fails_frees_nothing(self, capabilities: Capabilities) -> None:
        """Neither a name that is refused, nor one that is lost."""
        if not capabilities.shared:
            return
        workspace, _, _ = self.reused()
        with pytest.raises(TypeError):
            workspace.update({"a": signal(5), "new": object()})
        with pytest.raises(ReusedNameError):
            workspace.get("a")
        workspace.remove(self.uuids(workspace)["a"])
        with pytest.raises(TypeError):
            workspace.update({"a": signal(5), "new": object()})
        self.bring(workspace, "a")
        with pytest.raises(ReusedNameError):
            workspace.get("a")

    def test_a_lost_name_can_be_given_again(self, capabilities: Capabilities) -> None:
        """A notebook that runs again after a rename adds the object again."""
        if not capabilities.shared:
            return
        workspace = self.with_a()
        self.retitle(workspace, "a", "b")
        workspace.add("a", signal(7))
        assert workspace.get("a").y[0] == 7
        assert workspace.get("b").y[0] == 1

    def test_an_object_removed_in_the_window_frees_no_name(
        self, capabilities: Capabilities
    ) -> None:
        """Another object of its title is not taken for it."""
        if not capabilities.shared:
            return
        workspace = self.with_a()
        self.take_away(workspace, self.uuids(workspace)["a"])
        with pytest.raises(ObjectNotFoundError, match="removed in DataLab's window"):
            workspace.get("a")
        self.bring(workspace, "a")
        with pytest.raises(ReusedNameError, match="removed in DataLab's window"):
            workspace.get("a")

    @pytest.mark.parametrize(
        "free",
        [
            lambda ws: ws.remove("a"),
            lambda ws: ws.rename("a", "z"),
            lambda ws: ws.clear(all=True),
        ],
    )
    def test_an_object_removed_or_renamed_here_frees_its_name(
        self, capabilities: Capabilities, free: Callable[[Workspace], Any]
    ) -> None:
        """Another object may then have it."""
        if not capabilities.shared:
            return
        workspace = self.with_a()
        free(workspace)
        self.bring(workspace, "a")
        assert workspace.get("a").y[0] == 0

    def test_exchanged_titles_are_noticed(self, capabilities: Capabilities) -> None:
        """Both names would mean another object."""
        if not (capabilities.shared and capabilities.tells_apart):
            return
        workspace = self.with_a()
        uuids = self.uuids(workspace)
        self.retitle(workspace, uuids["a"], "between")
        self.retitle(workspace, uuids["other"], "a")
        self.retitle(workspace, uuids["a"], "other")
        assert workspace.list() == ["other", "a"]
        for name, now in [("a", "'other'"), ("other", "'a'")]:
            with pytest.raises(ReusedNameError, match=re.escape(f"calls {now}")):
                workspace.get(name)

    def test_a_result_keeps_the_meaning_of_its_name(self) -> None:
        """DataLab may change the short id in its title: the name still means it."""
        workspace = self.with_a()
        name = workspace.calc("exp", on="other")
        uuid = self.uuids(workspace)[name]
        workspace.remove("a")
        assert workspace.describe(name).uuid == uuid
        np.testing.assert_array_equal(workspace.get(name).y, np.exp(signal(2)))

    def test_a_workspace_that_attaches_later_uses_the_names(
        self, capabilities: Capabilities
    ) -> None:
        """It has used no name before, so it refuses none."""
        if not capabilities.shared:
            return
        workspace, _, _ = self.reused()
        later = self.settle(workspace)
        assert sorted(later.list()) == ["a", "b", "other"]
        assert later.get("a").y[0] == 0
