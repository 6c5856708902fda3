"""The rules of undo, and of moving objects between groups."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from datalab_workspace.backends.base import Capabilities
from datalab_workspace.errors import (
    ConcurrentChangeError,
    NothingToUndoError,
    NotSupportedByProtocolError,
    ObjectNotFoundError,
)
from datalab_workspace.events import ChangeEvent
from datalab_workspace.model.description import GroupInfo
from datalab_workspace.testing.comparison import assert_same
from datalab_workspace.testing.names import POINTS
from datalab_workspace.testing.samples.images import pixels
from datalab_workspace.testing.suite import WorkspaceSuite
from datalab_workspace.workspace import Workspace

Change = Callable[[Workspace], Any]

_SEGMENT = {"single_rois": [{"type": "SegmentROI", "coords": [0.5, 1.5]}]}

#: Calls that change a workspace with the signals "a" and "b" in the group "raw" and the
#: image "c".
CHANGES: dict[str, Change] = {
    "add": lambda ws: ws.add("new", POINTS),
    "add to a new group": lambda ws: ws.add("new", POINTS, group="other"),
    "overwrite": lambda ws: ws.add("a", np.ones(7), overwrite=True),
    "overwrite by another kind": lambda ws: ws.add("a", pixels(), overwrite=True),
    "overwrite in another group": lambda ws: ws.add(
        "a", np.ones(7), overwrite=True, group="other"
    ),
    "update": lambda ws: ws.update({"new": POINTS, "newer": pixels()}),
    "edit": lambda ws: ws.edit("a", xlabel="time", metadata={"user": (1, 2)}),
    "edit regions": lambda ws: ws.edit("a", roi=_SEGMENT),
    "rename": lambda ws: ws.rename("a", "z"),
    "remove": lambda ws: ws.remove("a"),
    "remove several": lambda ws: ws.remove("a", "b", "c"),
    "pop": lambda ws: ws.pop("a"),
    "clear": lambda ws: ws.clear(all=True),
    "compute": lambda ws: ws.calc("exp", on=["a", "b"]),
    "analyse": lambda ws: ws.calc("stats", on="a"),
    "move": lambda ws: ws.move(["b", "c"], "other"),
    "rename a group": lambda ws: ws.rename_group("raw", "renamed", kind="signal"),
}


class UndoRules(WorkspaceSuite):
    """A change is undone as a whole."""

    def with_three(self) -> Workspace:
        """Return a workspace with two signals and an image."""
        workspace = self.open_workspace()
        workspace.update({"a": POINTS, "b": 2 * POINTS}, group="raw")
        workspace.add("c", pixels(), group="raw")
        return workspace

    def state_of(self, workspace: Workspace) -> tuple[Any, ...]:
        """Return everything that undo restores, but for the content of objects."""
        described = [(d.name, d.uuid, d.title) for d in workspace.describe()]
        return described, workspace.groups()

    @pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
    def test_a_change_is_undone(
        self, change: Change, capabilities: Capabilities
    ) -> None:
        """Content, names, titles, positions, groups and UUIDs are as before."""
        if not capabilities.undo:
            with pytest.raises(NotSupportedByProtocolError, match="undo"):
                self.open_workspace().undo()
            return
        workspace = self.with_three()
        before, objects = self.state_of(workspace), dict(workspace.items())
        change(workspace)
        workspace.undo()
        assert self.state_of(workspace) == before
        for name, expected in objects.items():
            assert_same(expected, workspace.get(name), what=name)

    def test_changes_are_undone_from_the_last_to_the_first(
        self, capabilities: Capabilities
    ) -> None:
        """A change of the same object prevents nothing once it is undone itself."""
        if not capabilities.undo:
            return
        workspace = self.open_workspace()
        states = []
        for step in (
            lambda: workspace.add("a", POINTS),
            lambda: workspace.rename("a", "b"),
            lambda: workspace.add("b", np.ones(3), overwrite=True),
            lambda: workspace.remove("b"),
            lambda: workspace.add("b", pixels()),
        ):
            states.append(self.state_of(workspace))
            step()
        for state in reversed(states):
            workspace.undo()
            found = self.state_of(workspace)
            # The first group of a panel stays in DataLab.
            assert found[0] == state[0]
        with pytest.raises(NothingToUndoError, match="no change that can be undone"):
            workspace.undo()

    def test_what_fails_or_changes_nothing_cannot_be_undone(
        self, capabilities: Capabilities
    ) -> None:
        """Undo takes back the last call that has changed something."""
        if not capabilities.undo:
            return
        workspace = self.with_three()
        workspace.rename("a", "z")
        workspace.add("z", POINTS)
        workspace.list()
        with pytest.raises(ObjectNotFoundError):
            workspace.remove("nothing")
        workspace.undo()
        assert workspace.list() == ["a", "b", "c"]

    def test_undo_makes_one_event(self, capabilities: Capabilities) -> None:
        """It is the inverse of the event of the change."""
        if not capabilities.undo:
            return
        workspace = self.with_three()
        workspace.rename("a", "z")
        events: list[ChangeEvent] = []
        with workspace.on_change(events.append):
            workspace.undo()
        assert [(e.kind, e.names_before, e.names_after) for e in events] == [
            ("renamed", ("z",), ("a",))
        ]

    def test_a_load_is_undone(self, capabilities: Capabilities, tmp_path: Path) -> None:
        """All of its objects are gone again."""
        if not capabilities.undo:
            return
        path = self.with_three().save(tmp_path / "three.h5")
        workspace = self.open_workspace()
        workspace.load(path)
        workspace.undo()
        assert workspace.list() == []

    def test_a_change_of_others_prevents_undo(self, capabilities: Capabilities) -> None:
        """Nothing is undone then."""
        if not capabilities.undo or not capabilities.shared:
            return
        workspace = self.with_three()
        workspace.edit("a", xlabel="time")
        self.retitle(workspace, "a", "theirs")
        with pytest.raises(ConcurrentChangeError, match="has changed since"):
            workspace.undo()
        assert workspace.get("theirs").xlabel == "time"

    def test_objects_move_between_groups(self, capabilities: Capabilities) -> None:
        """Each goes to the end of the group of its panel, which may be new."""
        if not capabilities.edits_groups:
            with pytest.raises(NotImplementedError):
                self.with_a_signal().move("a", "other")
            return
        workspace = self.with_three()
        workspace.move(["a", "c"], "other")
        workspace.move("b", "other")
        assert [g for g in workspace.groups() if g.names] == [
            GroupInfo("signal", "other", ("a", "b")),
            GroupInfo("image", "other", ("c",)),
        ]
        with pytest.raises(ObjectNotFoundError, match="'nothing'"):
            workspace.move(["a", "nothing"], "raw")
        assert workspace.list(group="raw") == []

    def test_groups_are_renamed(self, capabilities: Capabilities) -> None:
        """A title that another group has, or that both panels have, is refused."""
        if not capabilities.edits_groups:
            workspace = self.with_a_signal()
            with pytest.raises(NotImplementedError):
                workspace.rename_group("", "other")
            return
        workspace = self.with_three()
        with pytest.raises(ValueError, match="both panels have a group 'raw'"):
            workspace.rename_group("raw", "new")
        workspace.rename_group("raw", "new", kind="image")
        assert workspace.list(group="new") == ["c"]
        workspace.move("a", "first")
        with pytest.raises(ValueError, match="already has a group 'first'"):
            workspace.rename_group("raw", "first")
        with pytest.raises(KeyError, match="no group 'nothing'"):
            workspace.rename_group("nothing", "new")

    def with_a_signal(self) -> Workspace:
        """Return a workspace with a signal."""
        workspace = self.open_workspace()
        workspace.add("a", POINTS)
        return workspace
